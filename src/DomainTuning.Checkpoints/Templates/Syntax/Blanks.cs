namespace DomainTuning.Checkpoints.Templates;

/// <summary>White space by the reference's rule, which counts U+001C to U+001F and char.IsWhiteSpace does not.</summary>
internal static class Blanks
{
    public static readonly char[] Characters = [.. Enumerable.Range(0, 0x3001).Select(value => (char)value).Where(Is)];

    public static bool Is(char character) => char.IsWhiteSpace(character) || character is >= '\u001C' and <= '\u001F';

    public static bool Only(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
            if (!Is(character)) return false;
        return true;
    }
}
