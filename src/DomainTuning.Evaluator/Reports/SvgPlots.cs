using System.Globalization;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Evaluator.Reports;

/// <summary>The report's plots as inline SVG. Colours come from the page's style, so that they follow light and dark.</summary>
internal static class SvgPlots
{
    private const int Width = 640;
    private const int LabelWidth = 190;
    private const int RowHeight = 26;

    /// <summary>A dot with its interval for each row, from 0 to 100 %.</summary>
    public static string Intervals(string title, IReadOnlyList<(string Name, MeanScore Score)> rows)
    {
        var height = (rows.Count * RowHeight) + 40;
        var svg = Start(title, height);
        Scale(svg, height - 24);
        foreach (var (i, row) in rows.Index())
        {
            var y = 20 + (i * RowHeight);
            svg.Open("text", ("x", "0"), ("y", N(y + 4))).Text(row.Name).Close("text");
            svg.Open("line", ("class", "interval"), ("x1", N(X(row.Score.Low))), ("x2", N(X(row.Score.High))), ("y1", N(y)), ("y2", N(y))).Close("line");
            svg.Open("circle", ("class", "series0"), ("cx", N(X(row.Score.Mean))), ("cy", N(y)), ("r", "5")).Open("title").Text($"{row.Name}: {ReportText.Share(row.Score)} %").Close("title").Close("circle");
        }

        return svg.Close("svg").ToString();
    }

    /// <summary>Errors among the answers given, when the least certain are withheld.</summary>
    public static string RiskCoverage(IReadOnlyList<(string Name, IReadOnlyList<RiskPoint> Points)> curves)
    {
        const int height = 300;
        const int bottom = height - 40;
        var svg = Start("Risk and coverage: share of errors among the answers given, by the share of questions answered", height);
        Scale(svg, bottom);
        foreach (var (label, y) in new[] { ("100 % errors", 20), ("50", (20 + bottom) / 2), ("0", bottom) }) svg.Open("text", ("x", N(LabelWidth - 8)), ("y", N(y + 4)), ("text-anchor", "end")).Text(label).Close("text");
        foreach (var (i, curve) in curves.Index())
        {
            var points = string.Join(' ', curve.Points.Select(point => $"{N(X(point.Coverage))},{N(bottom - (point.Risk * (bottom - 20)))}"));
            svg.Open("polyline", ("class", $"line series{i % 6}"), ("points", points)).Open("title").Text(curve.Name).Close("title").Close("polyline");
            svg.Open("circle", ("class", $"series{i % 6}"), ("cx", "8"), ("cy", N(40 + (i * 20))), ("r", "5")).Close("circle");
            svg.Open("text", ("x", "20"), ("y", N(44 + (i * 20)))).Text(curve.Name).Close("text");
        }

        return svg.Close("svg").ToString();
    }

    private static Html Start(string title, int height) =>
        new Html().Open("svg", ("viewBox", $"0 0 {Width} {height}"), ("role", "img"), ("aria-label", title)).Open("title").Text(title).Close("title");

    private static void Scale(Html svg, int bottom)
    {
        foreach (var share in new[] { 0, 0.25, 0.5, 0.75, 1 })
        {
            svg.Open("line", ("class", "grid"), ("x1", N(X(share))), ("x2", N(X(share))), ("y1", "8"), ("y2", N(bottom))).Close("line");
            svg.Open("text", ("x", N(X(share))), ("y", N(bottom + 16)), ("text-anchor", "middle")).Text(share.ToString("0 %", CultureInfo.InvariantCulture)).Close("text");
        }
    }

    private static double X(double share) => LabelWidth + (share * (Width - LabelWidth - 24));

    private static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
