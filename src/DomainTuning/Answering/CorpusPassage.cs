using DomainTuning.Retrieval;
using Microsoft.SemanticKernel.Data;

namespace DomainTuning.Answering;

/// <summary>A passage as Semantic Kernel's text search gives it.</summary>
public sealed record CorpusPassage
{
    /// <summary>"hal.pdf p. 12".</summary>
    [TextSearchResultName]
    public required string Name { get; init; }

    /// <summary>"hal.pdf#page=12".</summary>
    [TextSearchResultLink]
    public required string Link { get; init; }

    /// <summary>Heading path and text.</summary>
    [TextSearchResultValue]
    public required string Text { get; init; }

    /// <summary>The document's path inside the corpus. Filters may compare it.</summary>
    public required string Document { get; init; }

    /// <summary>Filters may ask for one: <c>passage =&gt; passage.Tags.Contains("pumps")</c>.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Physical page on which the passage starts, from 1.</summary>
    public required int Page { get; init; }

    public required double Score { get; init; }

    internal static CorpusPassage Of(RankedChunk ranked) => new()
    {
        Name = $"{ranked.DocumentPath} p. {ranked.Chunk.FirstPage}",
        Link = $"{Uri.EscapeDataString(ranked.DocumentPath).Replace("%2F", "/", StringComparison.Ordinal)}#page={ranked.Chunk.FirstPage}",
        Text = ranked.Chunk.EmbeddedText,
        Document = ranked.DocumentPath,
        Tags = ranked.Chunk.Tags,
        Page = ranked.Chunk.FirstPage,
        Score = ranked.Score,
    };
}
