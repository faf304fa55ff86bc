using DomainTuning.Adapters;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Adapters;

/// <summary>What a comparison of a trained with the served model gave.</summary>
/// <param name="Prompts">How many were compared.</param>
/// <param name="LargestDifference">Of any logit.</param>
/// <param name="SameToken">Prompts after which both find the same token likeliest.</param>
public sealed record AdapterParity(int Prompts, double LargestDifference, int SameToken);

/// <summary>
/// Compares the logits that a trainer noted for some prompts with those of the model as it is served: the same graph, loader and checks, in float32 so
/// that a difference is a mistake and no rounding of weights.
/// </summary>
public static class ServedLogits
{
    /// <param name="checkpoint">The base: a GGUF file or a folder.</param>
    /// <param name="cacheFolder">As of <see cref="ChatModelCache"/>.</param>
    /// <param name="adapterFolder">A PEFT folder.</param>
    /// <param name="parityFile">prompt.N.ids and prompt.N.logits, N from 0.</param>
    /// <exception cref="AdapterException">The adapter cannot be served; the message says why.</exception>
    /// <exception cref="Checkpoints.CheckpointException">The base or the file is damaged.</exception>
    /// <exception cref="IOException">The cache cannot be written.</exception>
    public static AdapterParity Compare(
        string checkpoint, string cacheFolder, string adapterFolder, string parityFile, int threads = 0, IProgress<ConversionProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (threads == 0) threads = Environment.ProcessorCount;
        using var opened = DecoderCheckpoint.Open(checkpoint);
        using var noted = SafetensorsFile.Open(parityFile);
        var format = opened.Gguf is { } gguf ? ChatFormat.Read(gguf) : ChatFormat.Read(opened.Path);
        var model = new ChatModelCache(cacheFolder).Open(opened, format.Tokenizer, WeightForm.Float32, threads, progress, cancellationToken);
        var prompts = Prompts(noted);
        using var session = new DecoderSession(model.Packed, slots: 1, prompts.Max(prompt => prompt.Ids.Length), threads);
        using var adapter = new AdapterLoading(checkpoint, model, format, session).Load(new AdapterPlace(Path.GetFileName(Path.TrimEndingDirectorySeparator(adapterFolder)), adapterFolder));
        var (largest, same) = (0.0, 0);
        foreach (var (ids, trained) in prompts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var served = session.Run(0, ids, [ids.Length], [ids.Length - 1], adapter);
            if (served.Length != trained.Length) throw new AdapterException($"'{parityFile}' notes {trained.Length} logits a prompt; '{checkpoint}' gives {served.Length}. It belongs to another model.");
            for (var i = 0; i < trained.Length; i++)
            {
                var difference = Math.Abs((double)served[i] - trained[i]);
                if (!(difference <= largest)) largest = difference; // NaN is a difference too
            }

            if (System.Numerics.Tensors.TensorPrimitives.IndexOfMax(served) == System.Numerics.Tensors.TensorPrimitives.IndexOfMax(trained)) same++;
        }

        return new AdapterParity(prompts.Count, largest, same);
    }

    private static List<(int[] Ids, float[] Logits)> Prompts(SafetensorsFile file)
    {
        var prompts = new List<(int[], float[])>();
        while (file.TryGetTensor($"prompt.{prompts.Count}.ids", out var ids))
            prompts.Add(([.. file.Read(ids).Select(id => (int)id)], file.Read(file.Tensor($"prompt.{prompts.Count}.logits"))));
        return prompts.Count > 0 ? prompts : throw new Checkpoints.CheckpointException($"'{file.Path}' notes no prompt (prompt.0.ids). Train again.");
    }
}
