using System.Text.Json;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Adapters;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Adapters;

/// <summary>A tiny base model of the adapter fixtures, opened and loaded, in any form.</summary>
internal sealed class AdapterBase : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <param name="merged">An adapter to merge into the weights.</param>
    public AdapterBase(string name, WeightForm form = WeightForm.Float32, IReadOnlyList<ActivationPeaks>? peaks = null, string? merged = null, int slots = 1)
        : this(DecoderCheckpoint.Open(Fixtures.Path("adapters", name)), form, peaks, merged, slots)
    {
    }

    /// <param name="checkpoint">Disposed with this.</param>
    public AdapterBase(DecoderCheckpoint checkpoint, WeightForm form = WeightForm.Float32, IReadOnlyList<ActivationPeaks>? peaks = null, string? merged = null, int slots = 1)
    {
        Checkpoint = checkpoint;
        var weights = merged is null ? Checkpoint.Weights : new MergedWeights(Checkpoint.Weights, Read(merged));
        Session = new DecoderSession(PackedModel.Write(folder.Path, weights, form, peaks, cancellationToken: TestContext.Current.CancellationToken), slots, 128, threads: 1);
    }

    public DecoderCheckpoint Checkpoint { get; }

    public DecoderSession Session { get; }

    public LoraAdapter Read(string adapter) => PeftFolder.Read(Fixtures.Path([.. adapter.Split('/').Prepend("adapters")]), Checkpoint.Shape);

    public LoadedAdapter Load(LoraAdapter adapter) => new(
        adapter.Name, new AdapterInputs(Checkpoint.Shape, Session.Weights.Read, Checkpoint.Weights).Build(adapter, TestContext.Current.CancellationToken), Checkpoint.Shape);

    public LoadedAdapter Load(string adapter) => Load(Read(adapter));

    /// <summary>Logits at every position [ids, vocabulary].</summary>
    public float[] Logits(int[] ids, LoadedAdapter? adapter = null) => Session.Run(0, ids, [ids.Length], [.. Enumerable.Range(0, ids.Length)], adapter).ToArray();

    public static IReadOnlyDictionary<string, int[]> Prompts()
    {
        using var prompts = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Path("adapters", "prompts.json")));
        return prompts.RootElement.GetProperty("prompts").EnumerateArray().ToDictionary(prompt => prompt.GetProperty("name").GetString()!, prompt => prompt.GetProperty("input_ids").Deserialize<int[]>()!);
    }

    public void Dispose()
    {
        Session.Dispose();
        Checkpoint.Dispose();
        folder.Dispose();
    }
}
