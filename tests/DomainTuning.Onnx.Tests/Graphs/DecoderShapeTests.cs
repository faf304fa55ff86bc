using System.Text.Json.Nodes;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Graphs;

public sealed class DecoderShapeTests
{
    [Fact]
    public void TheShippedModelIsRead()
    {
        using var checkpoint = DecoderCheckpoint.Open(Fixtures.Model("smollm2-135m-instruct"));

        Assert.Equal("smollm2-135m-instruct", checkpoint.Name);
        Assert.Equal(new DecoderShape(30, 576, 9, 3, 64, 1536, 49152, 8192, new RopeShape(100000), 1e-5f, Tied: true), checkpoint.Shape);
        Assert.Equal(134_479_872, checkpoint.Shape.Parameters); // the card's 134,515,008 less the 61 norms of 576
        Assert.True(checkpoint.Weights.Share(NibbleBlocks.Holds) > 0.5);
    }

    [Theory]
    [InlineData("tiny-llama")]
    [InlineData("tiny-qwen2")]
    [InlineData("tiny-qwen3")]
    [InlineData("v5/tiny-llama")]
    [InlineData("v5/tiny-llama3")]
    [InlineData("v5/tiny-qwen2")]
    [InlineData("v5/tiny-qwen3")]
    [InlineData("v5/tiny-mistral")]
    [InlineData("v5/tiny-phi3")]
    public void EveryKindOfFileSaysTheSame(string name)
    {
        using var one = new TinyCheckpoint(name);
        using var other = new TinyCheckpoint("folder/" + name.Split('/')[^1]);

        Assert.Equal(other.Checkpoint.Shape, one.Checkpoint.Shape);
    }

    [Fact]
    public void WindowsAndTheirRopeAreReadLayerByLayer()
    {
        foreach (var name in new[] { "folder/tiny-gemma3", "v5/tiny-gemma3" })
        {
            using var gemma = new TinyCheckpoint(name);
            Assert.Equal([16, 16, 0], gemma.Checkpoint.Shape.Windows!);
            Assert.Equal((new RopeShape(1_000_000), new RopeShape(10_000)), (gemma.Checkpoint.Shape.Rope, gemma.Checkpoint.Shape.WindowRope));
        }

        using var sliding = new TinyCheckpoint("folder/tiny-mistral/sliding24");
        Assert.Equal([24, 24], sliding.Checkpoint.Shape.Windows!);
    }

    [Fact]
    public void AMissingWindowIsFourThousandForMistralAndNoneForOthers()
    {
        Assert.Equal([4096, 4096], Open("tiny-mistral", config => config.Remove("sliding_window")).Windows!);
        Assert.Null(Open("tiny-mistral", config => config["sliding_window"] = null).Windows);
        Assert.Null(Open("tiny-qwen2", config => config["sliding_window"] = 8).Windows); // use_sliding_window is false
        Assert.Equal([0, 8], Open("tiny-qwen2", config => (config["sliding_window"], config["use_sliding_window"], config["max_window_layers"]) = (8, true, 1)).Windows!);
    }

    [Theory]
    [InlineData("tiny-llama", """{ "model_type": "mixtral" }""", "has the model_type 'mixtral'; the chat engine computes llama,")]
    [InlineData("tiny-llama", """{ "rope_scaling": { "rope_type": "yarn", "factor": 4 } }""", "'yarn'")]
    [InlineData("tiny-llama", """{ "rope_scaling": { "type": "dynamic", "factor": 4 } }""", "'dynamic'")]
    [InlineData("tiny-phi3", """{ "rope_scaling": { "type": "longrope", "long_factor": [1] } }""", "'longrope'")]
    [InlineData("tiny-phi3", """{ "partial_rotary_factor": 0.75 }""", "partial_rotary_factor")]
    [InlineData("tiny-gemma3", """{ "final_logit_softcapping": 30.0 }""", "final_logit_softcapping")]
    [InlineData("tiny-llama", """{ "hidden_act": "relu" }""", "the activation 'relu'")]
    [InlineData("tiny-llama", """{ "num_key_value_heads": 3 }""", "4 query heads over 3")]
    [InlineData("tiny-llama", """{ "intermediate_size": 161 }""", "its metadata asks for [161, 64]")]
    [InlineData("tiny-llama", """{ "num_hidden_layers": 2 }""", "holds the tensor model.layers.2.")]
    [InlineData("tiny-llama", """{ "tie_word_embeddings": false }""", "lacks the tensor lm_head.weight")]
    [InlineData("tiny-qwen3", """{ "head_dim": 24 }""", "norms heads of 24 values")]
    [InlineData("tiny-llama", """{ "quantization_config": { "quant_method": "gptq" } }""", "'gptq'")]
    public void WhatTheGraphWouldNotComputeIsRefusedByName(string name, string changes, string expected)
    {
        var error = Assert.Throws<CheckpointException>(() => Open(name, config =>
        {
            foreach (var (key, value) in JsonNode.Parse(changes)!.AsObject()) config[key] = value?.DeepClone();
        }));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blk.0.attn_q.weight", "blk.0.attn_q.weighs", "lacks the tensor blk.0.attn_q.weight")]
    [InlineData("llama.attention.head_count_kv", "llama.attention.clamp_kqv_xx", "holds blk.0.attn_k.weight")] // so many key heads as query heads
    [InlineData("\u0005\0\0\0\0\0\0\0llama", "\u0005\0\0\0\0\0\0\0lemma", "has the architecture 'lemma'; the chat engine computes llama")]
    public void AGgufFileThatSaysSomethingElseIsRefused(string old, string replacement, string expected)
    {
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(TinyDecoder.Gguf("tiny-llama"));
        System.Text.Encoding.UTF8.GetBytes(replacement).CopyTo(bytes.AsSpan(bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(old))));
        File.WriteAllBytes(folder["other.gguf"], bytes);

        var error = Assert.Throws<CheckpointException>(() => DecoderCheckpoint.Open(folder["other.gguf"]));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
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

        var error = Assert.Throws<CheckpointException>(() => DecoderCheckpoint.Open(folder["wide.gguf"]));

        Assert.Contains("its metadata asks for", error.Message, StringComparison.Ordinal);
    }

    private static DecoderShape Open(string name, Action<JsonObject> change)
    {
        using var folder = new TemporaryFolder();
        File.Copy(Fixtures.Path("models", name, "model.safetensors"), folder["model.safetensors"]);
        var config = JsonNode.Parse(File.ReadAllText(Fixtures.Path("models", name, "config.json")))!.AsObject();
        change(config);
        File.WriteAllText(folder["config.json"], config.ToJsonString());
        using var checkpoint = DecoderCheckpoint.Open(folder.Path);
        return checkpoint.Shape;
    }
}
