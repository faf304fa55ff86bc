using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Library;

namespace DomainTuning.Cli.Verbs;

/// <summary>One model of the library with the memory that it needs, for people and machines. Sizes are bytes.</summary>
/// <param name="Parameters">Number of weights; chat models only, as is all that follows.</param>
/// <param name="ContextTokens">Longest prompt and answer together that the model was trained for.</param>
/// <param name="Memory">At the wanted context; null where the model is no chat model.</param>
internal sealed record ModelDetails(
    string Id, string Kind, string Architecture, string Licence, string Source, IReadOnlyList<string> Languages, string Weights, string WeightsFile, long Bytes,
    long? Parameters, int? ContextTokens, MemoryDetails? Memory, string? ChatTemplate, int? Dimensions, int? MaxTokens, string? Pooling)
{
    /// <param name="contextTokens">At most what the model was trained for; null: that.</param>
    public static ModelDetails From(ModelCard card, int? contextTokens, int requests) => new(
        card.Id, card.Kind.ToString().ToLowerInvariant(), card.Architecture, card.Licence, card.Source, card.Languages, card.Quantisation ?? "", card.Weights.Path,
        card.Files.Sum(file => file.Bytes), card.Parameters, card.ContextTokens, MemoryDetails.From(card, contextTokens, requests), card.ChatTemplate,
        card.Dimensions, card.MaxTokens, card.Pooling);
}

/// <summary>What a chat model needs in memory. Sizes are bytes.</summary>
/// <param name="Total">Weights, cache, and an allowance for the process.</param>
/// <param name="Available">What this process may use on this machine.</param>
/// <param name="LargestContext">Longest context that fits into what is available, in tokens, for so many requests.</param>
internal sealed record MemoryDetails(int ContextTokens, int Requests, long Weights, long Cache, long Total, long Available, int LargestContext)
{
    public static MemoryDetails? From(ModelCard card, int? contextTokens, int requests)
    {
        if (card.Kind != ModelKind.Chat) return null;
        var model = ChatDimensions.Of(card);
        var need = MemoryNeed.Of(model, contextTokens ?? model.ContextTokens, requests);
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new MemoryDetails(need.ContextTokens, requests, need.WeightBytes, need.CacheBytes, need.Bytes, available, Math.Min(need.LargestContext(available), model.ContextTokens));
    }

    /// <summary>The whole need, or null where the checkpoint cannot be read: a list shows what it can.</summary>
    public static long? TotalOrNull(ModelCard card, int? contextTokens, int requests)
    {
        try
        {
            return From(card, contextTokens, requests)?.Total;
        }
        catch (Exception error) when (error is CheckpointException or IOException)
        {
            return null;
        }
    }
}
