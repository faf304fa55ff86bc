using System.Text;
using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>Writes printed lines into one block's text and remembers where each came to stand.</summary>
internal sealed class BlockText(Hyphenation hyphenation, Frame frame)
{
    private readonly StringBuilder _text = new();
    private readonly List<Line> _lines = [];
    private Box _box;

    public bool IsEmpty => _text.Length == 0;

    /// <summary>Goes on in the same sentence: hyphens are dealt with, otherwise one space.</summary>
    public void AppendFlowing(Segment line)
    {
        if (_lines.Count > 0 && _text.Length > 0)
        {
            var first = line.Words[0].Text;
            var last = LastWord();
            if (Hyphenation.EndsWithHyphen(last))
            {
                if (char.IsLetterOrDigit(first[0]) && hyphenation.Joins(last, first))
                {
                    _text.Length--;
                    var previous = _lines[^1];
                    _lines[^1] = previous with { Length = _text.Length - previous.Start };
                }
                else if (!char.IsLetterOrDigit(first[0]) || !char.IsLetterOrDigit(last[^2])) _text.Append(' ');
            }
            else if (!GlyphText.IsCjk(_text[^1]) || !GlyphText.IsCjk(first[0])) _text.Append(' ');
        }

        Append(line);
    }

    /// <summary>Starts on a line of its own.</summary>
    public void AppendBroken(Segment line)
    {
        if (_text.Length > 0)
        {
            DropSoftHyphen();
            _text.Append('\n');
        }

        Append(line);
    }

    public void AppendRow(IReadOnlyList<IReadOnlyList<Segment>> cells)
    {
        if (_text.Length > 0) _text.Append('\n');
        for (var c = 0; c < cells.Count; c++)
        {
            if (c > 0) _text.Append(c == 1 && cells[0].Count == 0 ? "| " : _text[^1] == ' ' ? "| " : " | ");
            var cell = new BlockText(hyphenation, frame);
            foreach (var line in cells[c]) cell.AppendFlowing(line);
            cell.DropSoftHyphen();
            var start = _text.Length;
            _text.Append(cell._text);
            _lines.AddRange(cell._lines.Select(line => line with { Start = line.Start + start }));
            _box = _box.Union(cell._box);
        }

        while (_text.Length > 0 && _text[^1] is ' ') _text.Length--;
    }

    public Block ToBlock(BlockKind kind, int page, int level = 0)
    {
        DropSoftHyphen();
        return new Block
        {
            Kind = kind,
            Level = level,
            Text = _text.ToString(),
            Page = page,
            Box = Rounded(_box),
            Lines = [.. _lines.Select(line => line with { Box = Rounded(line.Box) })],
        };
    }

    // A hundredth of a point is finer than print, and short in JSON.
    private Box Rounded(Box box)
    {
        var (left, top, right, bottom) = frame.ToPage(box);
        return new Box(Math.Round(left, 2), Math.Round(top, 2), Math.Round(right, 2), Math.Round(bottom, 2));
    }

    private void DropSoftHyphen()
    {
        if (_text.Length == 0 || _text[^1] != GlyphText.SoftHyphen) return;
        _text.Length--;
        if (_lines.Count > 0) _lines[^1] = _lines[^1] with { Length = _text.Length - _lines[^1].Start };
    }

    private void Append(Segment line)
    {
        var start = _text.Length;
        for (var i = 0; i < line.Words.Count; i++)
        {
            var text = line.Words[i].Text;
            if (i > 0) _text.Append(' ');
            var last = i == line.Words.Count - 1;
            foreach (var c in text.AsSpan(0, last && text.Length > 0 && text[^1] == GlyphText.SoftHyphen ? text.Length - 1 : text.Length))
                if (c != GlyphText.SoftHyphen) _text.Append(c);
            if (last && text[^1] == GlyphText.SoftHyphen) _text.Append(GlyphText.SoftHyphen);
        }

        if (_text.Length == start) return;
        _lines.Add(new Line(start, _text.Length - start, line.Box));
        _box = _box.Union(line.Box);
    }

    private string LastWord()
    {
        var start = _text.Length;
        while (start > 0 && _text[start - 1] is not (' ' or '\n')) start--;
        return _text.ToString(start, _text.Length - start);
    }
}
