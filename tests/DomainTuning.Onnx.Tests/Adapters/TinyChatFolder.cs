using DomainTuning.Adapters;
using DomainTuning.Onnx.Adapters;

namespace DomainTuning.Onnx.Tests.Adapters;

/// <summary>A base of the adapter goldens as a whole chat model: with the tokenizer and template of the tiny model, whose vocabulary has the same 320 tokens.</summary>
internal sealed class TinyChatFolder : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public TinyChatFolder(string name)
    {
        Directory.CreateDirectory(Path);
        foreach (var file in Directory.GetFiles(Fixtures.Path("adapters", name))) File.Copy(file, System.IO.Path.Combine(Path, System.IO.Path.GetFileName(file)));
        foreach (var file in new[] { "tokenizer.json", "tokenizer_config.json" }) File.Copy(Fixtures.Path("models", "tiny-llama", file), System.IO.Path.Combine(Path, file));
        var config = System.IO.Path.Combine(Path, "config.json"); // a conversion reads windows of 512 tokens
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"max_position_embeddings\": 256", "\"max_position_embeddings\": 512", StringComparison.Ordinal));
        Model = BaseModel.Open("tiny", Path, folder["cache"], threads: 1);
    }

    public BaseModel Model { get; }

    /// <summary>The model's own folder.</summary>
    public string Path => folder["tiny"];

    /// <summary>Where results go, and the caches.</summary>
    public string this[string name] => folder[name];

    public static AdapterPlace Adapter(string name) => new(name, Fixtures.Path(["adapters", .. name.Split('/')]));

    public void Dispose()
    {
        Model.Dispose();
        folder.Dispose();
    }
}
