using System.Text;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>
/// Text that knows which of its UTF-16 units the template wrote (trusted) and which came with the chat. Slicing, joining and every other
/// operation carry that along; where one cannot, its result is untrusted. Lengths and indices that templates see count code points.
/// </summary>
internal sealed partial class TextValue : Value
{
    private static readonly int[] Nowhere = [];
    private readonly bool _hasSurrogates;

    /// <param name="text">The text.</param>
    /// <param name="marks">Trusted ranges as start, end, start, end, ..., ascending and apart.</param>
    public TextValue(string text, int[] marks)
    {
        Text = text;
        Marks = marks;
        _hasSurrogates = text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF');
    }

    public static TextValue Empty { get; } = new("", Nowhere);

    public string Text { get; }

    public int[] Marks { get; }

    public override string TypeName => "str";

    public override bool IsTrue => Text.Length > 0;

    public override int? Length => _hasSurrogates ? Text.EnumerateRunes().Count() : Text.Length;

    public bool IsTrusted => Text.Length == 0 || (Marks.Length == 2 && Marks[0] == 0 && Marks[1] == Text.Length);

    public override IEnumerable<Value> Items
    {
        get
        {
            for (var at = 0; at < Text.Length;)
            {
                Rune.DecodeFromUtf16(Text.AsSpan(at), out _, out var units);
                yield return Slice(at, units);
                at += units;
            }
        }
    }

    /// <summary>Text from outside: nothing of it is trusted.</summary>
    public static TextValue Untrusted(string text) => new(text, Nowhere);

    /// <summary>Text that the template wrote.</summary>
    public static TextValue Trusted(string text) => text.Length == 0 ? Empty : new(text, [0, text.Length]);

    /// <summary>Other text in the place of this one, trusted only where all of this one is.</summary>
    public TextValue With(string text) => IsTrusted ? Trusted(text) : Untrusted(text);

    /// <summary>A part, in UTF-16 units.</summary>
    public TextValue Slice(int start, int length)
    {
        if (start == 0 && length == Text.Length) return this;
        if (length <= 0) return Empty;
        var part = Text.Substring(start, length);
        if (Marks.Length == 0) return Untrusted(part);
        if (IsTrusted) return Trusted(part);
        var marks = new List<int>();
        for (var i = 0; i < Marks.Length; i += 2)
        {
            var (from, to) = (Math.Max(Marks[i] - start, 0), Math.Min(Marks[i + 1] - start, length));
            if (from < to) marks.AddRange([from, to]);
        }
        return new TextValue(part, [.. marks]);
    }

    /// <summary>The UTF-16 place of a code point that is there.</summary>
    public int UnitOf(int codePoint)
    {
        if (!_hasSurrogates) return codePoint;
        var at = 0;
        for (; codePoint > 0; codePoint--)
        {
            Rune.DecodeFromUtf16(Text.AsSpan(at), out _, out var units);
            at += units;
        }
        return at;
    }

    /// <summary>How many code points stand before a UTF-16 place.</summary>
    public int CodePointOf(int unit) => _hasSurrogates ? Text[..unit].EnumerateRunes().Count() : unit;

    public override Value? Item(Value key, Evaluation evaluation)
    {
        if (key is not IntegerValue index || Length is not { } length || Indices.Resolve(index, length) is not { } place) return null;
        var start = UnitOf(place);
        return Slice(start, UnitOf(place + 1) - start);
    }

    public override Value? Attribute(string name, Evaluation evaluation) => TextMethods.Find(this, name);

    public override TextValue ToText(Evaluation evaluation) => this;

    public override string ToString() => Text;
}
