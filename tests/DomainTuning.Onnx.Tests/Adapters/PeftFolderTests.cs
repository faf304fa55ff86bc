using System.Text.Json;
using System.Text.Json.Nodes;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Adapters;

namespace DomainTuning.Onnx.Tests.Adapters;

public sealed class PeftFolderTests
{
    public static TheoryData<string> MinimalConfigs => [.. Minimal().Select(pair => pair.Key)];

    [Theory]
    [MemberData(nameof(MinimalConfigs))]
    public void TheSmallestConfigOfPeftIsEnough(string name)
    {
        var golden = AdapterGolden.Read(name);
        using var model = new AdapterBase(golden.Base);
        using var folder = new TemporaryFolder();
        Copy(name, folder.Path, Minimal().Single(pair => pair.Key == name).Value);
        using var adapter = model.Load(PeftFolder.Read(folder.Path, model.Checkpoint.Shape));

        AdapterGolden.Check(golden.Json.GetProperty("adapter_enabled"), model, adapter);
    }

    [Theory]
    [InlineData("r", "12", "q_proj.lora_A.weight")] // another rank than the tensors have
    [InlineData("target_modules", """["q_proj", "k_proj", "v_proj"]""", "lacks the tensor 'base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight'")]
    [InlineData("target_modules", """["q_proj"]""", "v_proj.lora_A.weight', which adapter_config.json does not account for")]
    [InlineData("target_modules", """["q_proj", "v_proj", "query_key_value"]""", "query_key_value")]
    [InlineData("layers_to_transform", "[1]", "layers.0.self_attn.q_proj.lora_A.weight', which")]
    [InlineData("exclude_modules", """["v_proj"]""", "v_proj.lora_A.weight', which")]
    [InlineData("modules_to_save", """["input_layernorm"]""", "input_layernorm")]
    [InlineData("peft_type", "\"BOTTLENECK\"", "BOTTLENECK")]
    [InlineData("peft_type", "\"IA3\"", "IA3")]
    [InlineData("trainable_token_indices", "[1, 2]", "trainable_token_indices")]
    [InlineData("some_new_field_of_2027", "{\"x\": 1}", "some_new_field_of_2027")]
    [InlineData("target_modules", "\"(\"", "expression")]
    [InlineData("r", "\"eight\"", "says r = \"eight\"")]
    public void WhatAConfigGetsWrongIsNamed(string field, string value, string expected)
    {
        using var folder = new TemporaryFolder();
        var config = JsonNode.Parse(File.ReadAllText(Fixtures.Path("adapters", "lora-r8-attn", "adapter_config.json")))!.AsObject();
        config[field] = JsonNode.Parse(value);
        Copy("lora-r8-attn", folder.Path, config.ToJsonString());

        var error = Assert.Throws<AdapterException>(() => PeftFolder.Read(folder.Path, Shape("base-llama")));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\".*\\\\.(q|v)_proj\"")] // a text is an expression over the whole name
    [InlineData("""["model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj", "model.layers.2.self_attn.q_proj", "v_proj"]""")]
    [InlineData("null")] // then the file says it
    public void TargetsAreNamesOrAnExpression(string targets)
    {
        using var folder = new TemporaryFolder();
        var config = JsonNode.Parse(File.ReadAllText(Fixtures.Path("adapters", "lora-r8-attn", "adapter_config.json")))!.AsObject();
        config["target_modules"] = JsonNode.Parse(targets);
        Copy("lora-r8-attn", folder.Path, config.ToJsonString());

        Assert.Equal(6, PeftFolder.Read(folder.Path, Shape("base-llama")).Modules.Count);
    }

    [Fact]
    public void AllLinearMeansEveryLayerButTheHead()
    {
        using var folder = new TemporaryFolder();
        var config = JsonNode.Parse(File.ReadAllText(Fixtures.Path("adapters", "lora-r16-all", "adapter_config.json")))!.AsObject();
        config["target_modules"] = "all-linear";
        Copy("lora-r16-all", folder.Path, config.ToJsonString());

        Assert.Equal(21, PeftFolder.Read(folder.Path, Shape("base-llama")).Modules.Count);
    }

    [Fact]
    public void AnAdapterOfAnotherModelIsRefused()
    {
        var wider = Shape("base-llama") with { Hidden = 96 };

        var error = Assert.Throws<AdapterException>(() => PeftFolder.Read(Fixtures.Path("adapters", "lora-r8-attn"), wider));
        Assert.Contains("adapter of another model", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStoredBaseMatrixThatIsNotTheServedOneIsRefused()
    {
        using var model = new AdapterBase("base-qwen2"); // of the same shape, with other weights
        var adapter = model.Read("lora-embed-auto");

        var error = Assert.Throws<AdapterException>(() => model.Load(adapter));
        Assert.Contains("base_layer.weight", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NumbersThatAreNotFiniteAreRefused()
    {
        using var folder = new TemporaryFolder();
        using var source = SafetensorsFile.Open(Fixtures.Path("adapters", "lora-r8-attn", "adapter_model.safetensors"));
        Copy("lora-r8-attn", folder.Path, File.ReadAllText(Fixtures.Path("adapters", "lora-r8-attn", "adapter_config.json")));
        using (var writer = new SafetensorsWriter(folder["adapter_model.safetensors"], [.. source.Tensors.Select(tensor => (tensor.Name, tensor.Shape.ToArray()))]))
        {
            foreach (var tensor in source.Tensors)
            {
                var values = source.Read(tensor);
                if (tensor == source.Tensors[3]) values[5] = float.NaN;
                writer.Append(values);
            }

            writer.Complete();
        }

        var error = Assert.Throws<AdapterException>(() => PeftFolder.Read(folder.Path, Shape("base-llama")));
        Assert.Contains(source.Tensors[3].Name, error.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Minimal()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Path("adapters", "minimal-configs.json")));
        return json.RootElement.GetProperty("kinds").EnumerateObject().Where(kind => kind.Name.StartsWith("lora", StringComparison.Ordinal))
            .ToDictionary(kind => kind.Name, kind => kind.Value.GetProperty("minimal_config").GetRawText());
    }

    private static void Copy(string name, string folder, string config)
    {
        File.Copy(Fixtures.Path("adapters", name, "adapter_model.safetensors"), Path.Combine(folder, "adapter_model.safetensors"), overwrite: true);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), config);
    }

    private static DecoderShape Shape(string name)
    {
        using var checkpoint = DecoderCheckpoint.Open(Fixtures.Path("adapters", name));
        return checkpoint.Shape;
    }
}
