using System.Globalization;

namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>
/// JSON numbers within a range, as an automaton that compares digit by digit with the bounds. Numbers are written out: no "-0", and an exponent
/// only where nothing bounds the number. Their length is bounded, so that no answer can consist of digits alone.
/// </summary>
internal sealed record NumberMachine
{
    /// <summary>Integer digits where a bound does not ask for more: what a 64-bit integer always holds.</summary>
    private const int IntegerDigits = 18;

    /// <summary>Digits before and after the point of other numbers: what a double holds.</summary>
    private const int DoubleDigits = 15;

    public decimal? Minimum { get; init; }

    public decimal? Maximum { get; init; }

    public bool ExcludesMinimum { get; init; }

    public bool ExcludesMaximum { get; init; }

    public bool IsInteger { get; init; }

    /// <summary>Integers only: a multiple of this.</summary>
    public int Multiple { get; init; } = 1;

    /// <summary>At most so many digits after the point.</summary>
    public int FractionDigits { get; init; } = DoubleDigits;

    public ByteMachine Build()
    {
        var positive = new Magnitude(Bound.Above(Minimum, ExcludesMinimum), Maximum is < 0 ? null : Bound.Below(Maximum, ExcludesMaximum), Maximum is not < 0);
        var negative = new Magnitude(
            Bound.Above(-Maximum, ExcludesMaximum) ?? new Bound("0", "", Excluded: true), Bound.Below(-Minimum, ExcludesMinimum), Minimum is not >= 0);
        var integer = IsInteger || FractionDigits == 0 || Multiple > 1;
        var digits = Math.Max(integer ? IntegerDigits : DoubleDigits, new[] { positive, negative }.SelectMany(side => new[] { side.Low, side.High }).Max(bound => bound?.Whole.Length ?? 0));
        var exponents = !integer && Minimum is null && Maximum is null && FractionDigits == DoubleDigits;

        var draft = new MachineDraft();
        var states = new Dictionary<Reading, int>();
        var queue = new Queue<Reading>();
        Visit(new Reading(Part.Start, 0, false, 0, 0, 0));
        while (queue.TryDequeue(out var at))
        {
            var side = at.Negative ? negative : positive;
            switch (at.Part)
            {
                case Part.Start:
                case Part.Minus:
                    if (at.Part == Part.Start && negative.Exists) Go('-', at with { Part = Part.Minus, Negative = true });
                    if (side.Exists) Digits(digit => at with { Part = digit == 0 ? Part.Zero : Part.Whole }, first: true);
                    break;
                case Part.Whole when at.Position < digits:
                    Digits(_ => at, first: false);
                    goto case Part.Zero;
                case Part.Zero:
                case Part.Whole:
                    if (!integer) Go('.', at with { Part = Part.Fraction, Position = 0, Low = Whole(side.Low, at, at.Low), High = Whole(side.High, at, at.High) });
                    if (exponents) Exponent();
                    break;
                case Part.Fraction:
                    if (at.Position < FractionDigits)
                        for (var digit = 0; digit < 10; digit++)
                            Go((char)('0' + digit), at with
                            {
                                Position = at.Position + 1,
                                Low = Compare(at.Low, digit, side.Low?.Fraction, at.Position),
                                High = Compare(at.High, digit, side.High?.Fraction, at.Position),
                            });
                    if (exponents && at.Position > 0) Exponent();
                    break;
                case Part.ExponentMark:
                    foreach (var sign in "+-") Go(sign, at with { Part = Part.ExponentSign });
                    goto case Part.ExponentSign;
                case Part.ExponentSign:
                case Part.Exponent:
                    if (at.Position < 2)
                        for (var digit = '0'; digit <= '9'; digit++) Go(digit, at with { Part = Part.Exponent, Position = at.Position + 1 });
                    break;
            }

            void Go(char value, Reading next)
            {
                var state = states[at];
                draft[state, value] = Visit(next);
            }

            void Exponent()
            {
                foreach (var mark in "eE") Go(mark, at with { Part = Part.ExponentMark, Position = 0 });
            }

            void Digits(Func<int, Reading> follow, bool first)
            {
                for (var digit = 0; digit < 10; digit++)
                    if (!(first && digit == 0 && at.Negative && integer)) // no -0
                        Go((char)('0' + digit), follow(digit) with
                        {
                            Position = at.Position + 1,
                            Low = CompareWhole(at.Low, digit, side.Low, at.Position),
                            High = CompareWhole(at.High, digit, side.High, at.Position),
                            Remainder = (int)((at.Remainder * 10L + digit) % Multiple),
                        });
            }
        }

        return draft.Build();

        int Visit(Reading at)
        {
            if (states.TryGetValue(at, out var known)) return known;
            queue.Enqueue(at);
            return states[at] = draft.Add(IsNumber(at, at.Negative ? negative : positive));
        }
    }

    private static bool IsNumber(Reading at, Magnitude side)
    {
        if (at.Part == Part.Exponent) return true;
        if (at.Part is not (Part.Zero or Part.Whole) && !(at.Part == Part.Fraction && at.Position > 0)) return false;
        if (at.Remainder != 0) return false;
        var low = Final(side.Low, at, at.Low);
        var high = Final(side.High, at, at.High);
        return (side.Low is null || low > 0 || (low == 0 && !side.Low.Excluded)) && (side.High is null || high < 0 || (high == 0 && !side.High.Excluded));
    }

    private static int Final(Bound? bound, Reading at, int compared)
    {
        if (bound is null) return 0;
        var position = at.Part == Part.Fraction ? at.Position : 0;
        if (at.Part != Part.Fraction) compared = Whole(bound, at, compared);
        return compared == 0 && position < bound.Fraction.Length ? -1 : compared; // the bound's last digit is not 0
    }

    /// <summary>The whole part against the bound's, now that its length is known.</summary>
    private static int Whole(Bound? bound, Reading at, int compared) =>
        bound is null ? 0 : at.Position != bound.Whole.Length ? at.Position.CompareTo(bound.Whole.Length) : compared;

    private static int CompareWhole(int compared, int digit, Bound? bound, int position) =>
        bound is null || compared != 0 || position >= bound.Whole.Length ? compared : digit.CompareTo(bound.Whole[position] - '0');

    private static int Compare(int compared, int digit, string? fraction, int position) =>
        fraction is null || compared != 0 ? compared : digit.CompareTo(position < fraction.Length ? fraction[position] - '0' : 0);

    private enum Part
    {
        Start,
        Minus,
        Zero,
        Whole,
        Fraction,
        ExponentMark,
        ExponentSign,
        Exponent,
    }

    /// <summary>What of a number was read, and how it compares with the bounds so far.</summary>
    private sealed record Reading(Part Part, int Position, bool Negative, int Low, int High, int Remainder);

    /// <summary>The numbers of one sign, by their distance from 0.</summary>
    private sealed record Magnitude(Bound? Low, Bound? High, bool Exists);

    private sealed record Bound(string Whole, string Fraction, bool Excluded)
    {
        /// <summary>A lower bound of a magnitude; 0 bounds nothing unless it is itself excluded.</summary>
        public static Bound? Above(decimal? value, bool excluded) => value is { } bound && (bound > 0 || (bound == 0 && excluded)) ? Of(bound, excluded) : null;

        public static Bound? Below(decimal? value, bool excluded) => value is >= 0 and var bound ? Of(bound, excluded) : null;

        private static Bound Of(decimal value, bool excluded)
        {
            var parts = value.ToString("0.############################", CultureInfo.InvariantCulture).Split('.');
            return new Bound(parts[0], parts.Length > 1 ? parts[1] : "", excluded);
        }
    }
}
