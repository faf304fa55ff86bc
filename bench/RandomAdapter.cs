using System.Globalization;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Bench;

/// <summary>A LoRA adapter on all linear layers that no training made: it costs what a trained one costs, and each seed turns answers into others.</summary>
internal static class RandomAdapter
{
    /// <param name="strength">Half the range of the values of B; those of A lie within 1 / √rank.</param>
    public static void Write(string folder, DecoderShape shape, int rank, int seed, float strength)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(seed);
        var (attention, keyValue) = (shape.Heads * shape.HeadValues, shape.KeyValueHeads * shape.HeadValues);
        (string Name, int Out, int In)[] modules =
        [
            ("self_attn.q_proj", attention, shape.Hidden), ("self_attn.k_proj", keyValue, shape.Hidden), ("self_attn.v_proj", keyValue, shape.Hidden), ("self_attn.o_proj", shape.Hidden, attention),
            ("mlp.gate_proj", shape.FeedForward, shape.Hidden), ("mlp.up_proj", shape.FeedForward, shape.Hidden), ("mlp.down_proj", shape.Hidden, shape.FeedForward),
        ];
        List<(string Name, long[] Shape)> tensors = [];
        for (var i = 0; i < shape.Layers; i++)
            foreach (var (name, rows, columns) in modules)
            {
                tensors.Add(($"base_model.model.model.layers.{i}.{name}.lora_A.weight", [rank, columns]));
                tensors.Add(($"base_model.model.model.layers.{i}.{name}.lora_B.weight", [rows, rank]));
            }

        using (var writer = new SafetensorsWriter(Path.Combine(folder, "adapter_model.safetensors"), tensors))
        {
            foreach (var (name, size) in tensors)
            {
                var half = name.Contains("lora_A", StringComparison.Ordinal) ? 1 / MathF.Sqrt(rank) : strength;
                writer.Append([.. Enumerable.Range(0, (int)(size[0] * size[1])).Select(_ => half * (2 * random.NextSingle() - 1))]);
            }


            writer.Complete();
        }

        var targets = string.Join(',', modules.Select(module => $"\"{module.Name[(module.Name.IndexOf('.', StringComparison.Ordinal) + 1)..]}\""));
        File.WriteAllText(Path.Combine(folder, PeftConfig.FileName), string.Create(CultureInfo.InvariantCulture, $$"""{"peft_type":"LORA","r":{{rank}},"lora_alpha":{{rank}},"target_modules":[{{targets}}]}"""));
    }
}
