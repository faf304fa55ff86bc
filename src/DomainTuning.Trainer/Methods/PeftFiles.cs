using System.Runtime.InteropServices;
using System.Text.Json;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Trainer.Model;
using DomainTuning.Training;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Methods;

/// <summary>
/// The two files of an adapter's folder as PEFT writes and reads them: adapter_config.json and adapter_model.safetensors. PEFT passes over tensors that it does not
/// expect and takes zeros for those that are missing; here either is an error.
/// </summary>
internal static class PeftFiles
{
    public const string TensorsName = "adapter_model.safetensors";

    private const string Prefix = "base_model.model.";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>What PEFT's configuration says of a recipe. Patterns are in PEFT's order, which is that of their keys.</summary>
    public static PeftConfig ConfigOf(MethodRecipe method, IReadOnlyList<string> modulesToSave)
    {
        if (method.Kind != "lora") throw new AdapterException($"The recipe's method is '{method.Kind}'; \"lora\" is trained here (with rank_stabilised for rsLoRA, with dora for DoRA).");
        if (method.Rank < 1 || method.RankPattern.Values.Any(rank => rank < 1)) throw new AdapterException("A recipe's ranks are whole numbers above 0.");
        return new PeftConfig
        {
            Rank = method.Rank,
            Alpha = method.Alpha,
            RankStabilised = method.RankStabilised,
            Dora = method.Dora,
            Targets = new PeftTargets([.. method.Targets], null),
            Layers = method.Layers,
            RankPattern = [.. method.RankPattern.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, (double)pair.Value))],
            AlphaPattern = [.. method.AlphaPattern.OrderBy(pair => pair.Key, StringComparer.Ordinal)],
            ModulesToSave = modulesToSave,
        };
    }

    public static (PeftConfig Config, double Dropout, IReadOnlyList<(string Name, Tensor Values)> Tensors) Read(string folder, DecoderModel model)
    {
        var config = PeftConfig.Read(folder);
        var path = Path.Combine(folder, TensorsName);
        if (!File.Exists(path)) throw new AdapterException($"'{folder}' holds no {TensorsName}. Adapters stored as .bin are not read: save the adapter again with a current PEFT.");
        try
        {
            using var file = SafetensorsFile.Open(path);
            var expected = Expected(config, model, name => file.TryGetTensor(Prefix + name, out _));
            var tensors = new List<(string, Tensor)>();
            foreach (var stored in file.Tensors)
            {
                if (!stored.Name.StartsWith(Prefix, StringComparison.Ordinal) || !expected.Remove(stored.Name[Prefix.Length..], out var shape))
                    throw Refusal($"holds the tensor '{stored.Name}', which {PeftConfig.FileName} does not account for on this model");
                if (!stored.Shape.SequenceEqual(shape)) throw Refusal($"holds {stored}; [{string.Join(", ", shape)}] is expected. It is an adapter of another model, or its rank is not what {PeftConfig.FileName} says");
                // The base's own table, stored beside an update of it: nothing that is trained.
                if (stored.Name.EndsWith(".base_layer.weight", StringComparison.Ordinal)) continue;
                tensors.Add((stored.Name[Prefix.Length..], tensor(file.Read(stored), shape)));
            }

            if (expected.Keys.FirstOrDefault(name => !IsOptional(name)) is { } missing) throw Refusal($"lacks the tensor '{Prefix}{missing}', which its {PeftConfig.FileName} asks for");
            return tensors.Count > 0 ? (config, ReadDropout(folder), tensors) : throw Refusal("adapts no module that this model has");
        }
        catch (CheckpointException error)
        {
            throw new AdapterException(error.Message, error);
        }

        AdapterException Refusal(string what) => new($"The adapter '{folder}' {what}.");
    }

    /// <summary>The configuration is written last: a folder without it is no adapter.</summary>
    public static void Write(string folder, string baseModel, PeftConfig config, double dropout, FlatParameters parameters)
    {
        Directory.CreateDirectory(folder);
        var names = parameters.Names.Order(StringComparer.Ordinal).ToList();
        using (var writer = new SafetensorsWriter(Path.Combine(folder, TensorsName), [.. names.Select(name => (Prefix + name, parameters[name].shape))]))
        {
            foreach (var name in names)
            {
                using var scope = NewDisposeScope();
                writer.Append(MemoryMarshal.Cast<byte, float>(parameters[name].detach().contiguous().bytes));
            }

            writer.Complete();
        }

        // The fields that every PEFT since 0.5 knows, in its order.
        var fields = new Dictionary<string, object?>
        {
            ["alpha_pattern"] = config.AlphaPattern.ToDictionary(),
            ["auto_mapping"] = null,
            ["base_model_name_or_path"] = baseModel,
            ["bias"] = "none",
            ["fan_in_fan_out"] = false,
            ["inference_mode"] = true,
            ["init_lora_weights"] = true,
            ["layers_pattern"] = config.LayersPatterns is { Count: > 0 } patterns ? patterns : null,
            ["layers_to_transform"] = config.Layers,
            ["lora_alpha"] = config.Alpha,
            ["lora_bias"] = config.LoraBias,
            ["lora_dropout"] = dropout,
            ["modules_to_save"] = config.ModulesToSave is { Count: > 0 } saved ? saved : null,
            ["peft_type"] = "LORA",
            ["r"] = config.Rank,
            ["rank_pattern"] = config.RankPattern.ToDictionary(pair => pair.Key, pair => (int)pair.Value),
            ["revision"] = null,
            ["target_modules"] = config.Targets is { IsPattern: true } targets ? targets.Pattern : config.Targets?.Names.Order(StringComparer.Ordinal).ToArray(),
            ["task_type"] = "CAUSAL_LM",
            ["use_dora"] = config.Dora,
            ["use_rslora"] = config.RankStabilised,
        };
        var file = Path.Combine(folder, PeftConfig.FileName);
        File.WriteAllText(file + ".new", JsonSerializer.Serialize(fields, Indented) + "\n");
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>Every tensor that an adapter of this configuration may have on this model, with its shape.</summary>
    private static Dictionary<string, long[]> Expected(PeftConfig config, DecoderModel model, Func<string, bool> isStored)
    {
        var expected = new Dictionary<string, long[]>(StringComparer.Ordinal);
        var table = model.model.embed_tokens.weight.shape;
        const string embedding = AdapterModules.EmbeddingName, head = AdapterModules.HeadName;
        foreach (var projection in model.Projections)
        {
            var (path, isHead) = (projection.Path, projection.Path == head);
            // "ensure_weight_tying" adds an update of the head to one of the embedding.
            var adapted = config.Targets is null ? isStored($"{path}.lora_A.weight") : config.Adapts(path, isHead, isEmbedding: false) || (isHead && config.Targets.Matches(embedding) && isStored($"{path}.lora_A.weight"));
            if (adapted)
            {
                var rank = config.Of(path).Rank;
                expected.Add($"{path}.lora_A.weight", [rank, projection.In]);
                expected.Add($"{path}.lora_B.weight", [projection.Out, rank]);
                if (config.Dora) expected.Add($"{path}.lora_magnitude_vector", [projection.Out]);
                if (config.LoraBias) expected.Add($"{path}.lora_B.bias", [projection.Out]);
                if (isHead) expected.Add($"{path}.base_layer.weight", table);
            }

            if (projection.bias is not null) expected.Add($"{path}.{(adapted ? "base_layer.bias" : "bias")}", [projection.Out]);
        }

        if (config.Adapts(embedding, isHead: false, isEmbedding: true))
        {
            var rank = config.Of(embedding).Rank;
            expected.Add($"{embedding}.lora_embedding_A", [rank, table[0]]);
            expected.Add($"{embedding}.lora_embedding_B", [table[1], rank]);
            expected.Add($"{embedding}.base_layer.weight", table);
        }

        // Of a tied model "ensure_weight_tying" stores both where modules_to_save names one.
        foreach (var (name, other) in new[] { (embedding, head), (head, embedding) })
            if (config.Replaces(name) || (config.Replaces(other) && isStored($"{name}.weight")))
                expected.Add($"{name}.weight", table);
        return expected;
    }

    private static bool IsOptional(string name) => name.EndsWith(".bias", StringComparison.Ordinal) || name.EndsWith(".base_layer.weight", StringComparison.Ordinal);

    private static double ReadDropout(string folder)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, PeftConfig.FileName)));
        return document.RootElement.TryGetProperty("lora_dropout", out var value) && value.TryGetDouble(out var dropout) ? dropout : 0;
    }
}
