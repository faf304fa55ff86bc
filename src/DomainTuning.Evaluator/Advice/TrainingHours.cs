namespace DomainTuning.Evaluator.Advice;

/// <summary>
/// How long each route takes on this machine, by counting operations: a token costs 2 N forward and 4 N backward (Kaplan et al., arXiv 2001.08361), of which LoRA
/// saves the gradients of the weights, 2 N. N is the number of weights. Orders of magnitude, not appointments.
/// </summary>
/// <param name="Hours">Null where a number that it needs was not measured.</param>
/// <param name="How">What was counted.</param>
public sealed record TrainingHours(string Route, double? Hours, string How)
{
    /// <summary>FACTS 12: mean length of an example with two passages.</summary>
    private const int ExampleTokens = 420;

    /// <summary>Examples that are made from headings, tables and options where there are few questions.</summary>
    private const int StructureExamples = 800;

    /// <summary>Each domain token is read twice and mixed with as many general ones, or the model forgets.</summary>
    private const int MixedPasses = 4;

    /// <summary>Hoffmann et al., arXiv 2203.15556.</summary>
    public const int TokensPerWeight = 20;

    public static IReadOnlyList<TrainingHours> Of(CorpusSurvey survey)
    {
        var examples = (long)survey.Labelled + StructureExamples;
        return
        [
            new(Routes.Retrieval, survey.ChunksPerSecond is > 0 and var pace ? survey.Chunks / pace / 3600 : null, $"embedding {survey.Chunks} passages"),
            new(Routes.Adapter, At(4.0 * examples * ExampleTokens), $"LoRA on {survey.Labelled} questions and {StructureExamples} examples made from structure, {ExampleTokens} tokens each, once"),
            new(Routes.ContinuedPretraining, survey.Tokens is { } tokens ? At(6.0 * tokens * MixedPasses) : null, "each token of the corpus twice, with as many general ones"),
            new(Routes.Scratch, survey.Parameters is { } weights ? At(6.0 * TokensPerWeight * weights) : null, $"{TokensPerWeight} tokens a weight"),
        ];

        double? At(double operationsPerWeight) =>
            survey is { Parameters: { } n, Gflops: > 0 and var gflops } ? operationsPerWeight * n / (gflops * 1e9 * FloatSpeed.TrainingShare) / 3600 : null;
    }
}
