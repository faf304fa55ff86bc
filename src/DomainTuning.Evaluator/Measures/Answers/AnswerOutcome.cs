using DomainTuning.Corpora;

namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>What became of a question. "Refused" is never right for a question that has an answer, and never counted as wrong.</summary>
public enum AnswerOutcome
{
    Correct,
    Wrong,
    Refused,
}

/// <summary>Sorts answers into right, wrong and refused.</summary>
public static class Outcomes
{
    /// <summary>
    /// Right when an accepted answer stands in it, or its number does, or it is one after normalising. A question without an answer is right when refused
    /// and wrong otherwise.
    /// </summary>
    public static AnswerOutcome Of(Question question, string answer, bool refused)
    {
        if (!question.IsAnswerable) return refused ? AnswerOutcome.Correct : AnswerOutcome.Wrong;
        if (refused) return AnswerOutcome.Refused;
        return question.Answers.Any(gold => Containment.Holds(answer, gold) || Quantity.IsIn(answer, gold)) || TokenOverlap.ExactMatch(answer, question.Answers)
            ? AnswerOutcome.Correct
            : AnswerOutcome.Wrong;
    }
}

/// <summary>How well refusing was chosen.</summary>
/// <param name="Accuracy">Share of questions that were refused exactly when they have no answer.</param>
/// <param name="Precision">Share of the refusals that were due; null when nothing was refused.</param>
/// <param name="Recall">Share of the questions without an answer that were refused; null when there are none.</param>
/// <param name="FalseRefusals">Share of the questions with an answer that were refused; null when there are none.</param>
public sealed record RefusalScore(double Accuracy, double? Precision, double? Recall, double? FalseRefusals)
{
    public static RefusalScore Of(IReadOnlyCollection<(bool Answerable, bool Refused)> answers)
    {
        if (answers.Count == 0) throw new ArgumentException("There are no answers to score.", nameof(answers));
        var refused = answers.Count(answer => answer.Refused);
        var due = answers.Count(answer => !answer.Answerable);
        var rightly = answers.Count(answer => answer.Refused && !answer.Answerable);
        var answered = answers.Count(answer => !answer.Refused && answer.Answerable);
        return new RefusalScore((double)(rightly + answered) / answers.Count, Share(rightly, refused), Share(rightly, due), Share(refused - rightly, answers.Count - due));
    }

    private static double? Share(int part, int whole) => whole == 0 ? null : (double)part / whole;
}
