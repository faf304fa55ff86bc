namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>One printed sign in its frame: from pen position to pen position, on a baseline (points).</summary>
/// <param name="Sequence">Counts the operators that show text: signs of one cell come from the same ones.</param>
internal readonly record struct Glyph(string Text, double Left, double Right, double Baseline, double Size, FontFace Face, int Sequence)
{
    public bool IsSpace => Text == GlyphText.Space;
}
