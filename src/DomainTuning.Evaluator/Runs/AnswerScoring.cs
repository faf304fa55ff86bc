using DomainTuning.Corpora;
using DomainTuning.Evaluator.Arms;
using DomainTuning.Evaluator.Measures.Answers;
using DomainTuning.Evaluator.Searches;

namespace DomainTuning.Evaluator.Runs;

/// <summary>
/// Scores of one answer against gold. A refusal scores 0 in every measure of the text; so does an error. Measures that do not apply are left out, never NaN:
/// text and citation measures of a question without an answer, numbers where gold is none, precision of no citation.
/// </summary>
internal static class AnswerScoring
{
    public const string Correct = "correct";
    public const string RefusalRight = "refusal right";

    public static QuestionAnswer Score(Question question, ArmAnswer? answer, string? error, CorpusChunks corpus)
    {
        if (answer is null) return new QuestionAnswer(null, error, "error", Failed(question));
        var outcome = Outcomes.Of(question, answer.Text, answer.Refused);
        var scores = new Dictionary<string, double>(StringComparer.Ordinal)
        {
            [Correct] = outcome == AnswerOutcome.Correct ? 1 : 0,
            [RefusalRight] = answer.Refused == !question.IsAnswerable ? 1 : 0,
        };
        if (question.IsAnswerable) AddText(scores, question, answer);
        if (question.Evidence.Count > 0 && answer.Citations.Count > 0)
        {
            var citations = CitationScore.Of(answer.Citations, question.Evidence);
            if (citations.Precision is { } precision) scores["citation precision"] = precision;
            scores["citation recall"] = citations.Recall;
            scores["citation hit"] = citations.Hit ? 1 : 0;
        }

        if (CitationScore.VerbatimRate(answer.Citations, (document, page) => corpus.Page(document, page)?.Text) is { } verbatim) scores["verbatim"] = verbatim;
        return new QuestionAnswer(answer, null, QuestionFile.NameOf(outcome), scores);
    }

    private static void AddText(Dictionary<string, double> scores, Question question, ArmAnswer answer)
    {
        var chinese = question.Answers[0].AsSpan().ContainsAnyInRange('\u4E00', '\u9FFF');
        foreach (var measure in AnswerMeasure.Usual(chinese))
            if (measure.Score(answer.Text, question.Answers) is { } score)
                scores[measure.Name] = answer.Refused ? 0 : score;
    }

    private static Dictionary<string, double> Failed(Question question)
    {
        var scores = new Dictionary<string, double>(StringComparer.Ordinal) { [Correct] = 0, [RefusalRight] = 0 };
        if (question.IsAnswerable) AddText(scores, question, new ArmAnswer { Text = "", Refused = true, Seconds = new AnswerSeconds(0, null, 0) });
        return scores;
    }
}
