namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>
/// Glyphs become words. A word ends at a printed space, at a gap wider than a tenth of the font size (TeX prints no spaces at all),
/// or where the pen jumps. Content order comes first, so that overlapping columns stay apart; lines mend words that were drawn in pieces.
/// </summary>
internal static class WordBuilder
{
    /// <summary>In font sizes. Kerning stays below it, the narrowest justified space above (poppler uses the same tenth).</summary>
    public const double WordGap = 0.1;

    private const double Overlap = 0.35;

    public static List<Word> Build(IReadOnlyList<Glyph> glyphs)
    {
        var words = new List<Word>();
        Word? current = null;
        var last = default(Glyph);
        var space = false;
        foreach (var glyph in glyphs)
        {
            if (glyph.IsSpace)
            {
                space = true;
                current = null;
                continue;
            }

            if (current is not null && Continues(last, glyph)) current.Add(glyph);
            else words.Add(current = new Word(glyph, words.Count, space));
            last = glyph;
            space = false;
        }

        return words;
    }

    private static bool Continues(Glyph last, Glyph next)
    {
        var em = Math.Min(last.Size, next.Size);
        if (Math.Abs(next.Baseline - last.Baseline) > 0.08 * em || Math.Max(last.Size, next.Size) > 1.15 * em) return false;
        var gap = next.Left - last.Right;
        if (gap < -Overlap * em)
        {
            // Right-to-left text steps back by its own width; combining accents stand on their letter.
            var backwards = Math.Abs(last.Left - next.Right);
            return (GlyphText.IsRightToLeft(next.Text[0]) && backwards < WordGap * em) || next.Text[0] is >= '\u0300' and <= '\u036F';
        }

        if (gap < -0.1 * em && next.Face != last.Face) return false; // a cell that runs into the next one
        return gap <= WordGap * em;
    }
}
