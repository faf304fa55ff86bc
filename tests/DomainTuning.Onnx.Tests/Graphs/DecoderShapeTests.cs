using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Graphs;

public sealed class DecoderShapeTests
{
    [Fact]
    public void TheShippedModelIsRead()
    {
        using var file = GgufFile.Open(Path.Combine(Fixtures.Model("smollm2-135m-instruct"), "SmolLM2-135M-Instruct.Q4_1.gguf"));

        var shape = DecoderShape.Read(file);

        Assert.Equal(new DecoderShape(30, 576, 9, 3, 64, 1536, 49152, 8192, 100000, 1, 1e-5f, Tied: true), shape);
        Assert.Equal(134_479_872, shape.Parameters); // the card's 134,515,008 less the 61 norms of 576
    }

    [Fact]
    public void AnotherArchitectureIsRefusedByName()
    {
        using var file = GgufFile.Open(TinyDecoder.Gguf("tiny-qwen2"));

        var error = Assert.Throws<CheckpointException>(() => DecoderShape.Read(file));

        Assert.Contains("has the architecture 'qwen2'; the chat engine computes 'llama'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blk.0.attn_q.bias")]
    [InlineData("blk.0.ffn_gate_exps.weight")]
    [InlineData("blk.3.attn_norm.weight")] // a layer too many
    [InlineData("mystery")]
    public void ATensorThatTheGraphWouldNotComputeHasNoPlace(string name)
    {
        using var file = GgufFile.Open(TinyDecoder.Gguf("tiny-llama"));

        Assert.Null(LlamaGgufWeights.ExpectedShape(DecoderShape.Read(file), name));
    }

    [Fact]
    public void ATruncatedFileIsRefused()
    {
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(TinyDecoder.Gguf("tiny-llama"));
        File.WriteAllBytes(folder["cut.gguf"], bytes[..(bytes.Length / 2)]);

        Assert.Throws<CheckpointException>(() => GgufFile.Open(folder["cut.gguf"]));
    }

    [Fact]
    public void MetadataThatContradictsTheTensorsIsRefused()
    {
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(TinyDecoder.Gguf("tiny-llama"));
        var key = "llama.feed_forward_length"u8;
        bytes[bytes.AsSpan().IndexOf(key) + key.Length + 4] = 161; // the number behind the key and its type; the tensors are 160 wide
        File.WriteAllBytes(folder["wide.gguf"], bytes);
        using var file = GgufFile.Open(folder["wide.gguf"]);

        var error = Assert.Throws<CheckpointException>(() => DecoderShape.Read(file));

        Assert.Contains("its metadata asks for", error.Message, StringComparison.Ordinal);
    }
}
