using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Evaluator.Reports;

/// <summary>
/// A result as one HTML file that needs nothing else: tables, plots, and every question with what each arm said and read. It reads whole without scripts; a few
/// lines of script filter. Its own content security policy lets nothing but these styles and this script run, and nothing load.
/// </summary>
public static class HtmlReport
{
    public static string Write(EvaluationResult result)
    {
        var (style, script) = (Resource("report.css"), Resource("report.js"));
        var page = new Html();
        page.Raw("<!DOCTYPE html>\n").Open("html", ("lang", "en")).Open("head");
        page.Raw("<meta charset=\"utf-8\">\n").Raw("<meta name=\"viewport\" content=\"width=device-width\">\n");
        page.Open("meta", ("http-equiv", "Content-Security-Policy"), ("content", $"default-src 'none'; style-src '{Hash(style)}'; script-src '{Hash(script)}'; base-uri 'none'; form-action 'none'"));
        page.Element("title", $"Evaluation of {result.Corpus.Name}").Raw($"<style>{style}</style>\n").Close("head").Open("body");
        page.Element("h1", $"Evaluation of {result.Corpus.Name}").Open("dl");
        foreach (var (name, value) in ReportText.Facts(result)) page.Element("dt", name).Element("dd", value);
        page.Close("dl");
        foreach (var note in result.Notes) page.Element("p", note, ("class", "note"));
        page.Element("p", "Shares are in percent with their 95 % bootstrap interval; docs/guides/evaluating.md says how to read them.", ("class", "soft"));
        Arms(page, result);
        Pairs(page, "Are the arms different?", [.. result.ArmPairs.Where(row => row.Kind is null)]);
        Kinds(page, result);
        Adapters(page, result);
        Searches(page, result);
        Pairs(page, "Are the searches different?", result.SearchPairs);
        Cost(page, result);
        Judge(page, result);
        HtmlQuestions.Write(page, result);
        page.Element("h2", "Recipe").Open("details").Element("summary", "all that decides this result").Element("pre", ResultJson.Write(result.Recipe)).Close("details");
        page.Raw($"<script>{script}</script>\n").Close("body").Close("html");
        return page.ToString();
    }

    private static void Arms(Html page, EvaluationResult result)
    {
        if (result.Arms.Count == 0) return;
        page.Element("h2", "Answers");
        page.Raw(SvgPlots.Intervals("Correct answers by arm", [.. result.Arms.Where(arm => arm.Scores.ContainsKey(AnswerScoring.Correct)).Select(arm => (arm.Name, arm.Scores[AnswerScoring.Correct]))]));
        var columns = ReportText.Present(ReportText.ArmColumns, result.Arms.Select(arm => arm.Scores));
        Table(page, ["arm", .. columns.Select(column => column.Heading), "correct / wrong / refused / errors"],
            result.Arms.Select(arm => (IEnumerable<string>)[arm.Name, .. columns.Select(column => arm.Scores.TryGetValue(column.Measure, out var score) ? ReportText.Share(score) : "–"), $"{arm.Correct} / {arm.Wrong} / {arm.Refused} / {arm.Errors}"]));
        page.Open("dl");
        foreach (var arm in result.Arms) page.Element("dt", arm.Name).Element("dd", arm.Description);
        page.Close("dl");
        var curves = result.Arms.Where(arm => arm.RiskCoverage.Count > 1).Select(arm => (arm.Name, arm.RiskCoverage)).ToList();
        if (curves.Count > 0) page.Element("h3", "Errors among the answers given, when the least certain are withheld").Raw(SvgPlots.RiskCoverage(curves));
    }

    private static void Kinds(Html page, EvaluationResult result)
    {
        if (result.Arms.Count == 0) return;
        page.Element("h2", "Correct by kind of question");
        Table(page, ["kind", "n", .. result.Arms.Select(arm => arm.Name)], result.Arms[0].ByKind.Keys.Select(kind => (IEnumerable<string>)
            [kind, result.Arms[0].ByKind[kind][AnswerScoring.Correct].Questions.ToString(CultureInfo.InvariantCulture), .. result.Arms.Select(arm => ReportText.Share(arm.ByKind[kind][AnswerScoring.Correct]))]));
        var byKind = result.ArmPairs.Where(row => row.Kind is not null).ToList();
        page.Open("details").Element("summary", $"pairs by kind: {byKind.Count(row => row.Distinguishable)} of {byKind.Count} distinguishable");
        PairTable(page, byKind);
        page.Close("details");
    }

    private static void Searches(Html page, EvaluationResult result)
    {
        if (result.Searches.Count == 0) return;
        page.Element("h2", "Retrieval");
        page.Raw(SvgPlots.Intervals("Evidence page in the first two results", [.. result.Searches.Where(search => search.Scores.ContainsKey("hit@2")).Select(search => (search.Name, search.Scores["hit@2"]))]));
        var columns = ReportText.Present(ReportText.SearchColumns, result.Searches.Select(search => search.Scores));
        Table(page, ["search", .. columns.Select(column => column.Heading), "s, median", "errors"],
            result.Searches.Select(search => (IEnumerable<string>)
                [search.Name, .. columns.Select(column => search.Scores.TryGetValue(column.Measure, out var score) ? ReportText.Share(score) : "–"), ReportText.Seconds(search.MedianSeconds), search.Errors.ToString(CultureInfo.InvariantCulture)]));
        page.Open("dl");
        foreach (var search in result.Searches) page.Element("dt", search.Name).Element("dd", search.Description);
        page.Close("dl");
    }

    private static void Adapters(Html page, EvaluationResult result)
    {
        if (result.Adapters.Count == 0) return;
        page.Element("h2", "Adapters: provenance and forgetting").Element("p", ReportText.ForgettingNote, ("class", "soft"));
        Table(page, ReportText.AdapterHeadings, result.Adapters.Select(ReportText.AdapterCells));
    }

    private static void Pairs(Html page, string heading, IReadOnlyList<PairRow> rows)
    {
        if (rows.Count == 0) return;
        page.Element("h2", heading);
        PairTable(page, rows);
    }

    private static void PairTable(Html page, IReadOnlyList<PairRow> rows) =>
        Table(page, ["pair", "kind", "measure", "n", "difference in points", "p", "p (Holm)", "p (McNemar)", "verdict"], rows.Select(row => (IEnumerable<string>)
            [$"{row.First} − {row.Second}", row.Kind ?? "all", row.Measure, row.Questions.ToString(CultureInfo.InvariantCulture), $"{ReportText.Points(row.Difference)} [{ReportText.Points(row.Low)}, {ReportText.Points(row.High)}]",
             ReportText.P(row.P), ReportText.P(row.AdjustedP), row.McNemarP is { } p ? ReportText.P(p) : "–", ReportText.Verdict(row)]));

    private static void Cost(Html page, EvaluationResult result)
    {
        if (result.Arms.Count == 0) return;
        page.Element("h2", "Cost").Element("p", $"Median seconds with {result.Recipe.Parallel.ToString(CultureInfo.InvariantCulture)} questions at once; mean tokens. Answers from the cache keep the times of the run that made them.", ("class", "soft"));
        Table(page, ["arm", "retrieval s", "first token s", "total s", "prompt tokens", "written tokens", "tokens/s"], result.Arms.Select(arm => (IEnumerable<string>)
            [arm.Name, ReportText.Seconds(arm.Cost.RetrievalSeconds), ReportText.Seconds(arm.Cost.FirstTokenSeconds), ReportText.Seconds(arm.Cost.TotalSeconds), ReportText.Number(arm.Cost.PromptTokens), ReportText.Number(arm.Cost.CompletionTokens), ReportText.Number(arm.Cost.TokensPerSecond)]));
    }

    private static void Judge(Html page, EvaluationResult result)
    {
        if (result.Judge is not { } judge) return;
        page.Element("h2", "Judge");
        Table(page, ["model", "judged", "failures", "agreement with gold", "kappa"],
            [[judge.Model, judge.Judged.ToString(CultureInfo.InvariantCulture), judge.Failures.ToString(CultureInfo.InvariantCulture), judge.Agreement is { } share ? ReportText.Share(share) : "–", judge.Kappa?.ToString("0.00", CultureInfo.InvariantCulture) ?? "–"]]);
        Table(page, ["arm", "called right"], judge.SaysCorrect.Select(entry => (IEnumerable<string>)[entry.Key, ReportText.Share(entry.Value)]));
    }

    private static void Table(Html page, IEnumerable<string> headings, IEnumerable<IEnumerable<string>> rows)
    {
        page.Open("div", ("class", "wide")).Open("table").Open("thead").Row("th", headings).Close("thead").Open("tbody");
        foreach (var row in rows) page.Row("td", row);
        page.Close("tbody").Close("table").Close("div");
    }

    private static string Hash(string text) => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"DomainTuning.Evaluator.Reports.{name}")
            ?? throw new InvalidOperationException($"Reports/{name} must be an embedded resource.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        // A browser normalises line ends before it hashes.
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
