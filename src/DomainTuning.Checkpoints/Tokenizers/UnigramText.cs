using System.Globalization;
using System.Text;
using System.Text.Json;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// What a SentencePiece-style tokenizer.json does to text before the model sees it: replacements by the charsmap, stripping and joining of
/// spaces, splitting at white space, "▁" before every word. Offsets follow each character.
/// </summary>
internal sealed class UnigramText
{
    internal const char Mark = '▁';

    private enum Step
    {
        Charsmap,
        StripLeft,
        StripRight,

        /// <summary>Runs of two or more spaces become one "▁".</summary>
        JoinSpaces,
    }

    private enum Prepend
    {
        Always,
        First,
        Never,
    }

    private readonly List<Step> steps = [];
    private readonly string?[] single = new string?[0x10000];
    private readonly string file;
    private UnigramCharsmap? charsmap;
    private bool splitsAtWhiteSpace, marks, splitsAtMarks;
    private Prepend prepend = Prepend.Never;

    private UnigramText(string file) => this.file = file;

    internal static UnigramText Read(JsonElement root, string file)
    {
        var text = new UnigramText(file);
        text.ReadNormalizer(EncoderTokenizerFile.Part(root, "normalizer"));
        text.ReadPreTokenizer(EncoderTokenizerFile.Part(root, "pre_tokenizer"));
        return text;
    }

    private void ReadNormalizer(JsonElement normalizer)
    {
        var type = EncoderTokenizerFile.Type(normalizer);
        switch (type)
        {
            case "null":
                return;
            case "Sequence":
                foreach (var part in normalizer.GetProperty("normalizers").EnumerateArray()) ReadNormalizer(part);
                return;
            case "Precompiled":
                charsmap = new UnigramCharsmap(normalizer.GetProperty("precompiled_charsmap").GetBytesFromBase64(), file);
                steps.Add(Step.Charsmap);
                return;
            case "Strip":
                if (normalizer.GetProperty("strip_left").GetBoolean()) steps.Add(Step.StripLeft);
                if (normalizer.GetProperty("strip_right").GetBoolean()) steps.Add(Step.StripRight);
                return;
            case "Replace" when normalizer.GetProperty("pattern").TryGetProperty("Regex", out var regex) && regex.GetString() == " {2,}"
                && normalizer.GetProperty("content").GetString() == "▁":
                steps.Add(Step.JoinSpaces);
                return;
            default:
                throw EncoderTokenizerFile.Unknown(file, "normalizer", type == "Replace" ? normalizer.ToString() : type);
        }
    }

    private void ReadPreTokenizer(JsonElement pre)
    {
        var type = EncoderTokenizerFile.Type(pre);
        switch (type)
        {
            case "Sequence":
                foreach (var part in pre.GetProperty("pretokenizers").EnumerateArray()) ReadPreTokenizer(part);
                return;
            case "WhitespaceSplit" when !marks:
                splitsAtWhiteSpace = true;
                return;
            case "Metaspace":
                EncoderTokenizerFile.OnlyKeys(pre, file, "pre_tokenizer", "replacement", "prepend_scheme", "add_prefix_space", "split", "str_rep");
                if (pre.GetProperty("replacement").GetString() != "▁") throw EncoderTokenizerFile.Unknown(file, "pre_tokenizer.replacement", pre.GetProperty("replacement").ToString());
                marks = true;
                splitsAtMarks = !pre.TryGetProperty("split", out var split) || split.GetBoolean();
                prepend = pre.TryGetProperty("prepend_scheme", out var scheme)
                    ? scheme.GetString() switch
                    {
                        "always" => Prepend.Always,
                        "first" => Prepend.First,
                        "never" => Prepend.Never,
                        var other => throw EncoderTokenizerFile.Unknown(file, "pre_tokenizer.prepend_scheme", other ?? "null"),
                    }
                    : !pre.TryGetProperty("add_prefix_space", out var add) || add.GetBoolean() ? Prepend.Always : Prepend.Never;
                return;
            default:
                throw EncoderTokenizerFile.Unknown(file, "pre_tokenizer", type);
        }
    }

    /// <summary>Calls <paramref name="word"/> for each piece of source[start..end] that the model splits on its own. The piece's buffer is used again.</summary>
    internal void Words(string source, int start, int end, Action<OffsetText> word)
    {
        var text = new OffsetText();
        if (steps.Contains(Step.Charsmap)) MapCharacters(source, start, end, text);
        else
            for (var i = start; i < end; i++) text.Add(source[i], i, i + 1);
        foreach (var step in steps) text = Apply(step, text);

        var piece = new OffsetText();
        for (var i = 0; i < text.Length;)
        {
            var to = i;
            if (splitsAtWhiteSpace)
            {
                while (i < text.Length && char.IsWhiteSpace(text.Chars[i])) i++;
                to = i;
                while (to < text.Length && !char.IsWhiteSpace(text.Chars[to])) to++;
                if (i == to) break;
            }
            else to = text.Length;

            MarkWord(text, i, to, piece, word);
            i = to;
        }
    }

    /// <summary>Spaces to "▁", one "▁" before the word, a cut before each "▁".</summary>
    private void MarkWord(OffsetText text, int from, int to, OffsetText piece, Action<OffsetText> word)
    {
        var chars = text.Chars;
        piece.Clear();
        var needsMark = marks && chars[from] is not (Mark or ' ')
            && (prepend == Prepend.Always || prepend == Prepend.First && text.Start(from) == 0);
        if (needsMark) piece.Add(Mark, text.Start(from), text.End(from));
        for (var i = from; i < to; i++)
        {
            var c = marks && chars[i] == ' ' ? Mark : chars[i];
            if (c == Mark && splitsAtMarks && piece.Length > 0)
            {
                word(piece);
                piece.Clear();
            }

            piece.Add(c, text.Start(i), text.End(i));
        }

        if (piece.Length > 0) word(piece);
    }

    private static OffsetText Apply(Step step, OffsetText text)
    {
        var (from, to) = (0, text.Length);
        switch (step)
        {
            case Step.StripLeft:
                while (from < to && char.IsWhiteSpace(text.Chars[from])) from++;
                return text.Slice(from, to);
            case Step.StripRight:
                while (to > from && char.IsWhiteSpace(text.Chars[to - 1])) to--;
                return text.Slice(from, to);
            case Step.JoinSpaces:
                if (text.Chars.IndexOf("  ") < 0) return text;
                var joined = new OffsetText();
                for (var i = 0; i < text.Length; i++)
                {
                    var run = i;
                    while (run < text.Length && text.Chars[run] == ' ') run++;
                    if (run - i >= 2)
                    {
                        joined.Add(Mark, text.Start(run - 1), text.End(run - 1));
                        i = run - 1;
                    }
                    else joined.Add(text.Chars[i], text.Start(i), text.End(i));
                }

                return joined;
            default:
                return text;
        }
    }

    private void MapCharacters(string source, int start, int end, OffsetText text)
    {
        for (var i = start; i < end;)
        {
            if (StandsAlone(source[i]) && (i + 1 == end || StandsAlone(source[i + 1])))
            {
                MapSingle(source, i, text);
                i++;
                continue;
            }

            // A grapheme cluster of few bytes is looked up as a whole, as the reference does; longer ones by code point.
            var cluster = StringInfo.GetNextTextElementLength(source.AsSpan(i, end - i));
            var span = source.AsSpan(i, cluster);
            if (Encoding.UTF8.GetByteCount(span) < 6 && charsmap!.Replacement(span) is { } whole) Replace(source, i, i + cluster, whole, text);
            else
                for (var k = i; k < i + cluster;)
                {
                    Rune.DecodeFromUtf16(source.AsSpan(k, i + cluster - k), out var rune, out var length);
                    if (charsmap!.Replacement(length == 1 && rune.Value == 0xFFFD ? "\uFFFD" : source.AsSpan(k, length)) is { } replacement)
                        Replace(source, k, k + length, replacement, text);
                    else text.Add(rune, k, k + length);
                    k += length;
                }

            i += cluster;
        }
    }

    private void MapSingle(string source, int i, OffsetText text)
    {
        var mapped = single[source[i]] ??= charsmap!.Replacement(source.AsSpan(i, 1)) ?? source[i].ToString();
        if (mapped.Length == 1) text.Add(mapped[0], i, i + 1);
        else Replace(source, i, i + 1, mapped, text);
    }

    /// <summary>The k-th new character stands for the k-th old one; those beyond the last old one stand for it too.</summary>
    private static void Replace(string source, int from, int to, string replacement, OffsetText text)
    {
        var (start, end) = (from, from);
        foreach (var rune in replacement.EnumerateRunes())
        {
            if (end < to)
            {
                start = end;
                end += char.IsHighSurrogate(source[start]) && start + 1 < to ? 2 : 1;
            }

            text.Add(rune, start, end);
        }
    }

    /// <summary>Characters between which a grapheme cluster always ends: ASCII without controls, Latin letters, ideographs, kana, full-width forms.</summary>
    private static bool StandsAlone(char c) =>
        c is (>= ' ' and < '\u007F') or '\n' or '\t' or (>= '\u00C0' and <= '\u024F') or (>= '\u4E00' and <= '\u9FFF')
            or (>= '\u3001' and <= '\u3029') or (>= '\u3041' and <= '\u3096') or (>= '\u30A1' and <= '\u30FA') or (>= '\uFF01' and <= '\uFF60');
}
