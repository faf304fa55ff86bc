namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>What is normal in a document: the size and weight of its running text and the distance of its lines.</summary>
/// <param name="BodySize">Points.</param>
/// <param name="BodyBold">The running text itself is bold.</param>
/// <param name="BodyMono">The running text itself is monospaced (old text files): then monospace does not mean code.</param>
/// <param name="Leading">Distance of baselines in font sizes.</param>
internal sealed record DocumentStyle(double BodySize, bool BodyBold, bool BodyMono, double Leading)
{
    public static DocumentStyle Measure(IEnumerable<IReadOnlyList<LayoutItem>> pages)
    {
        var sizes = new Dictionary<(double Size, bool Bold, bool Mono), int>();
        var leadings = new Dictionary<int, int>();
        foreach (var items in pages)
        {
            Segment? above = null;
            var region = -1;
            foreach (var item in items)
            {
                if (item.Line is not { } line)
                {
                    above = null;
                    continue;
                }

                foreach (var word in line.Words)
                {
                    var key = (Math.Round(word.Size * 2) / 2, word.Face.Bold, word.Face.Mono);
                    sizes[key] = sizes.GetValueOrDefault(key) + word.Glyphs.Count;
                }

                if (above is not null && region == item.Region && Math.Abs(above.Size - line.Size) < 0.1 * line.Size)
                {
                    var ratio = (line.Baseline - above.Baseline) / line.Size;
                    if (ratio is > 0.9 and < 3) leadings[(int)Math.Round(ratio * 20)] = leadings.GetValueOrDefault((int)Math.Round(ratio * 20)) + 1;
                }

                (above, region) = (line, item.Region);
            }
        }

        if (sizes.Count == 0) return new DocumentStyle(10, false, false, 1.2);
        var body = sizes.MaxBy(size => size.Value).Key;
        return new DocumentStyle(body.Size, body.Bold, body.Mono, leadings.Count == 0 ? 1.2 : leadings.MaxBy(leading => leading.Value).Key / 20.0);
    }
}
