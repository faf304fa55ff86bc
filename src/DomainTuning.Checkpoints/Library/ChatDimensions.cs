using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Library;

/// <summary>The numbers of a chat model that decide how much memory it needs, as its checkpoint states them.</summary>
/// <param name="Layers">Transformer blocks.</param>
/// <param name="KeyValueHeads">Heads of keys and values.</param>
/// <param name="HeadDimensions">Width of one head.</param>
/// <param name="ContextTokens">Longest sequence that the model was trained for.</param>
/// <param name="Parameters">Number of weights; computed from the other numbers where the tensors have not been counted.</param>
/// <param name="IsFourBit">The checkpoint keeps most weights in 4-bit blocks.</param>
public sealed record ChatDimensions(int Layers, int KeyValueHeads, int HeadDimensions, int ContextTokens, long Parameters, bool IsFourBit = false)
{
    // general.file_type of GGUF: mostly Q4_0, Q4_1, Q4_K_S, Q4_K_M (llama.h, enum llama_ftype).
    private static readonly int[] FourBitFileTypes = [2, 3, 14, 15];

    /// <summary>Reads them from the model's files.</summary>
    /// <exception cref="CheckpointException">A file is missing or damaged, or lacks one of the numbers.</exception>
    public static ChatDimensions Of(ModelCard card)
    {
        var found = (card.IsGguf ? OfGguf(card) : OfConfig(card)) ?? throw new CheckpointException($"'{card.WeightsPath}' does not say how many layers and heads the model has. Remove the model with 'domaintuning models remove {card.Id}' and add another file of it.");
        return found with { ContextTokens = card.ContextTokens ?? found.ContextTokens, Parameters = card.Parameters ?? found.Parameters };
    }

    /// <summary>From GGUF metadata, or from as much of it as has been fetched; null when a number is not there.</summary>
    internal static ChatDimensions? FromGguf(GgufMetadata metadata)
    {
        if (metadata.StringOrNull("general.architecture") is not { } architecture) return null;
        int? Number(string key) => metadata.TryGet($"{architecture}.{key}", out var value) && value.Value is not Array ? metadata.Integer<int>($"{architecture}.{key}") : null;
        var built = Build(
            Number("block_count"), Number("embedding_length"), Number("attention.head_count"), Number("attention.head_count_kv"), Number("attention.key_length"),
            Number("feed_forward_length"), Number("vocab_size"), tied: true, Number("context_length"));
        return built is null ? null : built with { IsFourBit = FourBitFileTypes.Contains(metadata.Integer("general.file_type", -1)) };
    }

    /// <summary>From config.json; null when a number is not there.</summary>
    internal static ChatDimensions? FromConfig(ConfigJson config) => Build(
        config.Integer("num_hidden_layers"), config.Integer("hidden_size"), config.Integer("num_attention_heads"), config.Integer("num_key_value_heads"), config.Integer("head_dim"),
        config.Integer("intermediate_size"), config.Integer("vocab_size"), config.Bool("tie_word_embeddings") ?? false, config.Integer("max_position_embeddings"));

    private static ChatDimensions? OfGguf(ModelCard card)
    {
        using var file = GgufFile.Open(card.WeightsPath);
        return FromGguf(file.Metadata);
    }

    private static ChatDimensions? OfConfig(ModelCard card)
    {
        var path = card.FullPath("config.json");
        return File.Exists(path) ? FromConfig(ConfigJson.Parse(File.ReadAllText(path), $"'{path}'")) : null;
    }

    private static ChatDimensions? Build(int? layers, int? hidden, int? heads, int? keyValueHeads, int? headDimensions, int? feedForward, int? vocabulary, bool tied, int? context)
    {
        if (layers is not > 0 || hidden is not > 0 || heads is not > 0 || context is not > 0) return null;
        var kv = keyValueHeads ?? heads.Value;
        var width = headDimensions ?? hidden.Value / heads.Value;
        var attention = 2L * hidden.Value * heads.Value * width + 2L * hidden.Value * kv * width;
        var embeddings = (tied ? 1L : 2L) * (vocabulary ?? 0) * hidden.Value;
        return new ChatDimensions(layers.Value, kv, width, context.Value, layers.Value * (attention + 3L * hidden.Value * (feedForward ?? 0)) + embeddings);
    }
}
