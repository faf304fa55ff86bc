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
