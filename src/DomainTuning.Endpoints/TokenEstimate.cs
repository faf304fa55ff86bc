using System.Text;

namespace DomainTuning.Endpoints;

/// <summary>
/// Tokens of a text when the tokenizer is out of reach. It errs on the high side, so that what is cut by it fits: a token for each three letters of a
/// word begun, for each digit, each other sign, and each character above U+024F (other scripts).
/// </summary>
internal static class TokenEstimate
{
    private const int LettersPerToken = 3;
    private const int LastLatin = 0x24F;

    public static int Of(string text)
    {
        var (tokens, letters) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsLetter(rune) && rune.Value <= LastLatin)
            {
                if (letters++ % LettersPerToken == 0) tokens++;
                continue;
            }

            letters = 0;
            if (!Rune.IsWhiteSpace(rune)) tokens++;
        }

        return tokens;
    }

    /// <summary>The longest beginning of the text that has at most so many tokens.</summary>
    public static string Cut(string text, int tokens)
    {
        if (Of(text) <= tokens) return text;
        var (fits, tooLong) = (0, text.Length);
        while (tooLong - fits > 1)
        {
            var middle = (fits + tooLong) / 2;
            if (Of(text[..middle]) <= tokens) fits = middle;
            else tooLong = middle;
        }

        return text[..(fits > 0 && char.IsHighSurrogate(text[fits - 1]) ? fits - 1 : fits)];
    }
}
