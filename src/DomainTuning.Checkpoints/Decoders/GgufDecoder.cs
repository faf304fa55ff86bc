using DomainTuning.Checkpoints.Library;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Decoders;

/// <summary>Reads the shape of a decoder from the metadata of a GGUF file: llama (Llama 2 and 3, Mistral, SmolLM2), qwen2, qwen3, phi3, gemma3.</summary>
internal sealed class GgufDecoder
{
    private readonly GgufFile file;
    private readonly string architecture;

    private GgufDecoder(GgufFile file)
    {
        this.file = file;
        architecture = file.Metadata.String("general.architecture");
    }

    private bool IsGemma => architecture == "gemma3";

    /// <exception cref="CheckpointException">Another architecture, or a feature that the graph does not compute.</exception>
    public static DecoderShape ReadShape(GgufFile file) => new GgufDecoder(file).Read();

    /// <summary>Llama files store rotary pairs as neighbours: row 2i of a head was row i, row 2i + 1 was row i + half.</summary>
    public static bool HasNeighbouringPairs(GgufFile file) => file.Metadata.String("general.architecture") == "llama";

    private DecoderShape Read()
    {
        if (!SupportedArchitectures.Chat.Contains(architecture))
            throw DecoderShape.Refusal(file.Path, $"has the architecture '{architecture}'; the chat engine computes {string.Join(", ", SupportedArchitectures.Chat)}");
        RefuseOptions();
        var hidden = Integer("embedding_length");
        var heads = Integer("attention.head_count");
        var layers = Integer("block_count");
        var head = Integer("attention.key_length", heads > 0 ? hidden / heads : 0);
        CheckHeads(head);
        return new DecoderShape(
            layers,
            hidden,
            heads,
            Integer("attention.head_count_kv", heads),
            DecoderShape.PaddedHead(head),
            Integer("feed_forward_length"),
            checked((int)file.Tensor("token_embd.weight").Rows),
            Math.Min(Integer("context_length"), DecoderShape.LargestContext),
            Rope(),
            file.Metadata.Float(Key("attention.layer_norm_rms_epsilon")),
            !file.TryGetTensor("output.weight", out _))
        {
            HeadValues = head,
            // Gemma 3 27B alone, the one with 62 layers, scales by the width of all heads and not of one; its files do not say so.
            AttentionScale = 1 / MathF.Sqrt(IsGemma && layers == 62 ? hidden / (float)heads : head),
            EmbeddingScale = IsGemma ? MathF.Sqrt(hidden) : 1,
            Activation = IsGemma ? GateActivation.TanhGelu : GateActivation.Silu,
            HeadNorms = architecture is "qwen3" or "gemma3",
            PostNorms = IsGemma,
            Windows = Windows(layers),
            WindowRope = IsGemma ? new RopeShape(file.Metadata.Float(Key("rope.freq_base_swa"), 10000)) : null,
        }.Checked(file.Path);
    }

    private RopeShape Rope()
    {
        var theta = file.Metadata.Float(Key("rope.freq_base"), 10000);
        if (file.TryGetTensor("rope_freqs.weight", out _)) return new RopeShape(theta, RopeScaling.Stored);
        var factor = file.Metadata.StringOrNull(Key("rope.scaling.type")) == "linear"
            ? file.Metadata.Float(Key("rope.scaling.factor"), 1)
            : file.Metadata.Float(Key("rope.scale_linear"), 1);
        return factor == 1 ? new RopeShape(theta) : new RopeShape(theta, RopeScaling.Linear, factor);
    }

    private int[]? Windows(int layers)
    {
        var window = Integer("attention.sliding_window", 0);
        if (window == 0) return null;
        var pattern = IsGemma ? Integer("attention.sliding_window_pattern", 6) : 0; // each so many-th layer sees everything
        return [.. Enumerable.Range(1, layers).Select(layer => pattern > 0 && layer % pattern == 0 ? 0 : window)];
    }

    private void CheckHeads(int head)
    {
        if (Integer("attention.value_length", head) != head)
            throw DecoderShape.Refusal(file.Path, $"has value heads of another width than its key heads ({Key("attention.value_length")})");
        if (Integer("rope.dimension_count", head) is var rotated && rotated != head)
            throw DecoderShape.Refusal(file.Path, $"rotates {rotated} of {head} values a head ({Key("rope.dimension_count")}); only whole heads are supported");
    }

    private void RefuseOptions()
    {
        if (file.Metadata.StringOrNull(Key("rope.scaling.type")) is { } scaling and not ("none" or "linear"))
            throw DecoderShape.Refusal(file.Path, $"scales its rotary positions by '{scaling}' ({Key("rope.scaling.type")}); supported are none, linear, and Llama 3's rope_freqs tensor");
        foreach (var name in new[] { "expert_count", "attention.clamp_kqv", "attention.max_alibi_bias", "logit_scale", "embedding_scale", "residual_scale", "attention.scale", "attn_logit_softcapping", "final_logit_softcapping" })
            if (file.Metadata.TryGet(Key(name), out var value) && value.Value is not (0u or 0 or 0ul or 0L or 0f))
                throw DecoderShape.Refusal(file.Path, $"sets {Key(name)} = {value.Value}, which the graph does not compute");
    }

    private string Key(string name) => $"{architecture}.{name}";

    private int Integer(string name) => file.Metadata.Integer<int>(Key(name));

    private int Integer(string name, int missing) => file.Metadata.Integer(Key(name), missing);
}
