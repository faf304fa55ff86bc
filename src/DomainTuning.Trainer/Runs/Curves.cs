using System.Globalization;
using System.Text;
using DomainTuning.Adapters;
using DomainTuning.Training;

namespace DomainTuning.Trainer.Runs;

/// <summary>A training's loss, validation perplexity and learning rate over its steps, as an SVG that stands alone and follows light and dark.</summary>
internal static class Curves
{
    private const int Width = 640, PanelHeight = 150, Left = 70, Right = 12, Top = 24, Bottom = 22;

    /// <summary>A curve of the history: a point each measurement of the held-out examples.</summary>
    public static IReadOnlyList<AdapterCurvePoint> Points(IReadOnlyList<TrainingProgress> history)
    {
        var points = new List<AdapterCurvePoint>();
        var (losses, rate) = (new List<double>(), default(double?));
        foreach (var progress in history)
        {
            if (progress is { Event: TrainingEvent.Step, Loss: { } loss }) losses.Add(loss);
            if (progress.Event == TrainingEvent.Step) rate = progress.LearningRate;
            if (progress is not { Event: TrainingEvent.Validated, Perplexity: { } perplexity }) continue;
            points.Add(new AdapterCurvePoint(progress.Step, losses.Count == 0 ? null : Math.Round(losses.Average(), 5), Math.Round(perplexity, 4), rate));
            losses.Clear();
        }

        return points;
    }

    public static string Draw(IReadOnlyList<TrainingProgress> history)
    {
        var steps = history.Where(progress => progress.Event == TrainingEvent.Step).ToList();
        (string Title, List<(int Step, double Value)> Points)[] panels =
        [
            ("loss (training)", [.. steps.Where(step => step.Loss is not null).Select(step => (step.Step, step.Loss!.Value))]),
            ("perplexity (held-out answers)", [.. Points(history).Select(point => (point.Step, point.Perplexity))]),
            ("learning rate", [.. steps.Where(step => step.LearningRate is not null).Select(step => (step.Step, step.LearningRate!.Value))]),
        ];
        var last = Math.Max(1, history.Select(progress => progress.Step).DefaultIfEmpty().Max());
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {panels.Length * PanelHeight}\" role=\"img\" aria-label=\"Training curves\" font-family=\"sans-serif\" font-size=\"11\">\n");
        svg.Append("<style>svg{color:#222}@media(prefers-color-scheme:dark){svg{color:#ddd}}text{fill:currentColor}.grid{stroke:currentColor;opacity:.2}.line{fill:none;stroke:#3572b0;stroke-width:1.5}</style>\n");
        foreach (var (index, panel) in panels.Index()) Panel(svg, index * PanelHeight, panel.Title, panel.Points, last);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Panel(StringBuilder svg, int y, string title, List<(int Step, double Value)> points, int last)
    {
        var (high, low) = (y + Top, y + PanelHeight - Bottom);
        var (least, most) = points.Count == 0 ? (0, 1) : (points.Min(point => point.Value), points.Max(point => point.Value));
        if (most - least < 1e-12) (least, most) = (least - 0.5, most + 0.5);
        double X(double step) => Left + (step / last * (Width - Left - Right));
        double Y(double value) => low - ((value - least) / (most - least) * (low - high));
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{y + 14}\" font-weight=\"bold\">{title}</text>\n");
        foreach (var value in new[] { least, (least + most) / 2, most })
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(value):0.#}\" y2=\"{Y(value):0.#}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 6}\" y=\"{Y(value) + 4:0.#}\" text-anchor=\"end\">{value:g3}</text>\n");
        }

        foreach (var step in new[] { 0, last / 2, last })
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(step):0.#}\" y=\"{low + 15}\" text-anchor=\"middle\">{step}</text>\n");
        svg.Append("<polyline class=\"line\" points=\"").AppendJoin(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.Step):0.#},{Y(point.Value):0.#}"))).Append("\"/>\n");
    }
}
