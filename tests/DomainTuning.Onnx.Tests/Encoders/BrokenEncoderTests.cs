using System.Text.Json.Nodes;
using DomainTuning.Checkpoints;
using DomainTuning.Onnx.Encoders;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Encoders;

public sealed class BrokenEncoderTests
{
    [Fact]
    public void ACutOnnxFileIsRefusedByItsLength()
    {
        using var folder = Copy(onnx: bytes => bytes[..^1000]);

        Assert.Contains("34013426 bytes", Refusal(folder).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.001)]
    [InlineData(0)]
    public void ACutOnnxFileWithoutARecordedLengthIsRefused(double share)
    {
        using var folder = Copy(onnx: bytes => bytes[..(int)(bytes.Length * share)], card: card => card["files"]![0]!["bytes"] = 0);

        Assert.Contains("Download it again", Refusal(folder).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingOnnxFileIsNamed()
    {
        using var folder = Copy(onnx: _ => null);

        Assert.Contains("model_int8.onnx", Refusal(folder).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingTokenizerIsNamed()
    {
        using var folder = Copy();
        File.Delete(folder["tokenizer.json"]);

        Assert.Contains("tokenizer.json", Assert.Throws<CheckpointException>(() => OnnxEmbedder.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ACardWithoutPoolingIsRefusedWithWhatToAdd()
    {
        using var folder = Copy(card: card => card.Remove("pooling"));

        Assert.Contains("\"pooling\"", Refusal(folder).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ACardWithOtherDimensionsThanTheGraphIsRefused()
    {
        using var folder = Copy(card: card => card["dimensions"] = 768);

        Assert.Contains("768", Refusal(folder).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("position_ids", "last_hidden_state", "position_ids")]
    [InlineData("input_ids", "sentence_embedding", "sentence_embedding")]
    public void InputsAndOutputsThatAreNotKnownAreNamed(string input, string output, string named)
    {
        var graph = new OnnxGraph();
        graph.Input(input, OnnxType.Int64, "batch", "length");
        graph.Output(output, OnnxType.Float, "batch", "length");
        graph.Node("Cast", [input], output, "", ("to", 1));
        using var folder = Copy(onnx: _ => graph.ToArray(), card: card =>
        {
            card.Remove("output");
            card["files"]![0]!["bytes"] = 0;
        });

        Assert.Contains(named, Refusal(folder).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnEncoderIsNoReranker() =>
        Assert.Contains("one label", Assert.Throws<ModelException>(() => OnnxReranker.Load(Fixtures.Model("bge-small-en-v1.5"))).Message, StringComparison.Ordinal);

#if !GPU
    [Fact]
    public void CudaInACpuBuildIsRefusedNotIgnored() =>
        Assert.Contains("Gpu=true", Assert.Throws<ModelException>(() => OnnxEmbedder.Load(Fixtures.Model("bge-small-en-v1.5"), new EncoderOptions { CudaDevice = 0 })).Message, StringComparison.Ordinal);
#endif

    private static ModelException Refusal(TemporaryFolder folder) => Assert.Throws<ModelException>(() => OnnxEmbedder.Load(folder.Path));

    /// <summary>The shipped English encoder with a change.</summary>
    private static TemporaryFolder Copy(Func<byte[], byte[]?>? onnx = null, Action<JsonObject>? card = null)
    {
        var (folder, source) = (new TemporaryFolder(), Fixtures.Model("bge-small-en-v1.5"));
        File.Copy(Path.Combine(source, "tokenizer.json"), folder["tokenizer.json"]);
        if (onnx is null) File.Copy(Path.Combine(source, "model_int8.onnx"), folder["model_int8.onnx"]);
        else if (onnx(File.ReadAllBytes(Path.Combine(source, "model_int8.onnx"))) is { } bytes) File.WriteAllBytes(folder["model_int8.onnx"], bytes);
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "card.json")))!.AsObject();
        card?.Invoke(json);
        File.WriteAllText(folder["card.json"], json.ToJsonString());
        return folder;
    }
}
