namespace DomainTuning.Training;

/// <summary>
/// Everything that decides what a training gives, apart from the corpus and the checkpoint: corpora/NAME/recipes/*.json, in snake case; unknown keys are
/// errors. A run's folder holds it with every default written out.
/// </summary>
public sealed record TrainingRecipe
{
    /// <summary>The adapter's name, as in the model id "model:name".</summary>
    public required string Name { get; init; }

    /// <summary>The base model's id in the library. Default: the workspace's chat model.</summary>
    public string? BaseModel { get; init; }

    /// <summary>Of the shuffles, of dropout and of the first adapter weights.</summary>
    public int Seed { get; init; } = 1;

    public ExampleRecipe Examples { get; init; } = new();

    public MethodRecipe Method { get; init; } = new();

    public OptimiserRecipe Optimiser { get; init; } = new();

    public ScheduleRecipe Schedule { get; init; } = new();
}

/// <summary>What examples a training sees.</summary>
public sealed record ExampleRecipe
{
    /// <summary>The corpus's own questions of the train split. Default true.</summary>
    public bool Questions { get; init; } = true;

    /// <summary>Questions made from headings, tables, options and steps. Default true.</summary>
    public bool Structure { get; init; } = true;

    /// <summary>Files of examples (chat JSONL, Alpaca, ShareGPT), from the corpus's folder. Default none.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>A model id or endpoint that writes further questions; kept only when they survive the round trip. Default none.</summary>
    public string? ChatModel { get; init; }

    /// <summary>How many questions <see cref="ChatModel"/> is asked for. Default 500.</summary>
    public int ChatModelExamples { get; init; } = 500;

    /// <summary>Most examples of one kind that were made from structure; the seed chooses. Default 400.</summary>
    public int MostOfAKind { get; init; } = 400;

    /// <summary>How often each of the corpus's own questions is seen, each time with other distractors. Default 1.</summary>
    public int QuestionRepeats { get; init; } = 1;

    /// <summary>Passages in a prompt. Default 2, as measured in FACTS 12; what serving shows may be more.</summary>
    public int Passages { get; init; } = 2;

    /// <summary>Share of examples whose passages lack the right one and whose answer is that the documents do not say it. Default 0.07 (FACTS 12: more made it refuse too much).</summary>
    public double WithoutRightPassage { get; init; } = 0.07;

    /// <summary>Share of examples without passages. Default 0.</summary>
    public double ClosedBook { get; init; }

    /// <summary>Share of the document sections that are held out for validation, where the corpus's questions do not say it already. Default 0.1.</summary>
    public double Validation { get; init; } = 0.1;
}

/// <summary>What is trained: LoRA (arXiv 2106.09685), rsLoRA (2312.03732) or DoRA (2402.09353).</summary>
public sealed record MethodRecipe
{
    /// <summary>"lora"; with <see cref="RankStabilised"/> rsLoRA, with <see cref="Dora"/> DoRA.</summary>
    public string Kind { get; init; } = "lora";

    /// <summary>Default 16.</summary>
    public int Rank { get; init; } = 16;

    /// <summary>The update is scaled by alpha / rank. Default 32.</summary>
    public double Alpha { get; init; } = 32;

    /// <summary>Of the adapter's input. Default 0.</summary>
    public double Dropout { get; init; }

    /// <summary>Scale by alpha / √rank. Default false.</summary>
    public bool RankStabilised { get; init; }

    /// <summary>Default false.</summary>
    public bool Dora { get; init; }

    /// <summary>Linear layers by their last name. Default all seven.</summary>
    public IReadOnlyList<string> Targets { get; init; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>Only these layers, from 0. Default: all.</summary>
    public IReadOnlyList<int>? Layers { get; init; }

    /// <summary>Another rank for modules whose name ends in a key.</summary>
    public IReadOnlyDictionary<string, int> RankPattern { get; init; } = new Dictionary<string, int>();

    /// <summary>Another alpha for modules whose name ends in a key.</summary>
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();
}

/// <summary>AdamW (arXiv 1711.05101) and its learning rate.</summary>
public sealed record OptimiserRecipe
{
    /// <summary>Default 5e-4 (FACTS 12).</summary>
    public double LearningRate { get; init; } = 5e-4;

    /// <summary>"cosine", "linear" or "constant" after the warm-up. Default cosine.</summary>
    public string Decay { get; init; } = "cosine";

    /// <summary>Share of the steps over which the rate rises from 0. Default 0.05.</summary>
    public double WarmUp { get; init; } = 0.05;

    public double WeightDecay { get; init; }

    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.999;

    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Gradients are scaled down to this norm. Default 1; 0 never.</summary>
    public double ClipNorm { get; init; } = 1;
}

/// <summary>How long a training runs and what it saves.</summary>
public sealed record ScheduleRecipe
{
    /// <summary>How often each example is seen. Default 1.</summary>
    public double Epochs { get; init; } = 1;

    /// <summary>Exactly so many optimiser steps, over the examples as often as that takes, whatever <see cref="Epochs"/> says. Default: what that gives.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>Stops before the first step that would begin after so many minutes; the learning rate ends at 0 all the same. Default: no limit.</summary>
    public double? MaxMinutes { get; init; }

    /// <summary>Tokens in one optimiser step, padding not counted. Default 2048.</summary>
    public int TokensAStep { get; init; } = 2048;

    /// <summary>Longest example; longer ones are an error that names them. Default 1024.</summary>
    public int MaxTokens { get; init; } = 1024;

    /// <summary>Longer examples are left out and counted instead. Default false.</summary>
    public bool DropLonger { get; init; }

    /// <summary>Validation perplexity is measured every so many steps; the best weights are kept. Default 20.</summary>
    public int ValidateEvery { get; init; } = 20;

    /// <summary>Tokens of held-out examples that are measured each time, at most. Default 24000: a measurement takes about as long as three steps of the default size.</summary>
    public int ValidationTokens { get; init; } = 24000;

    /// <summary>Ends a training whose validation has not improved for so many measurements. Default 5; 0 never.</summary>
    public int Patience { get; init; } = 5;

    /// <summary>Everything that a resume needs is written every so many steps. Default 20.</summary>
    public int SaveEvery { get; init; } = 20;

    /// <summary>"auto", "float32" or "bfloat16" base weights. Default auto: bfloat16 where the CPU has instructions for it.</summary>
    public string Precision { get; init; } = "auto";

    /// <summary>Activations are computed again on the way back instead of being kept. Default false: 135M models need no help.</summary>
    public bool GradientCheckpointing { get; init; }
}
