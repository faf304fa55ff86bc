using DomainTuning.Adapters;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// Reads a PEFT adapter: adapter_config.json says which modules are adapted, adapter_model.safetensors holds their tensors. PEFT itself passes over
/// tensors that it does not expect and takes zeros for those that are missing; here either is an error.
/// </summary>
internal sealed class PeftFolder : IDisposable
{
    public const string TensorsName = "adapter_model.safetensors";

    private const string Prefix = "base_model.model.";

    private readonly string folder;
    private readonly PeftConfig config;
    private readonly SafetensorsFile file;
    private readonly HashSet<string> used = new(StringComparer.Ordinal);

    private PeftFolder(string folder)
    {
        this.folder = folder;
        config = PeftConfig.Read(folder);
        var path = Path.Combine(folder, TensorsName);
        if (!File.Exists(path)) throw new AdapterException($"'{folder}' holds no {TensorsName}. Adapters stored as .bin are not read: save the adapter again with a current PEFT.");
        try
        {
            file = SafetensorsFile.Open(path);
        }
        catch (CheckpointException error)
        {
            throw new AdapterException(error.Message, error);
        }
    }

    /// <summary>Reads an adapter for a model of this shape.</summary>
    /// <exception cref="AdapterException">It is damaged, of a kind that is not served, or of a model of another shape.</exception>
    public static LoraAdapter Read(string folder, DecoderShape shape)
    {
        using var reader = new PeftFolder(folder);
        return reader.Read(shape);
    }

    public void Dispose() => file.Dispose();

    private LoraAdapter Read(DecoderShape shape)
    {
        var fused = file.Tensors.Any(tensor => tensor.Name.Contains(".qkv_proj.", StringComparison.Ordinal) || tensor.Name.Contains(".gate_up_proj.", StringComparison.Ordinal));
        var places = ModulePlace.All(shape, fused);
        CheckNames(places);
        var modules = new Dictionary<string, LoraModule>(StringComparer.Ordinal);
        var claimed = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (var place in places)
        {
            if (ReadModule(place) is { } module) modules.Add(place.Name, module);
            if (place.Site >= AdapterSite.Embedding && Take($"{place.Name}.base_layer.weight", place.Rows, place.Columns) is { } matrix) claimed.Add(place.Name, matrix);
        }

        // Of a tied model, "ensure_weight_tying" stores both where modules_to_save names one.
        float[]? Saved(string name, string other) =>
            config.Replaces(name) ? Need($"{name}.weight", shape.Vocabulary, shape.Hidden)
            : config.Replaces(other) ? Take($"{name}.weight", shape.Vocabulary, shape.Hidden)
            : null;
        var adapter = new LoraAdapter(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), modules)
        {
            Embedding = Saved(ModulePlace.EmbeddingName, ModulePlace.HeadName),
            Head = Saved(ModulePlace.HeadName, ModulePlace.EmbeddingName),
            Claimed = claimed,
        };
        if (file.Tensors.FirstOrDefault(tensor => !used.Contains(tensor.Name)) is { } extra)
            throw Refusal($"holds the tensor '{extra.Name}', which {PeftConfig.FileName} does not account for. Correct its target_modules, or remove the tensor");
        return modules.Count > 0 || adapter.Embedding is not null || adapter.Head is not null
            ? adapter
            : throw Refusal($"adapts no module that this model has (target_modules {string.Join(", ", config.Targets?.Names ?? [])} {config.Targets?.Pattern})");
    }

    private LoraModule? ReadModule(ModulePlace place)
    {
        var (isHead, isEmbedding) = (place.Site == AdapterSite.Head, place.Site == AdapterSite.Embedding);
        var a = isEmbedding ? "lora_embedding_A" : "lora_A.weight";
        // Without a list of targets the file says which they are.
        var adapted = config.Targets is null
            ? !config.Replaces(place.Name) && file.TryGetTensor($"{Prefix}{place.Name}.{a}", out _)
            : config.Adapts(place.Name, isHead, isEmbedding) || (isHead && file.TryGetTensor($"{Prefix}{place.Name}.{a}", out _) && TargetsEmbedding);
        var module = new LoraModule(place);
        if (adapted)
        {
            var (rank, scaling) = config.Of(place.Name);
            module = module with
            {
                Rank = rank,
                Scaling = scaling,
                A = Need($"{place.Name}.{a}", rank, module.In),
                B = Need($"{place.Name}.{(isEmbedding ? "lora_embedding_B" : "lora_B.weight")}", module.Out, rank),
                Magnitude = config.Dora ? Need($"{place.Name}.lora_magnitude_vector", module.Out) : null,
                UpdateBias = config.LoraBias && !isEmbedding ? Need($"{place.Name}.lora_B.bias", module.Out) : null,
            };
            if (config is { Dora: true, LoraBias: true }) throw Refusal("sets both use_dora and lora_bias, which PEFT does not combine either");
            if (isEmbedding && config.Dora) throw Refusal("is a DoRA adapter with embed_tokens among its targets, which is not computed here. Merge it into its base with PEFT");
        }

        // PEFT loads the bias of an adapted module whether or not "bias" says that it was trained.
        var bias = isEmbedding ? null : Take($"{place.Name}.{(adapted ? "base_layer.bias" : "bias")}", place.Rows);
        return adapted || bias is not null ? module with { Bias = bias } : null;
    }

    // "ensure_weight_tying" adds a lm_head to an adapter whose targets name embed_tokens alone.
    private bool TargetsEmbedding => config.Targets!.Matches(ModulePlace.EmbeddingName);

    private void CheckNames(IReadOnlyList<ModulePlace> places)
    {
        foreach (var name in config.ModulesToSave)
            if (!PeftTargets.EndsWith(ModulePlace.EmbeddingName, name) && !PeftTargets.EndsWith(ModulePlace.HeadName, name))
                throw Refusal($"replaces the module '{name}' (modules_to_save); embed_tokens and lm_head can be replaced here. Merge it into its base with PEFT");
        foreach (var name in config.Targets?.Names ?? [])
            if (!places.Any(place => PeftTargets.EndsWith(place.Name, name)))
                throw Refusal($"adapts the module '{name}', which this model has not, or which is not adapted here (known are {string.Join(", ", places.Select(place => place.Name[(place.Name.LastIndexOf('.') + 1)..]).Distinct())})");
        if (file.Tensors.FirstOrDefault(tensor => !tensor.Name.StartsWith(Prefix, StringComparison.Ordinal)) is { } stranger)
            throw Refusal($"holds the tensor '{stranger.Name}'; names begin with '{Prefix}'");
    }

    private float[] Need(string name, params ReadOnlySpan<long> shape) =>
        Take(name, shape) ?? throw Refusal($"lacks the tensor '{Prefix}{name}', which its {PeftConfig.FileName} asks for");

    private float[]? Take(string name, params ReadOnlySpan<long> shape)
    {
        if (!file.TryGetTensor(Prefix + name, out var tensor)) return null;
        used.Add(tensor.Name);
        if (!tensor.Shape.SequenceEqual(shape.ToArray()))
            throw Refusal($"holds {tensor}; [{string.Join(", ", shape.ToArray())}] is expected. It is an adapter of another model, or its rank is not what {PeftConfig.FileName} says");
        var values = file.Read(tensor);
        return values.AsSpan().IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) < 0 ? values : throw Refusal($"holds {tensor} with values that are no finite numbers");
    }

    private AdapterException Refusal(string what) => new($"The adapter '{folder}' {what}.");
}
