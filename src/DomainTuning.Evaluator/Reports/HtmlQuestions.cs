using System.Globalization;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Arms;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Evaluator.Reports;

/// <summary>
/// The report's list of questions: gold, then what each arm said, cited and read, and what each search found. Filters appear where scripts run. Passages stand once,
/// after the questions, and each question links to those that were read for it.
/// </summary>
internal static class HtmlQuestions
{
    public static void Write(Html page, EvaluationResult result)
    {
        page.Element("h2", "Every question");
        Filters(page, result);
        var passages = new Dictionary<ReadPassage, int>();
        foreach (var question in result.Questions) Article(page, question, passages);
        if (passages.Count == 0) return;
        page.Element("h2", "Every passage that was read");
        foreach (var (passage, number) in passages)
            page.Element("p", $"{Number(number)}. {Where(passage)}", ("class", "soft"), ("id", "passage-" + Number(number))).Element("div", passage.Text, ("class", "passage"));
    }

    private static void Filters(Html page, EvaluationResult result)
    {
        page.Open("form", ("hidden", ""));
        Choice(page, "kind", "kind", result.Questions.Select(question => QuestionFile.NameOf(question.Question.Kind)).Distinct().Order(StringComparer.Ordinal));
        Choice(page, "arm", "arm", result.Arms.Select(arm => arm.Name));
        Choice(page, "outcome", "outcome", ["correct", "wrong", "refused", "error"]);
        page.Open("label").Text("words").Raw("<br><input name=\"words\" type=\"search\">").Close("label").Open("output", ("id", "shown")).Close("output").Close("form");
    }

    private static void Choice(Html page, string name, string label, IEnumerable<string> values)
    {
        page.Open("label").Text(label).Raw("<br>").Open("select", ("name", name)).Element("option", "all", ("value", ""));
        foreach (var value in values) page.Element("option", value, ("value", value));
        page.Close("select").Close("label");
    }

    private static void Article(Html page, QuestionResult result, Dictionary<ReadPassage, int> passages)
    {
        var question = result.Question;
        var kind = QuestionFile.NameOf(question.Kind);
        page.Open("article", ("data-kind", kind), ("data-split", QuestionFile.NameOf(question.Split)), ("id", question.Id));
        page.Element("h3", question.Text).Element("p", $"{question.Id} · {kind} · {QuestionFile.NameOf(question.Split)} · {question.Section}", ("class", "soft"));
        page.Element("p", question.IsAnswerable ? "Gold: " + string.Join(" / ", question.Answers) : "Gold: the documents do not say.");
        foreach (var evidence in question.Evidence) page.Element("blockquote", $"{evidence.Document} p. {Number(evidence.Page)}: “{evidence.Quote}”");
        page.Open("div", ("class", "wide")).Open("table");
        foreach (var (name, answer) in result.Answers) Answer(page, name, answer);
        page.Close("table").Close("div");
        Found(page, result);
        Passages(page, result, passages);
        page.Close("article");
    }

    private static void Answer(Html page, string name, QuestionAnswer answer)
    {
        page.Open("tr", ("data-arm", name), ("data-outcome", answer.Outcome)).Element("th", name).Element("td", answer.Outcome, ("class", answer.Outcome)).Open("td");
        page.Element("div", answer.Error ?? answer.Answer!.Text, ("class", "said"));
        foreach (var citation in answer.Answer?.Citations ?? []) page.Element("blockquote", $"{citation.Document} p. {Number(citation.Page)}: “{citation.Quote}”");
        var scores = string.Join(", ", answer.Scores.Where(score => score.Key is not AnswerScoring.Correct).Select(score => $"{score.Key} {score.Value.ToString("0.##", CultureInfo.InvariantCulture)}"));
        var judged = answer.Judgement is null ? "" : $" · judge: {answer.Judgement}";
        page.Element("div", $"{scores} · {ReportText.Seconds(answer.Answer?.Seconds.Total)} s{judged}", ("class", "soft")).Close("td").Close("tr");
    }

    private static void Found(Html page, QuestionResult result)
    {
        page.Open("details").Element("summary", "what each search found");
        foreach (var (name, search) in result.Searches)
            page.Element("p", $"{name}: {search.Error ?? string.Join(", ", search.Hits.Take(10).Select(hit => $"{hit.Document} p. {Number(hit.FirstPage)}{(hit.LastPage > hit.FirstPage ? "–" + Number(hit.LastPage) : "")}{(IsEvidence(result.Question, hit) ? " ✓" : "")}"))}");
        page.Close("details");
    }

    private static void Passages(Html page, QuestionResult result, Dictionary<ReadPassage, int> passages)
    {
        var read = result.Answers.Where(answer => answer.Value.Answer is { Passages.Count: > 0 })
            .GroupBy(answer => string.Join(' ', answer.Value.Answer!.Passages.Select(passage => passage.Chunk)), StringComparer.Ordinal);
        foreach (var group in read)
        {
            page.Open("details").Element("summary", $"what {string.Join(", ", group.Select(answer => answer.Key))} read").Open("p");
            foreach (var passage in group.First().Value.Answer!.Passages)
            {
                var number = passages.TryGetValue(passage with { Score = 0 }, out var known) ? known : passages[passage with { Score = 0 }] = passages.Count + 1;
                page.Element("a", $"{Number(number)}. {Where(passage)}", ("href", "#passage-" + Number(number)));
            }

            page.Close("p").Close("details");
        }
    }

    private static string Where(ReadPassage passage) => $"{passage.Document} p. {Number(passage.FirstPage)}{(passage.LastPage > passage.FirstPage ? "–" + Number(passage.LastPage) : "")}";

    private static bool IsEvidence(Question question, SearchHit hit) =>
        question.Evidence.Any(evidence => evidence.Document == hit.Document && evidence.Page >= hit.FirstPage && evidence.Page <= hit.LastPage);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
