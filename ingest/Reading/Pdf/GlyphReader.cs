using UglyToad.PdfPig.Content;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>The signs of a page, sorted by the direction they run in, and a tally of what cannot be read.</summary>
internal sealed class PageGlyphs
{
    public required IReadOnlyDictionary<int, List<Glyph>> ByAngle { get; init; }

    /// <summary>Printed signs, spaces not counted.</summary>
    public int Count { get; init; }

    /// <summary>Signs without a meaning: U+FFFD, private use, or no Unicode value at all.</summary>
    public int Unknown { get; init; }
}

/// <summary>PdfPig's letters become <see cref="Glyph"/>s: cleaned, turned into their frame, overprinted copies dropped.</summary>
internal static class GlyphReader
{
    public static PageGlyphs Read(Page page)
    {
        var byAngle = new Dictionary<int, List<Glyph>>();
        var frames = new Dictionary<int, Frame>();
        var faces = new Dictionary<string, FontFace>(StringComparer.Ordinal);
        var seen = new Dictionary<(string, int, int), Glyph>();
        int count = 0, unknown = 0;
        foreach (var letter in page.Letters)
        {
            var text = GlyphText.Clean(letter.Value);
            if (text.Length == 0)
            {
                if (string.IsNullOrEmpty(letter.Value) || letter.Value[0] < ' ') (count, unknown) = (count + 1, unknown + 1);
                continue;
            }

            double dx = letter.EndBaseLine.X - letter.StartBaseLine.X, dy = letter.EndBaseLine.Y - letter.StartBaseLine.Y;
            var angle = AngleOf(letter, dx, dy);
            if (!frames.TryGetValue(angle, out var frame)) frames[angle] = frame = new Frame(angle, page.Height);
            var (left, baseline) = frame.FromPdf(letter.StartBaseLine.X, letter.StartBaseLine.Y);
            var right = frame.FromPdf(letter.EndBaseLine.X, letter.EndBaseLine.Y).X;
            if (right < left) (left, right) = (right, left);
            var size = SizeOf(letter);
            if (!double.IsFinite(left) || !double.IsFinite(right) || !double.IsFinite(baseline) || Math.Abs(left) > 1e5 || Math.Abs(baseline) > 1e5) continue;

            var fontName = letter.FontName ?? "";
            if (!faces.TryGetValue(fontName, out var face)) faces[fontName] = face = FontFace.From(letter.FontDetails, fontName);
            var glyph = new Glyph(text, left, right, baseline, size, face, letter.TextSequence);
            if (!glyph.IsSpace)
            {
                if (IsOverprint(glyph, seen)) continue;
                count++;
                if (GlyphText.IsUnknown(text)) unknown++;
            }

            if (!byAngle.TryGetValue(angle, out var glyphs)) byAngle[angle] = glyphs = [];
            glyphs.Add(glyph);
        }

        return new PageGlyphs { ByAngle = byAngle, Count = count, Unknown = unknown };
    }

    private static int AngleOf(Letter letter, double dx, double dy)
    {
        if (letter.TextOrientation == TextOrientation.Horizontal) return 0;
        if (dx == 0 && dy == 0) return letter.TextOrientation switch
        {
            TextOrientation.Rotate90 => 270,
            TextOrientation.Rotate180 => 180,
            TextOrientation.Rotate270 => 90,
            _ => 0,
        };
        var degrees = Math.Atan2(dy, dx) * 180 / Math.PI;
        var quarter = Math.Round(degrees / 90) * 90;
        if (Math.Abs(degrees - quarter) < 3) degrees = quarter; // a scan's skew is not a direction
        return ((int)Math.Round(degrees) % 360 + 360) % 360;
    }

    /// <summary>The point size, or the drawn height where a font declares nonsense.</summary>
    private static double SizeOf(Letter letter)
    {
        var drawn = Math.Max(Math.Abs(letter.BoundingBox.Height), Math.Abs(letter.BoundingBox.Width));
        var size = Math.Abs(letter.PointSize);
        if (!double.IsFinite(size) || size < 0.5 || size > 2000 || (drawn > 3 * size && drawn < 2000)) size = drawn;
        return size < 0.5 || !double.IsFinite(size) ? 1 : size;
    }

    /// <summary>Bold and shadows are sometimes made by printing a sign twice, a hair apart.</summary>
    private static bool IsOverprint(Glyph glyph, Dictionary<(string, int, int), Glyph> seen)
    {
        int x = (int)Math.Floor(glyph.Left / 2), y = (int)Math.Floor(glyph.Baseline / 2);
        var reach = Math.Max(0.4 * (glyph.Right - glyph.Left), 0.05 * glyph.Size);
        for (var i = x - 1; i <= x + 1; i++)
            for (var j = y - 1; j <= y + 1; j++)
                if (seen.TryGetValue((glyph.Text, i, j), out var other) && Math.Abs(other.Left - glyph.Left) < reach && Math.Abs(other.Baseline - glyph.Baseline) < 0.15 * glyph.Size
                    && Math.Abs(other.Size - glyph.Size) < 0.2 * glyph.Size)
                    return true;
        seen[(glyph.Text, x, y)] = glyph;
        return false;
    }
}
