using DomainTuning.Checkpoints.Library;

namespace DomainTuning.Checkpoints.Decoders;

/// <summary>
/// Reads the shape of a decoder from the config.json of a folder with safetensors files, in the classic spelling (rope_theta, rope_scaling) and in
/// that of transformers 5 (rope_parameters). What a key means when it is missing differs from family to family.
/// </summary>
internal sealed class FolderDecoder
{
    private readonly ConfigJson config;
    private readonly string path, family;

    private FolderDecoder(string path)
    {
        this.path = path;
        config = ConfigJson.Parse(File.ReadAllText(path), path);
        family = config.String("model_type") ?? throw DecoderShape.Refusal(path, "names no model_type");
    }

    private bool IsGemma => family == "gemma3_text";

    /// <param name="configPath">config.json.</param>
    /// <exception cref="CheckpointException">Another family, or a feature that the graph does not compute.</exception>
    public static DecoderShape ReadShape(string configPath) => new FolderDecoder(configPath).Read();

    /// <summary>Gemma stores a norm's weight less one.</summary>
    public static bool HasNormsLessOne(string configPath) => new FolderDecoder(configPath).IsGemma;

    public static string ModelType(string configPath) => new FolderDecoder(configPath).family;

    private DecoderShape Read()
    {
        if (!SupportedArchitectures.ChatModelTypes.Contains(family))
            throw DecoderShape.Refusal(path, $"has the model_type '{family}'; the chat engine computes {string.Join(", ", SupportedArchitectures.ChatModelTypes)}");
        RefuseOptions();
        var hidden = Integer("hidden_size");
        var heads = Integer("num_attention_heads");
        var layers = Integer("num_hidden_layers");
        var head = config.Integer("head_dim") ?? (IsGemma ? 256 : heads > 0 ? hidden / heads : 0);
        var rope = Rope();
        return new DecoderShape(
            layers,
            hidden,
            heads,
            config.Integer("num_key_value_heads") ?? heads,
            DecoderShape.PaddedHead(head),
            Integer("intermediate_size"),
            Integer("vocab_size"),
            Math.Min(Integer("max_position_embeddings"), DecoderShape.LargestContext),
            rope.Full,
            (float)(config.Number("rms_norm_eps") ?? 1e-6),
            config.Bool("tie_word_embeddings") ?? IsGemma)
        {
            HeadValues = head,
            AttentionScale = (float)(1 / Math.Sqrt(IsGemma ? config.Number("query_pre_attn_scalar") ?? 256 : head)),
            EmbeddingScale = IsGemma ? MathF.Sqrt(hidden) : 1,
            Activation = Activation(),
            HeadNorms = family is "qwen3" or "gemma3_text",
            PostNorms = IsGemma,
            Windows = Windows(layers),
            WindowRope = IsGemma ? rope.Window : null,
        }.Checked(path);
    }

    private GateActivation Activation()
    {
        var name = config.String("hidden_activation") ?? config.String("hidden_act") ?? (IsGemma ? "gelu_pytorch_tanh" : "silu");
        return name switch
        {
            "silu" or "swish" => GateActivation.Silu,
            "gelu_pytorch_tanh" => GateActivation.TanhGelu,
            _ => throw DecoderShape.Refusal(path, $"has the activation '{name}'; supported are silu and gelu_pytorch_tanh"),
        };
    }

    private (RopeShape Full, RopeShape Window) Rope()
    {
        var parameters = config.Object("rope_parameters");
        if (parameters?.Object("full_attention") is { } full)
            return (Rope(full, null), parameters.Object("sliding_attention") is { } sliding ? Rope(sliding, null) : Rope(full, null));
        var window = new RopeShape((float)(config.Number("rope_local_base_freq") ?? 10000));
        return (Rope(parameters ?? config.Object("rope_scaling"), config.Number("rope_theta")), window);
    }

    private RopeShape Rope(ConfigJson? scaling, double? theta)
    {
        var rope = new RopeShape((float)(scaling?.Number("rope_theta") ?? theta ?? (IsGemma ? 1_000_000 : 10000)));
        var type = scaling?.String("rope_type") ?? scaling?.String("type") ?? "default";
        if (scaling?.Number("partial_rotary_factor") is { } part and not 1)
            throw DecoderShape.Refusal(path, $"rotates only a share of {part} of each head (partial_rotary_factor); only whole heads are supported");
        return type switch
        {
            "default" => rope,
            "linear" => rope with { Scaling = RopeScaling.Linear, Factor = Number("factor") },
            "llama3" => rope with
            {
                Scaling = RopeScaling.Llama3,
                Factor = Number("factor"),
                LowFrequencyFactor = Number("low_freq_factor"),
                HighFrequencyFactor = Number("high_freq_factor"),
                OriginalContext = (int)Number("original_max_position_embeddings"),
            },
            _ => throw DecoderShape.Refusal(path, $"scales its rotary positions by '{type}' (rope_type); supported are default, linear and llama3"),
        };

        float Number(string key) => (float)(scaling!.Number(key) ?? throw DecoderShape.Refusal(path, $"scales its rotary positions by '{type}' but says no {key}"));
    }

    private int[]? Windows(int layers)
    {
        // A missing key means 4096 to Mistral and Gemma, null means none to all; Qwen counts it only when it says so.
        var window = config.Integer("sliding_window") ?? (family is "mistral" or "gemma3_text" && !config.Keys.Contains("sliding_window") ? 4096 : 0);
        if (window == 0 || (family is "qwen2" or "qwen3" && config.Bool("use_sliding_window") is not true)) return null;
        var kinds = config.Strings("layer_types");
        if (kinds.Count > 0)
            return
            [
                .. kinds.Select(kind => kind switch
                {
                    "sliding_attention" => window,
                    "full_attention" => 0,
                    _ => throw DecoderShape.Refusal(path, $"has layers of the type '{kind}'; supported are full_attention and sliding_attention"),
                }),
            ];
        var pattern = IsGemma ? config.Integer("sliding_window_pattern") ?? 6 : 0;
        var first = family is "qwen2" or "qwen3" ? config.Integer("max_window_layers") ?? 28 : 0;
        return [.. Enumerable.Range(0, layers).Select(layer => layer < first || (pattern > 0 && (layer + 1) % pattern == 0) ? 0 : window)];
    }

    private void RefuseOptions()
    {
        if (config.Object("quantization_config")?.String("quant_method") is { } method)
            throw DecoderShape.Refusal(path, $"is quantised by '{method}' (quantization_config); take its GGUF file or the original");
        foreach (var key in new[] { "attn_logit_softcapping", "final_logit_softcapping", "use_bidirectional_attention", "num_local_experts", "num_experts", "clip_qkv", "logit_scale" })
            if (!config.IsFalseOrZero(key))
                throw DecoderShape.Refusal(path, $"sets {key}, which the graph does not compute");
        if (config.Number("partial_rotary_factor") is { } part and not 1)
            throw DecoderShape.Refusal(path, $"rotates only a share of {part} of each head (partial_rotary_factor); only whole heads are supported");
    }

    private int Integer(string key) => config.Integer(key) ?? throw DecoderShape.Refusal(path, $"does not say {key}");
}
