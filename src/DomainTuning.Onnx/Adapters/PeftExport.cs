using System.Text.Json;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// Writes an adapter as the PEFT folder that every program reads alike: the scaling is folded into B and all ranks are filled up to the largest, so that
/// r = lora_alpha and no pattern is left (goldens/README-adapters.md, "Portable export").
/// </summary>
internal static class PeftExport
{
    private const string Prefix = "base_model.model.";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <param name="folder">Created when needed. The configuration is written last.</param>
    /// <param name="baseModel">For people and PEFT's automatic classes.</param>
    public static void Write(LoraAdapter adapter, string folder, string baseModel, DecoderShape shape)
    {
        Directory.CreateDirectory(folder);
        if (adapter.Modules.Values.Any(module => module.Magnitude is not null || module.Bias is not null || module.UpdateBias is not null))
            throw new AdapterException($"The adapter '{adapter.Name}' has magnitudes (DoRA) or biases, which programs other than PEFT do not read. Merge it into its base instead.");
        var rank = adapter.LargestRank;
        var modules = adapter.Modules.Values.OrderBy(module => module.Place.Name, StringComparer.Ordinal).ToList();
        var tensors = modules.SelectMany(module => new (string, long[])[] { (NameOfA(module), [rank, module.In]), (NameOfB(module), [module.Out, rank]) }).ToList();
        (string Name, float[]? Table)[] tables = [(ModulePlace.EmbeddingName, adapter.Embedding), (ModulePlace.HeadName, adapter.Head)];
        foreach (var (name, table) in tables)
            if (table is not null) tensors.Add(($"{Prefix}{name}.weight", [shape.Vocabulary, shape.Hidden]));
        using (var writer = new SafetensorsWriter(Path.Combine(folder, PeftFolder.TensorsName), tensors))
        {
            foreach (var module in modules)
            {
                var a = new float[rank * module.In];
                module.A.CopyTo(a, 0);
                writer.Append(a);
                var b = new float[module.Out * rank];
                for (var row = 0; row < module.Out; row++)
                    for (var k = 0; k < module.Rank; k++) b[row * rank + k] = (float)(module.Scaling * module.B[row * module.Rank + k]);
                writer.Append(b);
            }

            foreach (var (_, table) in tables) writer.Append(table);
            writer.Complete();
        }

        var config = new Dictionary<string, object?>
        {
            ["peft_type"] = "LORA",
            ["task_type"] = "CAUSAL_LM",
            ["base_model_name_or_path"] = baseModel,
            ["r"] = rank,
            ["lora_alpha"] = rank,
            // Whole names, because several layers may differ in what they adapt.
            ["target_modules"] = modules.Select(module => module.Place.Name).ToArray(),
            ["modules_to_save"] = tables.Where(pair => pair.Table is not null).Select(pair => pair.Name[(pair.Name.LastIndexOf('.') + 1)..]).ToArray() is { Length: > 0 } saved ? saved : null,
            ["bias"] = "none",
            ["inference_mode"] = true,
        };
        File.WriteAllText(Path.Combine(folder, PeftConfig.FileName), JsonSerializer.Serialize(config, Indented) + "\n");
    }

    private static string NameOfA(LoraModule module) => $"{Prefix}{module.Place.Name}.{(module.Place.Site == AdapterSite.Embedding ? "lora_embedding_A" : "lora_A.weight")}";

    private static string NameOfB(LoraModule module) => $"{Prefix}{module.Place.Name}.{(module.Place.Site == AdapterSite.Embedding ? "lora_embedding_B" : "lora_B.weight")}";
}
