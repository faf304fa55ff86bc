using System.Text.Json;

namespace DomainTuning.Adapters;

/// <summary>
/// The adapter_config.json that PEFT writes beside an adapter's tensors, as far as it changes a result: which modules are adapted, and with what rank and
/// scaling (https://huggingface.co/docs/peft/package_reference/lora). A field that is set and would change the result in a way that is not computed
/// here is refused by name.
/// </summary>
public sealed record PeftConfig
{
    public const string FileName = "adapter_config.json";

    /// <summary>Fields that steer training, initialisation or storage, or are for people: they do not change what saved tensors compute.</summary>
    private static readonly HashSet<string> Harmless =
    [
        "task_type", "revision", "inference_mode", "auto_mapping", "peft_version", "lora_dropout", "init_lora_weights", "loftq_config",
        "eva_config", "corda_config", "lora_ga_config", "megatron_config", "megatron_core", "qalora_group_size", "runtime_config", "ensure_weight_tying", "bias",
    ];

    public int Rank { get; init; } = 8;

    public double Alpha { get; init; } = 8;

    /// <summary>Scaling is alpha / √r instead of alpha / r (arXiv 2312.03732).</summary>
    public bool RankStabilised { get; init; }

    /// <summary>Weight-decomposed (arXiv 2402.09353): each row has a magnitude of its own.</summary>
    public bool Dora { get; init; }

    /// <summary>lora_B has a bias.</summary>
    public bool LoraBias { get; init; }

    /// <summary>Null: not said.</summary>
    public PeftTargets? Targets { get; init; }

    public PeftTargets? Excluded { get; init; }

    /// <summary>Null: all.</summary>
    public IReadOnlyList<int>? Layers { get; init; }

    /// <summary>Names before the layer's number; empty: any.</summary>
    public IReadOnlyList<string> LayersPatterns { get; init; } = [];

    /// <summary>Ranks of modules whose names match, in order: the first wins.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> RankPattern { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, double>> AlphaPattern { get; init; } = [];

    /// <summary>Modules that are replaced as a whole.</summary>
    public IReadOnlyList<string> ModulesToSave { get; init; } = [];

    /// <summary>What the adapter says that its base is called, wherever it was trained. For people; null where it says nothing.</summary>
    public string? BaseName { get; init; }

    /// <summary>"lora", "rslora" or "dora", as in a card.</summary>
    public string Method => Dora ? "dora" : RankStabilised ? "rslora" : "lora";

    /// <summary>Reads the file of an adapter's folder.</summary>
    /// <exception cref="AdapterException">It is missing or damaged, or asks for something that is not computed here.</exception>
    public static PeftConfig Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 16, AllowDuplicateProperties = false });
            return Parse(document.RootElement, path);
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            throw new AdapterException($"'{path}' cannot be read: {error.Message} A PEFT adapter folder holds {FileName} and adapter_model.safetensors.", error);
        }
    }

    /// <summary>Rank and scaling of one module, by its name in the base model.</summary>
    public (int Rank, double Scaling) Of(string module)
    {
        var rank = (int)(PeftTargets.FirstMatch(RankPattern, module) ?? Rank);
        var alpha = PeftTargets.FirstMatch(AlphaPattern, module) ?? Alpha;
        return (rank, alpha / (RankStabilised ? Math.Sqrt(rank) : rank));
    }

    /// <summary>Whether a linear layer or the embedding of the base gets a low-rank update.</summary>
    /// <param name="module">As in the base: "model.layers.0.self_attn.q_proj".</param>
    /// <param name="isHead">"all-linear" leaves out the output matrix.</param>
    public bool Adapts(string module, bool isHead, bool isEmbedding)
    {
        if (Targets is null || Replaces(module) || Excluded?.Matches(module) == true) return false;
        if (Targets.IsAllLinear) return !isHead && !isEmbedding;
        if (!Targets.Matches(module)) return false;
        return Layers is null || (PeftTargets.LayerOf(module, LayersPatterns) is { } layer && Layers.Contains(layer));
    }

    /// <summary>Whether the module is stored as a whole.</summary>
    public bool Replaces(string module) => ModulesToSave.Any(name => PeftTargets.EndsWith(module, name));

    private static PeftConfig Parse(JsonElement root, string path)
    {
        AdapterException Refusal(string what) => new($"'{path}' {what}.");
        if (root.ValueKind != JsonValueKind.Object) throw Refusal("is no JSON object");
        var kind = root.TryGetProperty("peft_type", out var type) ? type.ToString() : "";
        if (kind != "LORA") throw Refusal(KindRefusal(kind));

        var config = new PeftConfig();
        foreach (var property in root.EnumerateObject())
        {
            var (name, value) = (property.Name, property.Value);
            if (name == "peft_type" || Harmless.Contains(name)) continue;
            T As<T>(Func<JsonElement, T> read)
            {
                try
                {
                    return read(value);
                }
                catch (Exception error) when (error is InvalidOperationException or FormatException)
                {
                    throw new AdapterException($"'{path}' says {name} = {value.GetRawText()}, which cannot be read.", error);
                }
            }

            // "target_modules": [] and "layers_to_transform": [] say nothing, like null.
            if (IsUnset(value)) continue;
            config = name switch
            {
                "r" => config with { Rank = As(v => v.GetInt32()) is > 0 and var rank ? rank : throw Refusal($"says r = {value}, which must be above 0") },
                "lora_alpha" => config with { Alpha = As(v => v.GetDouble()) },
                "base_model_name_or_path" => config with { BaseName = As(v => v.GetString()) },
                "use_rslora" => config with { RankStabilised = true },
                "use_dora" => config with { Dora = true },
                "lora_bias" => config with { LoraBias = true },
                "target_modules" => config with { Targets = As(PeftTargets.Read) },
                "exclude_modules" => config with { Excluded = As(PeftTargets.Read) },
                "layers_to_transform" => config with { Layers = As(v => v.ValueKind == JsonValueKind.Array ? [.. v.EnumerateArray().Select(e => e.GetInt32())] : new[] { v.GetInt32() }) },
                "layers_pattern" => config with { LayersPatterns = As(Texts) },
                "rank_pattern" => config with { RankPattern = As(Numbers) },
                "alpha_pattern" => config with { AlphaPattern = As(Numbers) },
                "modules_to_save" => config with { ModulesToSave = As(Texts) },
                _ => throw Refusal($"sets {name} = {Shortened(value)}, which is not computed here. Merge the adapter into its base with PEFT and convert the result"),
            };
        }

        foreach (var (key, rank) in config.RankPattern)
            if (rank < 1 || rank != Math.Floor(rank)) throw Refusal($"gives the rank {rank} to '{key}'; ranks are whole numbers above 0");
        if (config.Layers is not null && config.Targets?.IsPattern == true) throw Refusal("sets layers_to_transform beside a target_modules that is a text; PEFT takes it with a list only");
        return config;
    }

    // Bottleneck adapters, prompt and prefix tuning are trained and served by a later issue; they too become optional graph inputs.
    private static string KindRefusal(string kind) => kind switch
    {
        "" => "has no peft_type; \"LORA\" is expected",
        "IA3" or "LOHA" or "LOKR" or "ADALORA" => $"is a {kind} adapter; LoRA, rsLoRA and DoRA (peft_type \"LORA\") are served. Merge it into its base with PEFT and convert the result",
        "BOTTLENECK" or "PROMPT_TUNING" or "PREFIX_TUNING" or "P_TUNING" => $"is a {kind} adapter; LoRA, rsLoRA and DoRA (peft_type \"LORA\") are served so far",
        _ => $"has the peft_type '{kind}', which is not known here; LoRA, rsLoRA and DoRA (\"LORA\") are",
    };

    private static bool IsUnset(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.GetPropertyCount() == 0,
        _ => false,
    };

    private static string[] Texts(JsonElement value) => value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(e => e.GetString()!)] : [value.GetString()!];

    private static KeyValuePair<string, double>[] Numbers(JsonElement value) => [.. value.EnumerateObject().Select(e => KeyValuePair.Create(e.Name, e.Value.GetDouble()))];

    private static string Shortened(JsonElement value) => value.GetRawText() is { Length: > 60 } text ? text[..60] + "…" : value.GetRawText();
}
