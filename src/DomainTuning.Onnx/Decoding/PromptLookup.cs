namespace DomainTuning.Onnx.Decoding;

/// <summary>A proposal: how many of the last tokens stood in the same order before, and where what followed them begins.</summary>
internal readonly record struct Continuation(int Matched, int Start);

/// <summary>
/// Proposes what follows a text from the text itself: where its last tokens stood before, the tokens behind them (prompt-lookup decoding, Saxena 2023,
/// https://github.com/apoorvumang/prompt-lookup-decoding). The longest match wins, the latest of equals. Not thread-safe.
/// </summary>
internal sealed class PromptLookup
{
    /// <summary>Fewest tokens that must match. One is chance.</summary>
    public const int Shortest = 2;

    /// <summary>A longer match says nothing more.</summary>
    public const int Longest = 16;

    /// <summary>Places looked at, latest first: bounds the time in text that repeats one pair of tokens.</summary>
    private const int MostPlaces = 64;

    private readonly Dictionary<(int, int), int> latest = []; // position behind a pair of tokens
    private readonly List<int> earlier = [-1, -1]; // the position behind the same pair before it, or -1; by position
    private int indexed;

    /// <summary>What may follow the text, or null. The text may only have grown since the last call.</summary>
    public Continuation? Find(ReadOnlySpan<int> text)
    {
        Index(text);
        if (text.Length <= Shortest || !latest.TryGetValue((text[^2], text[^1]), out var position)) return null;
        Continuation? best = null;
        for (var places = 0; position >= 0 && places < MostPlaces; places++, position = earlier[position])
        {
            var matched = Shortest;
            while (matched < Longest && matched < position && text[position - 1 - matched] == text[^(matched + 1)]) matched++;
            if (matched > (best?.Matched ?? 0)) best = new Continuation(matched, position);
            if (matched == Longest) break;
        }

        return best;
    }

    /// <summary>Notes all pairs that something follows.</summary>
    private void Index(ReadOnlySpan<int> text)
    {
        for (var position = Math.Max(indexed + 1, Shortest); position < text.Length; position++)
        {
            var pair = (text[position - 2], text[position - 1]);
            earlier.Add(latest.TryGetValue(pair, out var before) ? before : -1);
            latest[pair] = position;
            indexed = position;
        }
    }
}
