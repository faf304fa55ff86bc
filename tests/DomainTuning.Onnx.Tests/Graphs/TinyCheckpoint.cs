using DomainTuning.Checkpoints.Decoders;

namespace DomainTuning.Onnx.Tests.Graphs;

/// <summary>
/// A tiny model of the fixtures, opened. "tiny-llama" is its GGUF file, "folder/tiny-llama" its folder, "v5/tiny-llama" the folder with the newer
/// spelling of config.json. A variant ("folder/tiny-llama/bf16") has its own config and golden, and the weights of the folder above where it has none.
/// </summary>
internal sealed class TinyCheckpoint : IDisposable
{
    private readonly TemporaryFolder? folder;

    public TinyCheckpoint(string name)
    {
        var parts = name.Split('/');
        if (parts is [var gguf])
        {
            Checkpoint = DecoderCheckpoint.Open(gguf.Contains("-q8_0", StringComparison.Ordinal) ? Fixtures.Path("gguf", "models", gguf + ".gguf") : TinyDecoder.Gguf(gguf));
            return;
        }

        var source = Fixtures.Path(["models", .. parts[1..]]);
        var weights = Directory.GetFiles(source, "*.safetensors*");
        if (weights.Length == 0) weights = Directory.GetFiles(Path.GetDirectoryName(source)!, "*.safetensors*");
        folder = new TemporaryFolder();
        foreach (var path in weights) File.Copy(path, folder[Path.GetFileName(path)]);
        File.Copy(Path.Combine(source, parts[0] == "v5" ? "config.v5.json" : "config.json"), folder["config.json"]);
        Checkpoint = DecoderCheckpoint.Open(folder.Path);
    }

    public DecoderCheckpoint Checkpoint { get; }

    /// <summary>The reference's results.</summary>
    public static string Golden(string name)
    {
        var parts = name.Split('/');
        if (parts is [var gguf]) return gguf.Contains("-q8_0", StringComparison.Ordinal) ? Fixtures.Path("gguf", "models", gguf + ".golden.json") : Fixtures.Path("models", gguf, "golden.json");
        var own = Fixtures.Path(["models", .. parts[1..], "golden.json"]);
        return File.Exists(own) ? own : Fixtures.Path("models", parts[1], "golden.json");
    }

    public void Dispose()
    {
        Checkpoint.Dispose();
        folder?.Dispose();
    }
}
