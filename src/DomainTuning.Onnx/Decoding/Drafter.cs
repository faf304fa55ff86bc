namespace DomainTuning.Onnx.Decoding;

/// <summary>
/// Drafts for one answer: finds them (<see cref="PromptLookup"/>), keeps account of how often they come true, and says how many tokens are worth
/// checking. It learns from tokens written without a draft too, so it neither has to try in vain nor stays off for ever. Not thread-safe.
/// </summary>
internal sealed class Drafter
{
    /// <summary>Most tokens of a draft: with more, one wrong guess wastes too much.</summary>
    public const int Most = 15;

    /// <summary>A draft must promise so much; estimates err.</summary>
    private const double Margin = 1.1;

    private const double Memory = 0.85; // of earlier outcomes, a step

    private static readonly int[] Lengths = [1, 3, 7, Most];

    // By length of the match: 2, 3-4, 5-8, 9 and more. Guesses before the first outcome, worth two tokens: a pair alone is not tried before pairs came true,
    // which is seen without a draft too; so answers that do not quote lose nothing to first attempts.
    private static readonly double[] Guesses = [0.15, 0.4, 0.7, 0.85];

    private readonly PromptLookup lookup = new();
    private readonly double[] hits = new double[Guesses.Length], misses = new double[Guesses.Length];
    private Continuation? found;
    private int expected = -1;

    /// <summary>Tokens that were proposed and checked.</summary>
    public int Drafted { get; private set; }

    /// <summary>Those of them that came true.</summary>
    public int Accepted { get; private set; }

    /// <summary>Looks for a continuation of the text.</summary>
    public void Look(ReadOnlySpan<int> text)
    {
        found = lookup.Find(text);
        expected = found is { } continuation ? text[continuation.Start] : -1;
    }

    /// <summary>The length of draft that gives the most tokens for its cost; 0 for none.</summary>
    /// <param name="length">Of the text that was looked at.</param>
    /// <param name="most">Tokens that there is room for.</param>
    public int BestLength(RunCosts costs, int length, int most)
    {
        if (found is not { } continuation || !costs.Known) return 0;
        most = Math.Min(most, length - continuation.Start);
        var (best, rate) = (0, Margin);
        foreach (var count in Lengths)
        {
            if (count > most) break;
            if (Yield(count) / costs.OfSteps(count + 1) is var promised && promised > rate) (best, rate) = (count, promised);
        }

        return best;
    }

    /// <summary>Tokens to be expected from a run that checks so many.</summary>
    public double Yield(int draft)
    {
        if (draft == 0 || found is not { } continuation) return 1;
        var kind = Kind(continuation);
        var p = (2 * Guesses[kind] + hits[kind]) / (2 + hits[kind] + misses[kind]);
        return (1 - Math.Pow(p, draft + 1)) / (1 - p); // 1 + p + p² + ...
    }

    public int[] Draft(ReadOnlySpan<int> text, int length) => text.Slice(found!.Value.Start, length).ToArray();

    /// <summary>Notes what became of a draft.</summary>
    public void Checked(int drafted, int accepted, bool refuted)
    {
        Drafted += drafted;
        Accepted += accepted;
        Learn(accepted, refuted ? 1 : 0);
    }

    /// <summary>Notes a token that was written without a draft.</summary>
    public void Saw(int token)
    {
        if (found is not null) Learn(token == expected ? 1 : 0, token == expected ? 0 : 1);
    }

    private static int Kind(Continuation continuation) => continuation.Matched switch { 2 => 0, <= 4 => 1, <= 8 => 2, _ => 3 };

    private void Learn(int hit, int miss)
    {
        var kind = Kind(found!.Value);
        hits[kind] = Memory * hits[kind] + hit;
        misses[kind] = Memory * misses[kind] + miss;
        found = null;
    }
}
