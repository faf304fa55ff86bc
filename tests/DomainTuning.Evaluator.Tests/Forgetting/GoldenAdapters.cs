using DomainTuning.Adapters;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Evaluator.Tests.Forgetting;

/// <summary>The tiny base of the adapter goldens with a tokenizer of its vocabulary's size, and PEFT adapters of it: as trained, and one whose update is nothing.</summary>
public sealed class GoldenAdapters : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    public OnnxChatClient Model { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var model = Directory.CreateDirectory(folder["tiny"]).FullName;
        foreach (var file in new[] { "config.json", "model.safetensors" }) File.Copy(Fixtures.Path("adapters", "base-llama", file), Path.Combine(model, file));
        foreach (var file in new[] { "tokenizer.json", "tokenizer_config.json" }) File.Copy(Fixtures.Path("models", "tiny-llama", file), Path.Combine(model, file));
        // Long enough for the text that every conversion is checked with.
        var shape = Path.Combine(model, "config.json");
        await File.WriteAllTextAsync(shape, (await File.ReadAllTextAsync(shape)).Replace("\"max_position_embeddings\": 256", "\"max_position_embeddings\": 512", StringComparison.Ordinal));
        foreach (var adapter in new[] { "lora-r16-all", "nothing" })
        {
            var place = Directory.CreateDirectory(Path.Combine(folder["adapters"], adapter)).FullName;
            foreach (var file in new[] { "adapter_config.json", "adapter_model.safetensors" }) File.Copy(Fixtures.Path("adapters", "lora-r16-all", file), Path.Combine(place, file));
        }

        // alpha 0 scales the update away.
        var config = Path.Combine(folder["adapters"], "nothing", "adapter_config.json");
        await File.WriteAllTextAsync(config, (await File.ReadAllTextAsync(config)).Replace("\"lora_alpha\": 32", "\"lora_alpha\": 0", StringComparison.Ordinal));
        Model = await OnnxChatClient.LoadAsync(model, folder["cache"], new ChatEngineOptions { Form = WeightForm.Float32, Adapters = new AdapterFolders("tiny", folder["adapters"]) });
    }

    public ValueTask DisposeAsync()
    {
        Model.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
