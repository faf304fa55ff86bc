using System.Text.Json;
using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Decoders;

/// <summary>
/// The config.json of a decoder's folder: the base's own with what has changed, or one written from the shape where the base is a GGUF file. The way back of
/// <see cref="FolderDecoder"/>.
/// </summary>
internal static class DecoderConfig
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <param name="shape">Of the weights in the folder, which may be untied where the base's were tied.</param>
    /// <param name="chat">Names the tokens that begin and end a text.</param>
    public static string Text(DecoderCheckpoint source, DecoderShape shape, ChatConventions chat, TensorType type)
    {
        var config = source.Gguf is null ? JsonNode.Parse(File.ReadAllText(Path.Combine(source.Path, "config.json")))!.AsObject() : FromShape(source, chat);
        config["tie_word_embeddings"] = shape.Tied;
        config[config.ContainsKey("dtype") ? "dtype" : "torch_dtype"] = type switch { TensorType.F16 => "float16", TensorType.BF16 => "bfloat16", _ => "float32" };
        return config.ToJsonString(Indented) + "\n";
    }

    private static JsonObject FromShape(DecoderCheckpoint source, ChatConventions chat)
    {
        var (shape, family) = (source.Shape, source.ModelType);
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(Class(source.Path, family)),
            ["model_type"] = family,
            ["vocab_size"] = shape.Vocabulary,
            ["hidden_size"] = shape.Hidden,
            ["intermediate_size"] = shape.FeedForward,
            ["num_hidden_layers"] = shape.Layers,
            ["num_attention_heads"] = shape.Heads,
            ["num_key_value_heads"] = shape.KeyValueHeads,
            ["head_dim"] = shape.HeadValues,
            [family == "gemma3_text" ? "hidden_activation" : "hidden_act"] = shape.Activation == GateActivation.TanhGelu ? "gelu_pytorch_tanh" : "silu",
            ["max_position_embeddings"] = shape.ContextTokens,
            ["rms_norm_eps"] = shape.NormEpsilon,
            ["rope_theta"] = shape.Rope.Base,
            ["rope_scaling"] = Scaling(source),
            ["eos_token_id"] = new JsonArray([.. chat.StopTokens.Order().Select(id => (JsonNode)id)]),
        };
        if (chat.BosText is { } begin && chat.Tokenizer.ControlToken(begin) is { } id) config["bos_token_id"] = id;
        if (family is "llama" or "qwen3") config["attention_bias"] = source.Weights.Layer(0).Qkv.Bias is not null;
        if (family == "gemma3_text")
        {
            config["query_pre_attn_scalar"] = Math.Round(1 / (shape.AttentionScale * (double)shape.AttentionScale), 3);
            config["rope_local_base_freq"] = (shape.WindowRope ?? shape.Rope).Base;
        }

        // Phi-3 has rotary positions for contexts longer than this only where rope_scaling says so.
        if (family == "phi3") config["original_max_position_embeddings"] = shape.ContextTokens;
        AddWindows(config, shape, family);
        return config;
    }

    private static void AddWindows(JsonObject config, DecoderShape shape, string family)
    {
        if (shape.Windows is not { } windows)
        {
            if (family is "mistral" or "phi3" or "gemma3_text") config["sliding_window"] = null;
            return;
        }

        config["sliding_window"] = windows.Max();
        if (family is "qwen2" or "qwen3") config["use_sliding_window"] = true;
        config["layer_types"] = new JsonArray([.. windows.Select(window => (JsonNode)(window > 0 ? "sliding_attention" : "full_attention"))]);
    }

    private static JsonObject? Scaling(DecoderCheckpoint source) => source.Shape.Rope.Scaling switch
    {
        RopeScaling.None => null,
        RopeScaling.Linear => new JsonObject { ["type"] = "linear", ["rope_type"] = "linear", ["factor"] = source.Shape.Rope.Factor },
        _ => Bands(source),
    };

    /// <summary>GGUF files store what Llama 3's four numbers make; the numbers are found again by trying.</summary>
    private static JsonObject Bands(DecoderCheckpoint source)
    {
        var shape = source.Shape;
        var stored = source.Weights.RotaryFrequencies(shape.Rope)[..(shape.HeadValues / 2)];
        var plain = new RopeShape(shape.Rope.Base).Frequencies(shape.HeadValues, null);
        var factor = (float)Math.Round(plain.Zip(stored, (p, s) => p / s).Max(), 3);
        foreach (var high in new[] { 4f, 2f, 8f })
            for (var original = 1 << 17; original >= 16; original /= 2)
            {
                var rope = new RopeShape(shape.Rope.Base, RopeScaling.Llama3, factor) { HighFrequencyFactor = high, OriginalContext = original };
                if (!rope.Frequencies(shape.HeadValues, null).Zip(stored, (x, y) => Math.Abs(x - y) <= 1e-5 * Math.Abs(y)).All(near => near)) continue;
                return new JsonObject
                {
                    ["rope_type"] = "llama3",
                    ["factor"] = factor,
                    ["low_freq_factor"] = rope.LowFrequencyFactor,
                    ["high_freq_factor"] = high,
                    ["original_max_position_embeddings"] = original,
                };
            }

        throw new CheckpointException($"'{source.Path}' stretches its rotary positions by a table (rope_freqs) that no config.json says. Merge into the model's safetensors folder instead.");
    }

    private static string Class(string path, string family) => family switch
    {
        "llama" => "LlamaForCausalLM",
        "mistral" => "MistralForCausalLM",
        "qwen2" => "Qwen2ForCausalLM",
        "qwen3" => "Qwen3ForCausalLM",
        "phi3" => "Phi3ForCausalLM",
        "gemma3_text" => "Gemma3ForCausalLM",
        _ => throw new CheckpointException($"'{path}' is of the family '{family}', which no config.json is written for. Merge into the model's safetensors folder instead."),
    };
}
