using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Graphs;

/// <summary>A decoder written as a folder of safetensors is, read again, the same decoder: for every family, from every kind of file.</summary>
public sealed class DecoderFolderTests
{
    [Theory]
    [MemberData(nameof(DecoderFamilyTests.All), MemberType = typeof(DecoderFamilyTests))]
    public void AModelComesBackFromItsFolder(string name)
    {
        using var folder = new TemporaryFolder();
        using var tiny = new TinyCheckpoint(name);
        File.WriteAllText(folder["config.json"], DecoderConfig.Text(tiny.Checkpoint, tiny.Checkpoint.Shape, ChatConventions.FromFolder(Fixtures.Path("models", "tiny-llama")), TensorType.F32));
        DecoderFolder.Write(tiny.Checkpoint.Weights, tiny.Checkpoint.ModelType, folder.Path, TensorType.F32, partBytes: 30_000, cancellationToken: TestContext.Current.CancellationToken);

        using var back = DecoderCheckpoint.Open(folder.Path);

        Assert.Equal(tiny.Checkpoint.Shape with { Rope = back.Shape.Rope, Windows = null }, back.Shape with { Windows = null });
        Assert.Equal(tiny.Checkpoint.Shape.Windows, back.Shape.Windows);
        Assert.True(Directory.GetFiles(folder.Path, "model-*.safetensors").Length > 2);
        using var packed = new TemporaryFolder();
        using var session = new DecoderSession(PackedModel.Write(packed.Path, back.Weights, WeightForm.Float32, cancellationToken: TestContext.Current.CancellationToken), 1, 512, threads: 1);
        foreach (var prompt in TinyDecoder.Prompts(name))
        {
            var logits = session.Run(0, prompt.Ids, [prompt.Ids.Length], [prompt.Ids.Length - 1]);
            for (var i = 0; i < logits.Length; i++) Assert.InRange(Math.Abs(prompt.LastLogits[i] - logits[i]), 0, 1e-3f);
        }
    }

    [Fact]
    public void OneTensorAPartOrAllInOneIsTheSameModel()
    {
        using var folder = new TemporaryFolder();
        using var tiny = new TinyCheckpoint("folder/tiny-llama");
        DecoderFolder.Write(tiny.Checkpoint.Weights, "llama", folder.Path, TensorType.F32, cancellationToken: TestContext.Current.CancellationToken);

        using var written = SafetensorsFile.Open(folder["model.safetensors"]);
        using var published = SafetensorsFile.Open(Fixtures.Path("models", "tiny-llama", "model.safetensors"));

        Assert.Equal(published.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal), written.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        foreach (var tensor in published.Tensors) Assert.Equal(published.Read(tensor), written.Read(written.Tensor(tensor.Name)));
    }
}
