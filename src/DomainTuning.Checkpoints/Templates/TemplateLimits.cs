namespace DomainTuning.Checkpoints.Templates;

/// <summary>How much a template may use: it came with a downloaded model and may be hostile. Reaching a limit is a <see cref="TemplateException"/>.</summary>
public sealed record TemplateLimits
{
    /// <summary>Characters that all strings made while rendering may have together, output included. Default 64 million: 100 times a prompt of 128k tokens.</summary>
    public long MaxCharacters { get; init; } = 64_000_000;

    /// <summary>Steps: expressions evaluated, loop rounds, list items made. Default 5 million; a long chat takes some thousands.</summary>
    public long MaxSteps { get; init; } = 5_000_000;

    /// <summary>Expressions, blocks and macro calls within one another. Default 800: fits a 1 MB thread stack.</summary>
    public int MaxDepth { get; init; } = 800;

    /// <summary>Wall-clock time of one rendering. Default 5 seconds; a long chat takes some milliseconds.</summary>
    public TimeSpan MaxTime { get; init; } = TimeSpan.FromSeconds(5);
}
