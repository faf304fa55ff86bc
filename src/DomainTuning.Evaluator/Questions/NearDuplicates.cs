using System.Globalization;
using DomainTuning.Corpora;
using DomainTuning.Documents;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Questions;

/// <summary>
/// Questions of different splits that are nearly the same, so that a test would ask what was trained. Two measures: their
/// <see cref="Wording"/> is nearly the same, or they share an evidence quote on the same page.
/// </summary>
internal static class NearDuplicates
{
    public static IEnumerable<QuestionFinding> Find(IReadOnlyList<QuestionLine> lines) => SimilarTexts(lines).Concat(SharedQuotes(lines));

    private static IEnumerable<QuestionFinding> SimilarTexts(IReadOnlyList<QuestionLine> lines)
    {
        var words = lines.Select(line => Wording.Of(line.Question.Text)).ToList();
        for (var i = 0; i < lines.Count; i++)
            for (var j = 0; j < i; j++)
                if (lines[i].Question.Split != lines[j].Question.Split && words[i].Likeness(words[j]) is var likeness and >= Wording.NearDuplicate)
                    yield return Finding(lines[i], lines[j], string.Create(CultureInfo.InvariantCulture, $"asks nearly the same ({likeness:0.00} of the content words)"));
    }

    private static IEnumerable<QuestionFinding> SharedQuotes(IReadOnlyList<QuestionLine> lines)
    {
        var first = new Dictionary<(string Document, int Page, string Quote), QuestionLine>();
        foreach (var line in lines)
            foreach (var evidence in line.Question.Evidence)
            {
                var key = (evidence.Document, evidence.Page, VerbatimText.Fold(evidence.Quote));
                if (first.TryAdd(key, line) || first[key].Question.Split == line.Question.Split) continue;
                yield return Finding(line, first[key], $"has the same evidence ({evidence.Document} p. {evidence.Page.ToString(CultureInfo.InvariantCulture)}: \"{evidence.Quote}\")");
            }
    }

    private static QuestionFinding Finding(QuestionLine line, QuestionLine other, string what) => new(
        line.Line, line.Question.Id,
        $"{what} as {other.Question.Id}, which is in {QuestionFile.NameOf(other.Question.Split)} while this one is in {QuestionFile.NameOf(line.Question.Split)}. Put both into one split, or drop one.");
}
