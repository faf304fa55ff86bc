using System.Text.RegularExpressions;
using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>A block, and for a heading the type it is set in: levels are given when the whole document has been seen.</summary>
internal sealed record DraftBlock(Block Block, double Size, FontFace Face);

/// <summary>Lines in reading order become headings, paragraphs, list items, code and captions. What parts them: distance, indent, type, markers.</summary>
internal sealed partial class BlockBuilder(int page, Frame frame, DocumentStyle style, Hyphenation hyphenation, IReadOnlyDictionary<string, int> outline)
{
    private readonly List<DraftBlock> _blocks = [];
    private readonly List<Segment> _lines = [];
    private double _regionRight;

    public List<DraftBlock> Build(IReadOnlyList<LayoutItem> items)
    {
        var rights = items.Where(item => item.Line is not null).GroupBy(item => item.Region).ToDictionary(group => group.Key, group => group.Max(item => item.Line!.Right));
        var region = -1;
        foreach (var item in items)
        {
            if (item.Table is { } table)
            {
                Close();
                AddTable(table);
                continue;
            }

            var line = item.Line!;
            if (item.Region != region) Close();
            (region, _regionRight) = (item.Region, rights[item.Region]);
            if (_lines.Count > 0 && StartsNew(line)) Close();
            _lines.Add(line);
        }

        Close();
        return _blocks;
    }

    /// <summary>Letters, digits and case only: how outline entries and headings are compared.</summary>
    public static string OutlineKey(string text) => string.Concat(text.Where(char.IsLetterOrDigit)).ToUpperInvariant();

    private bool StartsNew(Segment line)
    {
        var above = _lines[^1];
        var em = line.Size;
        if (Math.Abs(above.Size - em) > 0.08 * em && !SharesStyle(above, line)) return true;
        if (IsMono(above) != IsMono(line) || IsBold(above) != IsBold(line)) return true;
        var pitch = line.Baseline - above.Baseline;
        if (pitch < -0.5 * em) return true;
        var normal = _lines.Count >= 2 ? _lines[^1].Baseline - _lines[^2].Baseline : Math.Max(style.Leading, 1) * Math.Max(em, above.Size);
        if (pitch > 1.2 * normal + 0.3 || pitch > 3 * em) return true;
        if (IsMono(line)) return false;
        if (StartsItem(line, above)) return true;

        var full = above.Right > _regionRight - 4 * em;
        var item = StartsWithMarker(_lines[0]);
        if (item)
        {
            var textLeft = _lines[0].Words[1].Left;
            return line.Left < textLeft - 0.6 * em && line.Left < _lines[0].Left + 0.6 * em && !full;
        }

        if (!full && EndsSentence(above.Text) && above.Right < _regionRight - 0.25 * (_regionRight - above.Left) && !char.IsLower(line.Words[0].Text[0])) return true;
        var centred = Math.Abs((line.Left + line.Right) / 2 - (above.Left + above.Right) / 2) < em;
        if (centred) return false;
        var shift = line.Left - above.Left;
        if (_lines.Count == 1) return shift > 0.8 * em ? !full : shift < -6 * em;
        return Math.Abs(shift) > 0.8 * em;
    }

    private void Close()
    {
        if (_lines.Count == 0) return;
        var first = _lines[0];
        var flowing = string.Join(' ', _lines.Select(line => line.Text));
        var text = new BlockText(hyphenation, frame);
        if (_lines.TrueForAll(IsMono))
        {
            foreach (var line in _lines) text.AppendBroken(line);
            Add(text, BlockKind.Code);
        }
        else
        {
            foreach (var line in _lines) text.AppendFlowing(line);
            if (CaptionStart().IsMatch(flowing)) Add(text, BlockKind.Caption);
            else if (IsHeading(flowing, out var level)) Add(text, BlockKind.Heading, level);
            else if (StartsWithMarker(first)) Add(text, BlockKind.ListItem);
            else Add(text, BlockKind.Paragraph);
        }

        _lines.Clear();
    }

    private void Add(BlockText text, BlockKind kind, int level = 0)
    {
        if (text.IsEmpty) return;
        _blocks.Add(new DraftBlock(text.ToBlock(kind, page, level), Math.Round(_lines[0].Size * 2) / 2, _lines[0].Dominant.Face));
    }

    private void AddTable(TableGrid table)
    {
        var text = new BlockText(hyphenation, frame);
        foreach (var row in table.Rows)
            if (row.Any(cell => cell.Count > 0))
                text.AppendRow(row);
        if (!text.IsEmpty) _blocks.Add(new DraftBlock(text.ToBlock(BlockKind.Table, page), 0, FontFace.Unknown));
    }

    /// <summary>Larger or bolder than the text around it, numbered, in capitals, or named by the document's own outline.</summary>
    /// <param name="level">From the outline or the numbering; 0 when only the type says that it is a heading.</param>
    private bool IsHeading(string text, out int level)
    {
        level = 0;
        if (_lines.Count > 3 || text.Length > 200 || !text.Any(char.IsLetter)) return false;
        if (outline.TryGetValue(OutlineKey(text), out level)) return true;
        if (DotLeaders().IsMatch(text)) return false;
        var numbering = Numbering().Match(text);
        if (numbering.Success) level = numbering.Groups["n"].Value.Count(c => c == '.') + 1;
        if (ChapterStart().IsMatch(text)) level = 1;
        var size = _lines[0].Size / style.BodySize;
        var open = text[^1] is not ('.' or ',' or ';' or ':') || (numbering.Success && text.Length < 80 && text[^1] == '.' && _lines.Count == 1);
        if (size >= 1.12 && text.Length <= 160 && text[^1] is not (',' or ';')) return true;
        if (!open || Admonition().IsMatch(text)) return false;
        if (!style.BodyBold && size > 0.9 && _lines.Count <= 2 && _lines.TrueForAll(IsBold) && _lines.Sum(line => line.Words.Count) <= 16) return true;
        if (_lines.Count > 1) return false;
        var letters = text.Where(char.IsLetter).ToList();
        if (letters.Count >= 4 && letters.TrueForAll(char.IsUpper) && _lines[0].Words.Count <= 12 && size > 0.9) return true;
        if (numbering.Success && level >= 2 && _lines[0].Words.Count is >= 2 and <= 10 && size > 0.95 && _lines[0].Right < 0.8 * _regionRight && !char.IsDigit(text[^1])) return true;
        level = 0;
        return false;
    }

    private bool IsMono(Segment line) => !style.BodyMono && line.AllWords(word => word.Face.Mono);

    private static bool IsBold(Segment line) => line.AllWords(word => word.Face.Bold || !word.Text.Any(char.IsLetterOrDigit));

    private static bool SharesStyle(Segment above, Segment line) => above.Words.Exists(word => Math.Abs(word.Size - line.Size) < 0.05 * line.Size) && above.Words.Count > 2;

    private static bool EndsSentence(string text) => text.Length > 0 && text[^1] is '.' or '!' or '?' or ':' or '。' or '！' or '？';

    private static bool StartsWithMarker(Segment line) => line.Words.Count >= 2 && ListMarker.Is(line.Words[0].Text);

    private bool StartsItem(Segment line, Segment above)
    {
        if (!StartsWithMarker(line)) return false;
        var gap = line.Words[1].Left - line.Words[0].Right;
        if (ListMarker.IsBullet(line.Words[0].Text)) return gap > 0.25 * line.Size;
        return gap > 0.45 * line.Size || StartsWithMarker(_lines[0]) || (EndsSentence(above.Text) && above.Right < _regionRight - 4 * line.Size);
    }

    [GeneratedRegex(@"^(table|figure|fig\.|listing|abbildung|tabelle|exhibit figure|图|表)\s*[0-9A-Z]+([.\-–:][0-9]+)*\s*[.:—–-]?(\s|$)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex CaptionStart();

    [GeneratedRegex(@"^(?<n>([0-9]{1,3}|[A-Z])(\.[0-9]{1,3})*)\.?\s+\S", RegexOptions.CultureInvariant)]
    private static partial Regex Numbering();

    [GeneratedRegex(@"^(chapter|part|appendix|kapitel|anhang)\s+([0-9]{1,3}|[IVXLC]+|[A-Z])\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ChapterStart();

    [GeneratedRegex(@"(\. ?){4,}|…{2,}", RegexOptions.CultureInvariant)]
    private static partial Regex DotLeaders();

    [GeneratedRegex(@"^(note|notes|important|tip|caution|warning|danger|attention|hinweis|achtung)[:!]?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Admonition();
}
