using System.Globalization;
using System.Text;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// Text in Unicode form C that remembers where it came from. Normalised stretch by stretch, from one character that begins anew to the next,
/// so that an unchanged stretch keeps exact offsets; inside a changed one a character has the range of the first original that went into it.
/// </summary>
internal sealed class NormalizedText
{
    private const char Refused = '\uFFFE';
    private readonly int[] _starts; // per UTF-16 unit of Text
    private readonly int[] _ends;

    private NormalizedText(string text, int[] starts, int[] ends) => (Text, _starts, _ends) = (text, starts, ends);

    public string Text { get; }

    /// <summary>Null when the text is in form C already. Lone surrogates, which no encoding can hold, count as U+FFFD.</summary>
    public static NormalizedText? FormC(ReadOnlySpan<char> source)
    {
        if (Ascii.IsValid(source)) return null;
        var original = Normalizable(source);
        if (original.IsNormalized(NormalizationForm.FormC)) return null;

        var text = new StringBuilder(original.Length);
        var starts = new List<int>(original.Length);
        var ends = new List<int>(original.Length);
        for (var at = 0; at < original.Length;)
        {
            var end = StretchEnd(original, at);
            var stretch = original[at..end];
            var normal = stretch.Normalize(NormalizationForm.FormC);
            if (source[at] == Refused) normal = Refused + normal[1..];
            text.Append(normal);
            var sources = Decomposed(stretch);
            for (var (i, used) = (0, 0); i < normal.Length;)
            {
                Rune.DecodeFromUtf16(normal.AsSpan(i), out _, out var units);
                var (from, to) = sources[Math.Min(used, sources.Count - 1)];
                used += Decomposed(normal.Substring(i, units)).Count;
                for (var unit = 0; unit < units; unit++, i++)
                {
                    starts.Add(at + from);
                    ends.Add(at + to);
                }
            }
            at = end;
        }
        return new NormalizedText(text.ToString(), [.. starts], [.. ends]);
    }

    /// <summary>The original range of a range of <see cref="Text"/>.</summary>
    public (int Start, int End) Original(int start, int end) =>
        end > start ? (_starts[start], _ends[end - 1]) : start < _starts.Length ? (_starts[start], _starts[start]) : (_ends[^1], _ends[^1]);

    /// <summary>For every character of the decomposed text the range of the character that it came from; marks that change places are not followed, as in the reference.</summary>
    private static List<(int From, int To)> Decomposed(string stretch)
    {
        var sources = new List<(int, int)>();
        for (var at = 0; at < stretch.Length;)
        {
            Rune.DecodeFromUtf16(stretch.AsSpan(at), out var rune, out var units);
            var parts = rune.Value == Refused ? 1 : rune.ToString().Normalize(NormalizationForm.FormD).EnumerateRunes().Count();
            for (; parts > 0; parts--) sources.Add((at, at + units));
            at += units;
        }
        return sources;
    }

    private static int StretchEnd(string text, int start)
    {
        Rune.DecodeFromUtf16(text.AsSpan(start), out _, out var units);
        var end = start + units;
        while (end < text.Length && Rune.DecodeFromUtf16(text.AsSpan(end), out var rune, out units) == System.Buffers.OperationStatus.Done && JoinsPrevious(rune))
            end += units;
        return end;
    }

    /// <summary>Marks, and the vowels and final consonants of decomposed Hangul.</summary>
    private static bool JoinsPrevious(Rune rune) => rune.Value is >= 0x1160 and <= 0x11FF
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    /// <summary>string.Normalize throws on lone surrogates and on U+FFFE; U+FFFD in their place takes no part in composition.</summary>
    private static string Normalizable(ReadOnlySpan<char> source)
    {
        var units = source.ToArray();
        for (var i = 0; i < units.Length; i++)
        {
            if (units[i] == Refused) units[i] = '\uFFFD';
            if (!char.IsSurrogate(units[i])) continue;
            if (char.IsHighSurrogate(units[i]) && i + 1 < units.Length && char.IsLowSurrogate(units[i + 1])) i++;
            else units[i] = '\uFFFD';
        }
        return new string(units);
    }
}
