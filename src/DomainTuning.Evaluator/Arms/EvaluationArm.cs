using DomainTuning.Corpora;

namespace DomainTuning.Evaluator.Arms;

/// <summary>One way to answer, measured beside others on the same questions. Thread-safe.</summary>
public abstract class EvaluationArm
{
    /// <summary>In tables and files: "base", "rag", or a model id.</summary>
    public abstract string Name { get; }

    /// <summary>One line for a reader.</summary>
    public abstract string Description { get; }

    /// <summary>All that decides an answer besides the question: model, adapter, index, prompt, options, program. Equal identities give equal answers.</summary>
    public abstract string Identity { get; }

    /// <summary>What of a question decides its answer.</summary>
    public virtual string KeyOf(Question question) => question.Text;

    public abstract Task<ArmAnswer> AnswerAsync(Question question, CancellationToken cancellationToken = default);
}
