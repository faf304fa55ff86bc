using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Onnx.Graphs;

/// <summary>The numbers that make a llama-architecture decoder. Read from a checkpoint; anything in it that the graph would not compute is refused by name.</summary>
/// <param name="Layers">Transformer blocks.</param>
/// <param name="Hidden">Width of the residual stream.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Heads of keys and values; divides <paramref name="Heads"/>.</param>
/// <param name="HeadDimensions">Width of one head.</param>
/// <param name="FeedForward">Width between gate/up and down.</param>
/// <param name="Vocabulary">Rows of the embedding and of the output matrix.</param>
/// <param name="ContextTokens">Longest sequence that the model was trained for.</param>
/// <param name="RopeBase">Base of the rotary frequencies.</param>
/// <param name="RopeScale">Positions are divided by this (linear rope scaling); 1 for most.</param>
/// <param name="NormEpsilon">Added to the mean square before its root is taken.</param>
/// <param name="Tied">The output matrix is the embedding.</param>
public sealed record DecoderShape(
    int Layers,
    int Hidden,
    int Heads,
    int KeyValueHeads,
    int HeadDimensions,
    int FeedForward,
    int Vocabulary,
    int ContextTokens,
    float RopeBase,
    float RopeScale,
    float NormEpsilon,
    bool Tied)
{
    /// <summary>Rows of the fused query, key and value matrix.</summary>
    internal int QkvRows => (Heads + 2 * KeyValueHeads) * HeadDimensions;

    /// <summary>Weights in all linear layers and the embedding (and the output matrix, when it has its own).</summary>
    internal long Parameters =>
        (long)Layers * ((long)QkvRows * Hidden + (long)Hidden * Heads * HeadDimensions + 3L * FeedForward * Hidden) + (Tied ? 1L : 2L) * Vocabulary * Hidden;

    /// <exception cref="CheckpointException">The file is no llama-architecture model, or uses something that is not supported.</exception>
    public static DecoderShape Read(GgufFile file)
    {
        var metadata = file.Metadata;
        var architecture = metadata.String("general.architecture");
        if (architecture != "llama")
            throw Refusal(file, $"has the architecture '{architecture}'; the chat engine computes 'llama' (Llama 2 and 3, SmolLM2, and others that are stored as llama)");
        RefuseOptions(file);

        var hidden = Positive(file, "llama.embedding_length");
        var heads = Positive(file, "llama.attention.head_count");
        var keyValueHeads = metadata.Integer("llama.attention.head_count_kv", heads);
        var headDimensions = metadata.Integer("llama.attention.key_length", hidden / heads);
        var shape = new DecoderShape(
            Positive(file, "llama.block_count"),
            hidden,
            heads,
            keyValueHeads,
            headDimensions,
            Positive(file, "llama.feed_forward_length"),
            checked((int)file.Tensor("token_embd.weight").Rows),
            Positive(file, "llama.context_length"),
            metadata.Float("llama.rope.freq_base", 10000),
            metadata.StringOrNull("llama.rope.scaling.type") == "linear" ? metadata.Float("llama.rope.scaling.factor", 1) : metadata.Float("llama.rope.scale_linear", 1),
            metadata.Float("llama.attention.layer_norm_rms_epsilon"),
            !file.TryGetTensor("output.weight", out _));
        shape.Check(file);
        return shape;
    }

    private void Check(GgufFile file)
    {
        if (KeyValueHeads < 1 || Heads % KeyValueHeads != 0)
            throw Refusal(file, $"has {Heads} query heads over {KeyValueHeads} key/value heads, which does not divide");
        if (HeadDimensions < 16 || HeadDimensions % 16 != 0)
            throw Refusal(file, $"has heads of {HeadDimensions} values; the attention kernel takes multiples of 16");
        if (file.Metadata.Integer("llama.attention.value_length", HeadDimensions) != HeadDimensions)
            throw Refusal(file, "has value heads of another width than its key heads (llama.attention.value_length)");
        var rotated = file.Metadata.Integer("llama.rope.dimension_count", HeadDimensions);
        if (rotated != HeadDimensions)
            throw Refusal(file, $"rotates {rotated} of {HeadDimensions} values a head (llama.rope.dimension_count); only whole heads are supported");
        if (!(RopeBase > 1) || !(RopeScale > 0) || !(NormEpsilon >= 0))
            throw Refusal(file, $"has a rope base of {RopeBase}, a rope scale of {RopeScale} and a norm epsilon of {NormEpsilon}, which cannot be computed with");
        foreach (var tensor in file.Tensors)
            if (LlamaGgufWeights.ExpectedShape(this, tensor.Name) is not { } expected)
                throw Refusal(file, $"holds the tensor {tensor.Name}, which the llama graph does not compute");
            else if (!tensor.Shape.SequenceEqual(expected))
                throw Refusal(file, $"holds {tensor}; its metadata asks for [{string.Join(", ", expected)}]");
    }

    private static void RefuseOptions(GgufFile file)
    {
        var metadata = file.Metadata;
        if (metadata.StringOrNull("llama.rope.scaling.type") is { } scaling and not ("none" or "linear"))
            throw Refusal(file, $"scales its rotary positions by '{scaling}' (llama.rope.scaling.type); supported are none, linear, and Llama 3's rope_freqs tensor");
        foreach (var key in new[] { "llama.attention.sliding_window", "llama.expert_count", "llama.attention.clamp_kqv", "llama.attention.max_alibi_bias", "llama.logit_scale" })
            if (metadata.TryGet(key, out var value) && value.Value is not (0u or 0 or 0ul or 0L or 0f))
                throw Refusal(file, $"sets {key} = {value.Value}, which the llama graph does not compute");
    }

    private static int Positive(GgufFile file, string key) => file.Metadata.Integer<int>(key) is > 0 and var value
        ? value
        : throw Refusal(file, $"says {key} = {file.Metadata.Integer<int>(key)}, which must be above 0");

    private static CheckpointException Refusal(GgufFile file, string what) =>
        new($"'{file.Path}' {what}. Choose another model, or serve this one elsewhere and name the endpoint.");
}
