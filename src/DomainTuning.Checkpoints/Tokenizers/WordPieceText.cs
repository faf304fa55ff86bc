using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// BERT's normaliser: which characters vanish, which are white space, which stand alone, and what the others become (accents stripped,
/// lower case). Works on code points, so characters above U+FFFF count as one. Rules: BertNormalizer and BertPreTokenizer of Hugging Face's
/// tokenizers; its Unicode tables are older than .NET's, which matters for a few hundred rare characters only.
/// </summary>
internal sealed class WordPieceText
{
    internal enum Kind : byte
    {
        Drop,
        Space,
        Alone,
        Word,
    }

    private static readonly Kind[] KindsWithoutIdeographs = BuildKinds();
    private readonly Kind[] kinds;
    private readonly bool isolateIdeographs, stripAccents, lowerCase, plain;

    /// <summary>What each BMP character becomes, filled as characters are met; a race writes the same text twice.</summary>
    private readonly string?[] folded = new string?[0x10000];

    internal WordPieceText(bool isolateIdeographs, bool stripAccents, bool lowerCase)
    {
        (this.isolateIdeographs, this.stripAccents, this.lowerCase) = (isolateIdeographs, stripAccents, lowerCase);
        LowerAscii = string.Create(128, lowerCase, (span, lower) =>
        {
            for (var c = 0; c < span.Length; c++) span[c] = lower ? char.ToLowerInvariant((char)c) : (char)c;
        });
        plain = !stripAccents && !lowerCase;
        kinds = [.. KindsWithoutIdeographs];
        for (var c = 0; isolateIdeographs && c < kinds.Length; c++)
            if (IsIdeograph(c)) kinds[c] = Kind.Alone;
    }

    /// <summary>What ASCII letters and digits become.</summary>
    internal string LowerAscii { get; }

    internal static WordPieceText Read(JsonElement normalizer, string file)
    {
        if (EncoderTokenizerFile.Type(normalizer) != "BertNormalizer")
            throw EncoderTokenizerFile.Unknown(file, "normalizer", EncoderTokenizerFile.Type(normalizer));
        EncoderTokenizerFile.OnlyKeys(normalizer, file, "normalizer", "clean_text", "handle_chinese_chars", "strip_accents", "lowercase");
        if (!normalizer.GetProperty("clean_text").GetBoolean()) throw EncoderTokenizerFile.Unknown(file, "normalizer.clean_text", "false");
        var lower = normalizer.GetProperty("lowercase").GetBoolean();
        var strip = normalizer.TryGetProperty("strip_accents", out var value) && value.ValueKind != JsonValueKind.Null ? value.GetBoolean() : lower;
        return new WordPieceText(normalizer.GetProperty("handle_chinese_chars").GetBoolean(), strip, lower);
    }

    /// <summary>What happens to the character as it stands in the text.</summary>
    internal Kind KindOf(Rune rune) => rune.IsBmp ? kinds[rune.Value]
        : isolateIdeographs && IsIdeograph(rune.Value) ? Kind.Alone
        : KindOf(rune.Value, Rune.GetUnicodeCategory(rune));

    /// <summary>What the character becomes; more than one character for Hangul and some letters, none for accents.</summary>
    internal string Fold(Rune rune)
    {
        if (!rune.IsBmp) return FoldAnew(rune);
        return folded[rune.Value] ??= FoldAnew(rune);
    }

    private string FoldAnew(Rune rune)
    {
        var text = rune.ToString();
        if (plain) return text;
        // An unassigned code point decomposes into nothing, and string.Normalize refuses some of them.
        if (stripAccents && Rune.GetUnicodeCategory(rune) != UnicodeCategory.OtherNotAssigned) text = text.Normalize(NormalizationForm.FormD);
        var result = new StringBuilder();
        foreach (var part in text.EnumerateRunes())
            if (!stripAccents || Rune.GetUnicodeCategory(part) != UnicodeCategory.NonSpacingMark)
                result.Append(lowerCase ? Lower(part) : part.ToString());
        return result.ToString();
    }

    /// <summary>One character alone, so no final sigma. .NET's invariant casing leaves these two as they are.</summary>
    private static string Lower(Rune rune) => rune.Value switch
    {
        0x130 => "i\u0307",
        0x212A => "k",
        _ => Rune.ToLowerInvariant(rune).ToString(),
    };

    private static Kind[] BuildKinds()
    {
        var kinds = new Kind[0x10000];
        for (var c = 0; c < kinds.Length; c++) kinds[c] = KindOf(c, CharUnicodeInfo.GetUnicodeCategory(c));
        return kinds;
    }

    private static Kind KindOf(int c, UnicodeCategory category) => c switch
    {
        '\t' or '\n' or '\r' => Kind.Space,
        0 or 0xFFFD => Kind.Drop,
        (>= 33 and <= 47) or (>= 58 and <= 64) or (>= 91 and <= 96) or (>= 123 and <= 126) => Kind.Alone,
        _ => category switch
        {
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate => Kind.Drop,
            UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => Kind.Space,
            UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
                or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation
                or UnicodeCategory.OtherPunctuation => Kind.Alone,
            _ => Kind.Word,
        },
    };

    /// <summary>The reference's table, in which 2B820-2B91F is missing.</summary>
    internal static bool IsIdeograph(int c) =>
        c is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0xF900 and <= 0xFAFF)
            or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF)
            or (>= 0x2F800 and <= 0x2FA1F);
}
