using DomainTuning.Answering;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Measures.Answers;
using DomainTuning.Indexing;
using Microsoft.Extensions.AI;

namespace DomainTuning.Evaluator.Runs;

/// <summary>What a pair of thresholds gives.</summary>
/// <param name="LeastShortAnswer">See <see cref="AnsweringOptions.LeastShortAnswer"/>; above 1 the quote always leads.</param>
/// <param name="RefusalFrom">See <see cref="AnsweringOptions.RefusalFrom"/>; above 1 the model never refuses.</param>
/// <param name="F1">Mean over the answerable questions; 0 for one that is refused.</param>
/// <param name="Contained">Share of the answerable questions whose answer stands in the text.</param>
/// <param name="Refused">Share of the unanswerable questions that are refused.</param>
/// <param name="WronglyRefused">Share of the answerable questions that are refused.</param>
/// <param name="Worth">Mean over all questions: F1 of an answerable one, 1 for an unanswerable one that is refused.</param>
public sealed record FittedThresholds(double LeastShortAnswer, double RefusalFrom, double F1, double Contained, double Refused, double WronglyRefused, double Worth);

/// <summary>
/// Fits from when on an adapter's short answer leads instead of the quote, and from when on its refusal counts: on held-out questions the pair that is worth most
/// among those that lose no contained answer against the quote alone. Every question is answered once; a threshold is only arithmetic.
/// </summary>
public sealed record ShortAnswerFit(int Questions, FittedThresholds Quote, FittedThresholds Best)
{
    private const double Never = 1.01;

    /// <param name="quote">Answers without a model.</param>
    /// <param name="brief">Answers shortly whatever the probability is (0), and never refuses by the model (1 and more).</param>
    /// <param name="questions">Not of the test split, nor of what the adapter was trained on.</param>
    public static async Task<ShortAnswerFit> MeasureAsync(
        Answerer quote, Answerer brief, IReadOnlyList<Question> questions, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (questions.Any(question => question.Split == QuestionSplit.Test)) throw new ArgumentException("Thresholds must not be fitted on the test split: it would no longer test them.", nameof(questions));
        if (!questions.Any(question => question.IsAnswerable)) throw new EvaluationException("There is no answerable question to fit thresholds on.");
        var count = new StageCount("answers", questions.Count, progress, TimeProvider.System);
        var cases = new List<Case>();
        foreach (var question in questions)
        {
            ChatMessage[] asked = [new(ChatRole.User, question.Text)];
            var quoted = await quote.AnswerAsync(asked, ChunkFilter.None, cancellationToken).ConfigureAwait(false);
            cases.Add(Case.Of(question, quoted, quoted.NotInDocuments ? quoted : await brief.AnswerAsync(asked, ChunkFilter.None, cancellationToken).ConfigureAwait(false)));
            count.Add(fromCache: false, failed: false);
        }

        var alone = Score(cases, Never, Never);
        var pairs =
            from least in Borders(cases.Select(one => one.Probability))
            from refusal in Borders(cases.Select(one => one.Refusal))
            select Score(cases, least, refusal);
        return new ShortAnswerFit(cases.Count, alone, pairs.Where(pair => pair.Contained >= alone.Contained).Append(alone).MaxBy(pair => (pair.Worth, -pair.WronglyRefused))!);
    }

    /// <summary>Between any two neighbouring probabilities, and beyond both ends.</summary>
    private static IEnumerable<double> Borders(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Distinct().Order()];
        return [0, .. sorted.Zip(sorted.Skip(1), (low, high) => (low + high) / 2), Never];
    }

    private static FittedThresholds Score(IReadOnlyList<Case> cases, double least, double refusal)
    {
        var (f1, contained, refused, wrongly, answerable) = (0.0, 0.0, 0.0, 0.0, 0);
        foreach (var one in cases)
        {
            var refuses = one.NoEvidence || one.Refusal >= refusal;
            var text = one.Probability >= least ? one.Brief : one.Quoted;
            if (!one.IsAnswerable) refused += refuses ? 1 : 0;
            else
            {
                answerable++;
                if (refuses) wrongly++;
                else (f1, contained) = (f1 + text.F1, contained + text.Contained);
            }
        }

        var others = cases.Count - answerable;
        return new FittedThresholds(least, refusal, f1 / answerable, contained / answerable, others == 0 ? 0 : refused / others, wrongly / answerable, (f1 + refused) / cases.Count);
    }

    private readonly record struct Worth(double F1, double Contained)
    {
        public static Worth Of(Question question, string text) => question.IsAnswerable
            ? new(AnswerMeasure.TokenF1.Score(text, question.Answers) ?? 0, AnswerMeasure.Contained.Score(text, question.Answers) ?? 0)
            : default;
    }

    private sealed record Case(bool IsAnswerable, bool NoEvidence, Worth Quoted, Worth Brief, double Probability, double Refusal)
    {
        public static Case Of(Question question, Answer quoted, Answer brief) => new(
            question.IsAnswerable, quoted.NotInDocuments, Worth.Of(question, quoted.Text), Worth.Of(question, brief.Text), brief.Probability ?? 0, brief.RefusalProbability ?? 0);
    }
}
