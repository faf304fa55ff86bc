using System.Globalization;
using System.Text;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>Finds added tokens in text: the leftmost, and of those the longest; wholly inside one trusted range, unless it is text.</summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<char, AddedToken[]> _byFirstCharacter;
    private readonly Dictionary<string, int> _ids;
    private readonly HashSet<int> _control;
    private readonly bool _hasText;

    public AddedTokens(IReadOnlyList<AddedToken> tokens)
    {
        _byFirstCharacter = tokens.GroupBy(token => token.Content[0]).ToDictionary(group => group.Key, group => group.OrderByDescending(token => token.Content.Length).ToArray());
        _ids = new(StringComparer.Ordinal);
        foreach (var token in tokens) _ids.TryAdd(token.Content, token.Id);
        _control = [.. tokens.Where(token => token.IsControl).Select(token => token.Id)];
        _hasText = tokens.Any(token => token.IsText);
    }

    public int? IdOf(string content) => _ids.TryGetValue(content, out var id) ? id : null;

    public bool IsControl(int id) => _control.Contains(id);

    /// <summary>Encodes a text: these tokens, and between them what <paramref name="encodePlain"/> makes of the rest (text, start, end, where to add).</summary>
    public List<Token> Around(string text, IReadOnlyList<Range> trusted, Action<string, int, int, List<Token>> encodePlain)
    {
        var tokens = new List<Token>(text.Length / 3 + 4);
        var done = 0;
        foreach (var control in Find(text, trusted))
        {
            if (control.Start > done) encodePlain(text, done, control.Start, tokens);
            tokens.Add(control);
            done = control.End;
        }

        if (done < text.Length) encodePlain(text, done, text.Length, tokens);
        return tokens;
    }

    /// <summary>The tokens in order, with the UTF-16 range each one takes, stripped white space included.</summary>
    private IEnumerable<Token> Find(string text, IReadOnlyList<Range> trusted)
    {
        var taken = 0;
        var next = 0;
        for (var at = 0; at < text.Length; at++)
        {
            while (next < trusted.Count && trusted[next].End.GetOffset(text.Length) <= at) next++;
            var isTrusted = next < trusted.Count && trusted[next].Start.GetOffset(text.Length) <= at;
            if (!isTrusted && !_hasText)
            {
                if (next == trusted.Count) yield break;
                at = trusted[next].Start.GetOffset(text.Length) - 1;
                continue;
            }
            if (Match(text, at, isTrusted ? trusted[next].End.GetOffset(text.Length) : at) is not { } token) continue;
            var (from, to) = (at, at + token.Content.Length);
            if (token.StripsLeft) while (from > taken && char.IsWhiteSpace(text[from - 1])) from--;
            if (token.StripsRight) while (to < text.Length && char.IsWhiteSpace(text[to])) to++;
            yield return new Token(token.Id, from, to);
            taken = to;
            at = to - 1;
        }
    }

    private AddedToken? Match(string text, int at, int trustedEnd)
    {
        if (!_byFirstCharacter.TryGetValue(text[at], out var candidates)) return null;
        foreach (var candidate in candidates)
            if (candidate.Content.Length <= (candidate.IsText ? text.Length : trustedEnd) - at && text.AsSpan(at).StartsWith(candidate.Content, StringComparison.Ordinal)
                && (!candidate.IsSingleWord || StandsAlone(text, at, at + candidate.Content.Length)))
                return candidate;
        return null;
    }

    private static bool StandsAlone(string text, int start, int end)
    {
        Rune.DecodeLastFromUtf16(text.AsSpan(0, start), out var before, out _);
        Rune.DecodeFromUtf16(text.AsSpan(end), out var after, out _);
        return (start == 0 || !IsWord(before)) && (end == text.Length || !IsWord(after));
    }

    private static bool IsWord(Rune rune) => Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
