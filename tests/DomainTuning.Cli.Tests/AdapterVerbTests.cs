using System.Text.Json;

namespace DomainTuning.Cli.Tests;

/// <summary>A tiny model and the goldens' adapters through adapters import, merge, export and show.</summary>
public sealed class AdapterVerbTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    public async ValueTask InitializeAsync() =>
        await DoneAsync("models", "add", Fixtures.Path("gguf", "models", "tiny-llama-f32.gguf"), "--id", "tiny");

    public ValueTask DisposeAsync()
    {
        folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task AnAdapterGoesInIsMergedAndComesOutInEveryFormat()
    {
        var imported = await JsonAsync("adapters", "import", Fixtures.Path("adapters", "lora-r8-attn"), "--model", "tiny", "--as", "a", "--json");
        await DoneAsync("adapters", "import", Fixtures.Path("adapters", "lora-rslora"), "--model", "tiny", "--as", "b");
        Assert.Equal("tiny:a", imported.GetProperty("id").GetString());
        Assert.Contains("names the base 'base-llama'", imported.GetProperty("origin").GetString(), StringComparison.Ordinal);

        var mixed = await JsonAsync("adapters", "merge", "tiny", "a:0.5", "b:-0.25", "--as", "mix", "--json");
        Assert.Equal("tiny:mix", mixed.GetProperty("id").GetString());
        Assert.True(mixed.GetProperty("parity").GetProperty("passed").GetBoolean());

        foreach (var (format, target) in new[] { ("lora-gguf", "mix.gguf"), ("onnx-adapter", "mix.onnx_adapter"), ("peft", "mix-peft"), ("merged-safetensors", "mix-model") })
        {
            var written = await JsonAsync("adapters", "export", "tiny", "mix", folder[target], "--format", format, "--json");
            Assert.Equal(folder[target], written.GetProperty("path").GetString());
            Assert.True(File.Exists(Path.Combine(folder[target], "parity.json")) || File.Exists(folder[target + ".parity.json"]), format);
        }

        await DoneAsync("adapters", "import", folder["mix.gguf"], "--model", "tiny", "--as", "from-gguf");
        await DoneAsync("adapters", "import", folder["mix.onnx_adapter"], "--model", "tiny", "--as", "from-onnx");
        await DoneAsync("models", "add", folder["mix-model"], "--id", "mixed");

        var listed = await JsonAsync("adapters", "list", "--json");
        Assert.Equal(["tiny:a", "tiny:b", "tiny:from-gguf", "tiny:from-onnx", "tiny:mix"], listed.EnumerateArray().Select(row => row.GetProperty("id").GetString()));
        var shown = await JsonAsync("adapters", "show", "tiny:mix", "--json");
        Assert.Equal("merged: 0.5 · a + -0.25 · b", shown.GetProperty("card").GetProperty("origin").GetString());
        Assert.Equal("tiny", shown.GetProperty("parity").GetProperty("base").GetString());
        Assert.True((await JsonAsync("adapters", "load-check", "tiny:from-gguf", "--json")).GetProperty("inputs").GetInt32() > 0);
        Assert.Contains("parity.json", await DoneAsync("adapters", "show", "tiny:mix"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatCannotBeDoneIsOneSentenceAndLeavesNothing()
    {
        await DoneAsync("adapters", "import", Fixtures.Path("adapters", "lora-dora"), "--model", "tiny", "--as", "dora");
        await DoneAsync("adapters", "import", Fixtures.Path("adapters", "lora-r8-attn"), "--model", "tiny", "--as", "a");

        foreach (var (exit, expected, args) in new (int, string, string[])[]
                 {
                     (1, "DoRA", ["adapters", "export", "tiny", "dora", folder["x"], "--format", "lora-gguf"]),
                     (1, "DoRA", ["adapters", "merge", "tiny", "a", "dora", "--as", "x"]),
                     (1, "'zzz'", ["adapters", "merge", "tiny", "zzz", "--as", "x"]),
                     (2, "weight", ["adapters", "merge", "tiny", "a:much", "--as", "x"]),
                     (2, "name", ["adapters", "merge", "tiny", "a", "--as", "../x"]),
                     (1, "already", ["adapters", "merge", "tiny", "a", "--as", "dora"]),
                     (1, "another model", ["adapters", "import", Wider(), "--model", "tiny", "--as", "x"]),
                 })
        {
            var (code, _, error) = await RunAsync(args);
            Assert.Equal(exit, code);
            Assert.Contains(expected, error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        }

        Assert.False(Path.Exists(folder["x"]));
        Assert.Equal(["a", "dora"], Directory.EnumerateFileSystemEntries(folder[".domaintuning/adapters/tiny"]).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    /// <summary>An adapter whose rank is not what its configuration says.</summary>
    private string Wider()
    {
        Directory.CreateDirectory(folder["wider"]);
        File.Copy(Fixtures.Path("adapters", "lora-r16-all", "adapter_model.safetensors"), Path.Combine(folder["wider"], "adapter_model.safetensors"));
        File.Copy(Fixtures.Path("adapters", "lora-r8-attn", "adapter_config.json"), Path.Combine(folder["wider"], "adapter_config.json"));
        return folder["wider"];
    }

    private async Task<JsonElement> JsonAsync(params string[] args) => JsonElement.Parse(await DoneAsync(args));

    private async Task<string> DoneAsync(params string[] args)
    {
        var (exit, output, error) = await RunAsync(args);
        Assert.True(exit == 0, error);
        return output;
    }

    private async Task<(int Exit, string Output, string Error)> RunAsync(string[] args)
    {
        using StringWriter output = new(), error = new();
        var exit = await CommandLine.RunAsync([.. args, "--workspace", folder.Path], output, error, TestContext.Current.CancellationToken);
        return (exit, output.ToString(), error.ToString());
    }
}
