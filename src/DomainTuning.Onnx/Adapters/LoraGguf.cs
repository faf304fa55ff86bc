using DomainTuning.Adapters;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// An adapter as llama.cpp reads it (convert_lora_to_gguf.py, llama-adapter.cpp): general.type "adapter", one alpha, and for each weight of the base its
/// .lora_a [rank, in] and .lora_b [out, rank], scaled by alpha / rank. Llama's files store rotary pairs as neighbours, so the rows of query and key lie in
/// that order; of token_embd, A is [vocabulary, rank].
/// </summary>
internal static class LoraGguf
{
    private static readonly (string Module, string Tensor)[] Layered =
    [
        ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"), ("self_attn.qkv_proj", "attn_qkv"), ("self_attn.o_proj", "attn_output"),
        ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.gate_up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
    ];

    /// <param name="name">For people.</param>
    /// <exception cref="AdapterException">The adapter has something that the format cannot hold.</exception>
    public static void Write(LoraAdapter adapter, DecoderCheckpoint checkpoint, string path, string name)
    {
        Refuse(adapter, checkpoint);
        // One alpha for all: the adapter's own where its scalings agree on one, bit for bit what llama.cpp's converter writes; else the rest goes into B.
        var modules = adapter.Modules.Values.OrderBy(module => module.Place.Layer).ThenBy(module => module.Place.Name, StringComparer.Ordinal).ToList();
        float[] alphas = [.. modules.Select(module => (float)(module.Scaling * module.Rank)).Distinct()];
        var alpha = alphas is [var only] && only > 0 ? only : adapter.LargestRank;
        var tensors = new List<(string, long[], float[])>();
        foreach (var module in modules)
        {
            var factor = (float)(module.Scaling * module.Rank / alpha);
            var (tensor, isEmbedding) = (TensorName(module.Place), module.Place.Site == AdapterSite.Embedding);
            var order = RowOrder(module.Place, checkpoint);
            var b = new float[module.B.Length];
            for (var row = 0; row < module.Out; row++)
                for (var k = 0; k < module.Rank; k++) b[row * module.Rank + k] = factor * module.B[order[row] * module.Rank + k];
            tensors.Add((tensor + ".lora_a", isEmbedding ? [module.In, module.Rank] : [module.Rank, module.In], isEmbedding ? Transposed(module.A, module.Rank, module.In) : module.A));
            tensors.Add((tensor + ".lora_b", [module.Out, module.Rank], b));
        }

        GgufWriter.Write(
            path,
            [
                ("general.architecture", checkpoint.GgufArchitecture), ("general.type", "adapter"), ("adapter.type", "lora"), ("general.name", name),
                ("general.file_type", 0u), ("adapter.lora.alpha", alpha), ("general.quantization_version", 2u),
            ],
            tensors);
    }

    /// <exception cref="AdapterException">It is no such file, or made for another model.</exception>
    public static LoraAdapter Read(string path, DecoderCheckpoint checkpoint)
    {
        AdapterException Refusal(string what, Exception? inner = null) => new($"The adapter '{path}' {what}.", inner!);
        try
        {
            using var file = GgufFile.Open(path);
            var metadata = file.Metadata;
            if (metadata.StringOrNull("general.type") is var type && type != "adapter") throw Refusal($"is a GGUF file of the type '{type ?? "model"}', not 'adapter'. A whole model is added with `domaintuning models add`");
            if (metadata.StringOrNull("adapter.type") is var kind && kind != "lora") throw Refusal($"is an adapter of the type '{kind}'; 'lora' is read");
            if (metadata.StringOrNull("general.architecture") is var architecture && architecture != checkpoint.GgufArchitecture)
                throw Refusal($"was made for a model of the architecture '{architecture}'; '{checkpoint.Name}' is of '{checkpoint.GgufArchitecture}'");
            if (metadata.Contains("adapter.alora.invocation_tokens")) throw Refusal("acts only after certain tokens (aLoRA), which is not computed here");
            var alpha = metadata.Float("adapter.lora.alpha", 0);
            var used = new HashSet<string>(StringComparer.Ordinal);
            var modules = new Dictionary<string, LoraModule>(StringComparer.Ordinal);
            foreach (var place in ModulePlace.All(checkpoint.Shape, checkpoint.IsFused))
                if (ReadModule(file, place, checkpoint, alpha, used, Refusal) is { } module) modules.Add(place.Name, module);
            if (file.Tensors.FirstOrDefault(tensor => !used.Contains(tensor.Name)) is { } extra) throw Refusal($"holds the tensor {extra}, which changes nothing that '{checkpoint.Name}' has");
            return modules.Count > 0 ? new LoraAdapter(Path.GetFileNameWithoutExtension(path), modules) : throw Refusal("holds no tensors");
        }
        catch (CheckpointException error)
        {
            throw new AdapterException(error.Message, error);
        }
    }

    private static LoraModule? ReadModule(GgufFile file, ModulePlace place, DecoderCheckpoint checkpoint, float alpha, HashSet<string> used, Func<string, Exception?, AdapterException> refusal)
    {
        var name = TensorName(place);
        var (hasA, hasB) = (file.TryGetTensor(name + ".lora_a", out var a), file.TryGetTensor(name + ".lora_b", out var b));
        if (!hasA && !hasB) return null;
        if (!hasA || !hasB) throw refusal($"has only one of '{name}.lora_a' and '{name}.lora_b'", null);
        var isEmbedding = place.Site == AdapterSite.Embedding;
        var rank = checked((int)b!.Columns);
        var module = new LoraModule(place) { Rank = rank, Scaling = alpha == 0 ? 1 : alpha / rank };
        long[] wanted = isEmbedding ? [module.In, rank] : [rank, module.In];
        if (!a!.Shape.SequenceEqual(wanted) || !b.Shape.SequenceEqual([module.Out, rank]))
            throw refusal($"holds {a} and {b}; [{string.Join(", ", wanted)}] and [{module.Out}, {rank}] are expected. It is an adapter of another model", null);
        used.Add(a.Name);
        used.Add(b.Name);
        float[] valuesA = file.Read(a), valuesB = file.Read(b), ordered = new float[valuesB.Length];
        if (valuesA.Concat(valuesB).Any(value => !float.IsFinite(value))) throw refusal($"holds {a} or {b} with values that are no finite numbers", null);
        var order = RowOrder(place, checkpoint);
        for (var row = 0; row < module.Out; row++) valuesB.AsSpan(row * rank, rank).CopyTo(ordered.AsSpan(order[row] * rank));
        return module with { A = isEmbedding ? Transposed(valuesA, module.In, rank) : valuesA, B = ordered };
    }

    private static void Refuse(LoraAdapter adapter, DecoderCheckpoint checkpoint)
    {
        AdapterException Refusal(string what) => new($"The adapter '{adapter.Name}' cannot be written as lora-gguf: {what}. Export it as merged-safetensors instead.");
        if (adapter.Modules.Values.Any(module => module.Magnitude is not null)) throw Refusal("it has magnitudes (DoRA), which llama.cpp does not compute");
        if (adapter.Modules.Values.Any(module => module.Bias is not null || module.UpdateBias is not null)) throw Refusal("it changes biases, for which the format has no tensor");
        if (adapter.Embedding is not null || adapter.Head is not null) throw Refusal("it replaces whole modules (modules_to_save), for which the format has no tensor");
        // llama.cpp would look up the embedding's update at the output matrix too, which is the same tensor there.
        if (checkpoint.Shape.Tied && adapter.Modules.Values.FirstOrDefault(module => module.Place.Site >= AdapterSite.Embedding) is { } tied)
            throw Refusal($"it adapts {tied.Place.Name}, which is one matrix with {(tied.Place.Site == AdapterSite.Head ? "the embedding" : "the output")} in this model, and llama.cpp cannot tell the two apart");
        if (checkpoint.IsFused && adapter.Modules.Values.FirstOrDefault(module => module.Place.Name.EndsWith(".q_proj", StringComparison.Ordinal) || module.Place.Name.EndsWith(".gate_proj", StringComparison.Ordinal)) is { } split)
            throw Refusal($"it adapts {split.Place.Name}, which this model keeps fused with others");
    }

    /// <summary>For each row of the file's B, the row of the published module.</summary>
    private static int[] RowOrder(ModulePlace place, DecoderCheckpoint checkpoint)
    {
        var (half, width) = (checkpoint.Shape.HeadValues / 2, checkpoint.Shape.HeadValues);
        var neighbours = checkpoint.GgufArchitecture == "llama" && (place.Name.EndsWith(".q_proj", StringComparison.Ordinal) || place.Name.EndsWith(".k_proj", StringComparison.Ordinal));
        var rows = place.Site == AdapterSite.Embedding ? place.Columns : place.Rows;
        return [.. Enumerable.Range(0, rows).Select(row => neighbours ? row / width * width + row % 2 * half + row % width / 2 : row)];
    }

    private static string TensorName(ModulePlace place) => place.Site switch
    {
        AdapterSite.Embedding => "token_embd.weight",
        AdapterSite.Head => "output.weight",
        _ => $"blk.{place.Layer}.{Layered.First(pair => place.Name.EndsWith(pair.Module, StringComparison.Ordinal)).Tensor}.weight",
    };

    private static float[] Transposed(float[] values, int rows, int columns)
    {
        var result = new float[values.Length];
        Graphs.Transpose.Run<float>(values, result, rows, columns);
        return result;
    }
}
