using System.Text;
using DomainTuning.Documents;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>Signs that stand together. In logical order once its line has been read.</summary>
internal sealed class Word
{
    private readonly List<Glyph> _glyphs = [];
    private string? _text;

    public Word(Glyph first, int order, bool spaceBefore)
    {
        Order = order;
        SpaceBefore = spaceBefore;
        Left = first.Left;
        Right = first.Right;
        Baseline = first.Baseline;
        Size = first.Size;
        Face = first.Face;
        _glyphs.Add(first);
    }

    public IReadOnlyList<Glyph> Glyphs => _glyphs;

    /// <summary>Position in the content stream among the page's words.</summary>
    public int Order { get; }

    /// <summary>A printed space stood between the word before in the content stream and this one.</summary>
    public bool SpaceBefore { get; }

    public double Left { get; private set; }

    public double Right { get; private set; }

    public double Baseline { get; }

    public double Size { get; }

    public FontFace Face { get; }

    public double Top => Baseline - 0.78 * Size;

    public double Bottom => Baseline + 0.22 * Size;

    public double Width => Right - Left;

    public double Middle => (Left + Right) / 2;

    public Box Box => new(Left, Top, Right, Bottom);

    public string Text => _text ??= Read();

    public void Add(Glyph glyph)
    {
        _glyphs.Add(glyph);
        Left = Math.Min(Left, glyph.Left);
        Right = Math.Max(Right, glyph.Right);
        _text = null;
    }

    public void Add(Word next)
    {
        foreach (var glyph in next._glyphs) Add(glyph);
    }

    /// <summary>
    /// The parts left and right of x, where the file itself began a new piece of text near it; null otherwise:
    /// a word that merely runs over the edge of its cell stays whole.
    /// </summary>
    public (Word Left, Word Right)? CutAt(double x)
    {
        var cut = -1;
        for (var i = 1; i < _glyphs.Count; i++)
            if (_glyphs[i].Sequence != _glyphs[i - 1].Sequence && Math.Abs(_glyphs[i].Left - x) < Size && (cut < 0 || Math.Abs(_glyphs[i].Left - x) < Math.Abs(_glyphs[cut].Left - x)))
                cut = i;
        if (cut < 0) return null;
        var left = new Word(_glyphs[0], Order, SpaceBefore);
        for (var i = 1; i < cut; i++) left.Add(_glyphs[i]);
        var right = new Word(_glyphs[cut], Order, false);
        for (var i = cut + 1; i < _glyphs.Count; i++) right.Add(_glyphs[i]);
        return (left, right);
    }

    private string Read()
    {
        if (_glyphs.Count == 1) return GlyphText.Compose(_glyphs[0].Text);
        var text = new StringBuilder(_glyphs.Count);
        foreach (var glyph in _glyphs) text.Append(glyph.Text);
        return GlyphText.Compose(RightToLeft.Reorder(text.ToString(), _glyphs));
    }
}
