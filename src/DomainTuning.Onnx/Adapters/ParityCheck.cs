using System.Numerics.Tensors;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// Holds what a merge or an export has written, read again, against the adapter over its base: in 32-bit floats where the model is small enough for that
/// (<see cref="Conversion.ReferenceForm"/>), else in 8-bit blocks. The last positions of several prompts are compared.
/// </summary>
internal sealed class ParityCheck : IDisposable
{
    private const int PositionsPerPrompt = 8;

    private readonly BaseModel model;
    private readonly IReadOnlyList<int[]> prompts;
    private readonly string scratch, adapter;
    private readonly WeightForm form;
    private readonly CancellationToken cancellationToken;
    private readonly float[][] plain, expected;
    private DecoderSession? session;

    /// <param name="reference">The adapter as it is over its base.</param>
    /// <param name="scratch">A folder for the weights while measuring; removed in the end.</param>
    public ParityCheck(BaseModel model, LoraAdapter reference, string scratch, CancellationToken cancellationToken)
    {
        this.model = model;
        this.scratch = scratch;
        this.cancellationToken = cancellationToken;
        adapter = reference.Name;
        prompts = model.ParityPrompts();
        form = Conversion.ReferenceForm(model.Checkpoint.Shape, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        session = Open(model.Checkpoint.Weights, "base");
        try
        {
            plain = Logits(session, null);
            expected = Logits(session, reference);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The same adapter as it was read again.</summary>
    public ParityReport Compare(LoraAdapter readAgain, string compared) =>
        Report(Logits(session ?? throw new InvalidOperationException("The base was put away for a merged model."), readAgain), compared, TensorType.F32);

    /// <summary>A model with the adapter merged into it. The base is put away before, so that only one of the two lies in memory.</summary>
    public ParityReport Compare(DecoderCheckpoint merged, string compared, TensorType type)
    {
        session?.Dispose();
        session = null;
        Directory.Delete(Path.Combine(scratch, "base"), recursive: true);
        using var other = Open(merged.Weights, "merged");
        return Report(Logits(other, null), compared, type);
    }

    public void Dispose()
    {
        session?.Dispose();
        if (Directory.Exists(scratch)) Directory.Delete(scratch, recursive: true);
    }

    /// <summary>
    /// Additions in another order move logits of the shipped model by 0.001 in 32-bit floats. Rounding the merged weights moves them further, like any
    /// conversion into that type, and 8-bit blocks round base and sum each on its own.
    /// </summary>
    private static double Tolerance(WeightForm form, TensorType type) => (form, type) switch
    {
        (not WeightForm.Float32, _) => 1.5,
        (_, TensorType.BF16) => 1,
        (_, TensorType.F16) => 0.15,
        _ => 0.01,
    };

    private ParityReport Report(float[][] actual, string compared, TensorType type) => new()
    {
        Base = model.Id,
        Adapter = adapter,
        Compared = compared,
        Form = form,
        Prompts = prompts.Count,
        Positions = prompts.Sum(Positions),
        Effect = LargestDifference(plain, expected),
        LargestDifference = LargestDifference(expected, actual),
        MeanDivergence = expected.Zip(actual, Divergence).Sum() / prompts.Sum(Positions),
        Tolerance = Tolerance(form, type),
    };

    private DecoderSession Open(DecoderWeights weights, string name)
    {
        var folder = Path.Combine(scratch, name);
        Directory.CreateDirectory(folder);
        return new DecoderSession(
            PackedModel.Write(folder, weights, form, cancellationToken: cancellationToken), slots: 1, prompts.Max(prompt => prompt.Length), model.Threads == 0 ? Environment.ProcessorCount : model.Threads);
    }

    private float[][] Logits(DecoderSession over, LoraAdapter? lora)
    {
        using var loaded = lora is null ? null : new LoadedAdapter(
            lora.Name, new AdapterInputs(over.Shape, over.Weights.Read, model.Checkpoint.Weights).Build(lora, cancellationToken), over.Shape);
        return
        [
            .. prompts.Select(prompt =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                return over.Run(0, prompt, [prompt.Length], [.. Enumerable.Range(prompt.Length - Positions(prompt), Positions(prompt))], loaded).ToArray();
            }),
        ];
    }

    private static int Positions(int[] prompt) => Math.Min(PositionsPerPrompt, prompt.Length);

    /// <summary>Infinite where anything is no number, so that such a result never passes.</summary>
    private static double LargestDifference(float[][] x, float[][] y) => x.Zip(y, (a, b) =>
    {
        var difference = new float[a.Length];
        TensorPrimitives.Subtract(a, b, difference);
        var largest = Math.Abs((double)TensorPrimitives.MaxMagnitude<float>(difference));
        return double.IsFinite(largest) ? largest : double.MaxValue;
    }).Max();

    /// <summary>Summed over positions.</summary>
    private double Divergence(float[] expectedRows, float[] actualRows)
    {
        var vocabulary = model.Checkpoint.Shape.Vocabulary;
        var sum = 0.0;
        float[] p = new float[vocabulary], q = new float[vocabulary];
        for (var at = 0; at < expectedRows.Length; at += vocabulary)
        {
            TensorPrimitives.SoftMax(expectedRows.AsSpan(at, vocabulary), p);
            TensorPrimitives.SoftMax(actualRows.AsSpan(at, vocabulary), q);
            for (var i = 0; i < vocabulary; i++)
                if (p[i] > 0) sum += p[i] * (Math.Log(p[i]) - Math.Log(Math.Max(q[i], float.Epsilon)));
        }

        return sum;
    }
}
