using DomainTuning.Adapters;
using DomainTuning.Retrieval;

namespace DomainTuning.Answering;

/// <summary>How a question is answered. One set of rules for every model: a better model gets more through, not other rules.</summary>
public sealed record AnsweringOptions
{
    public RetrievalOptions Retrieval { get; init; } = new();

    /// <summary>Most citations of an answer. Default 3: what a reader checks.</summary>
    public int MaxCitations { get; init; } = 3;

    /// <summary>How many stretches of the passages are embedded and compared with the question. Default 24: about 0.2 s on two cores with the default embedder.</summary>
    public int EmbeddedCandidates { get; init; } = 24;

    /// <summary>
    /// The least evidence (0 to 1, see <see cref="Evidence.Score"/>) that is answered from; below it the answer is "not in the documents". 0 always quotes.
    /// Default 0.5: on tests/fixtures/answering/questions.json over corpora/cnc none of 65 answerable questions is refused and 24 of 32 others are; 0.65 refuses 29 and loses 6.
    /// </summary>
    public double MinEvidence { get; init; } = 0.5;

    /// <summary>Most tokens of passages in the prompt. Default 1,000, about three chunks: the first three hold the answer nearly as often as eight do, and a small model loses itself in more (FACTS 16).</summary>
    public int PassageTokens { get; init; } = 1000;

    /// <summary>
    /// The model was trained to answer in the fewest words (<see cref="ShortAnswerPrompt"/>): an answer that it is sure of leads, with the quote that it stands in;
    /// otherwise the best quote does. Default false: the model's sentences stand beside the quote.
    /// </summary>
    public bool AnswersShortly { get; init; }

    /// <summary>Most passages in the prompt for a short answer. Default 8: as many as <see cref="PassageTokens"/> holds. An adapter's card says how many it was trained with.</summary>
    public int ShortAnswerPassages { get; init; } = 8;

    /// <summary>The least probability of a short answer that leads instead of the quote, 0 to 1. Default 0.3; an adapter's card has the one that was fitted for it.</summary>
    public double LeastShortAnswer { get; init; } = 0.3;

    /// <summary>From this probability of a refusal on, the answer is "not in the documents", 0 to 1. Default 0.5; an adapter's card has the one that was fitted for it.</summary>
    public double RefusalFrom { get; init; } = 0.5;

    /// <summary>Most tokens that the model may write. Default 160: a few sentences; the quote says the rest.</summary>
    public int MaxOutputTokens { get; init; } = 160;

    /// <summary>The context assumed of a model that does not give its <see cref="ModelLimits"/>. Default 2,048, which every supported model has.</summary>
    public int ContextTokens { get; init; } = 2048;

    /// <summary>Default 0, greedy: the same question gets the same answer.</summary>
    public double Temperature { get; init; }

    /// <summary>How the model's sentences are drawn beyond the temperature. Default: the model's own way.</summary>
    public AnswerSampling Sampling { get; init; } = new();

    /// <summary>These options for an adapter that wants to be asked in its own way: only with the very prompt that it was trained with.</summary>
    public AnsweringOptions For(AdapterAsking? asking) => asking is null || asking.Prompt != ShortAnswerPrompt.Fingerprint ? this : this with
    {
        AnswersShortly = true,
        ShortAnswerPassages = asking.Passages,
        LeastShortAnswer = asking.LeastShortAnswer ?? LeastShortAnswer,
        RefusalFrom = asking.RefusalFrom ?? RefusalFrom,
    };

    /// <summary>Checks all values together; throws <see cref="ArgumentException"/> with the rule that was broken.</summary>
    public void Validate()
    {
        if (MaxCitations < 1) throw new ArgumentException($"MaxCitations is {MaxCitations}; an answer needs at least 1.");
        if (EmbeddedCandidates < MaxCitations)
            throw new ArgumentException($"EmbeddedCandidates is {EmbeddedCandidates}; it must be at least MaxCitations ({MaxCitations}).");
        if (MinEvidence is < 0 or > 1) throw new ArgumentException($"MinEvidence is {MinEvidence}; it must be between 0 and 1.");
        if (PassageTokens < 64) throw new ArgumentException($"PassageTokens is {PassageTokens}; at least 64 are needed for one passage.");
        if (MaxOutputTokens < 1 || MaxOutputTokens > ContextTokens / 2)
            throw new ArgumentException($"MaxOutputTokens is {MaxOutputTokens}; it must be between 1 and half of ContextTokens ({ContextTokens / 2}).");
        if (ShortAnswerPassages < 1) throw new ArgumentException($"ShortAnswerPassages is {ShortAnswerPassages}; at least 1 is needed.");
        if (LeastShortAnswer is < 0 or > 1 || RefusalFrom is < 0 or > 1)
            throw new ArgumentException($"LeastShortAnswer is {LeastShortAnswer} and RefusalFrom is {RefusalFrom}; both must be between 0 and 1.");
        if (Temperature is < 0 or > 2) throw new ArgumentException($"Temperature is {Temperature}; it must be between 0 and 2.");
    }
}
