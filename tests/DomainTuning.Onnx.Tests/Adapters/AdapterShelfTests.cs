using System.Collections.Concurrent;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Adapters;

namespace DomainTuning.Onnx.Tests.Adapters;

public sealed class AdapterShelfTests : IDisposable
{
    private static readonly DateTime Old = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentQueue<LoadedAdapter> retired = new();
    private readonly DecoderShape shape;
    private readonly AdapterShelf shelf;
    private int loads;

    public AdapterShelfTests()
    {
        using var checkpoint = DecoderCheckpoint.Open(Fixtures.Path("adapters", "base-llama"));
        shape = checkpoint.Shape;
        shelf = new AdapterShelf(
            new AdapterFolders("tiny", folder["adapters"], folder["corpora"]),
            place =>
            {
                Interlocked.Increment(ref loads);
                _ = PeftFolder.Read(place.Path, shape);
                return new LoadedAdapter(place.Name, [], shape);
            },
            adapter =>
            {
                retired.Enqueue(adapter);
                return Task.CompletedTask;
            },
            TimeProvider.System);
    }

    [Fact]
    public async Task AnAdapterIsLoadedOnceForManyRequests()
    {
        Put("law", "lora-r8-attn");

        var leases = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => shelf.TakeAsync("law", TestContext.Current.CancellationToken)));

        Assert.Single(leases.Select(lease => lease.Adapter).Distinct());
        Assert.Equal(1, loads);
    }

    [Fact]
    public async Task ARequestKeepsTheAdapterItBeganWithWhenThatIsReplaced()
    {
        Put("law", "lora-r8-attn");
        var before = await shelf.TakeAsync("law", TestContext.Current.CancellationToken);
        Put("law", "lora-r8-attn-b", Old.AddDays(1));
        var after = await shelf.TakeAsync("law", TestContext.Current.CancellationToken);

        Assert.NotSame(before.Adapter, after.Adapter);
        Assert.Empty(retired);

        before.Dispose();
        before.Dispose(); // a second time gives nothing back

        Assert.Same(before.Adapter, await RetiredAsync());
        after.Dispose();
        using var again = await shelf.TakeAsync("law", TestContext.Current.CancellationToken);
        Assert.Same(after.Adapter, again.Adapter);
    }

    [Fact]
    public async Task AnAdapterThatIsGoneFromTheDiskIsFreedAndNoLongerFound()
    {
        Put("law", "lora-r8-attn");
        (await shelf.TakeAsync("law", TestContext.Current.CancellationToken)).Dispose();
        Directory.Delete(Path.Combine(folder["adapters"], "law"), recursive: true);

        var error = await Assert.ThrowsAsync<AdapterException>(() => shelf.TakeAsync("law", TestContext.Current.CancellationToken));

        Assert.Contains("no adapter 'law'", error.Message, StringComparison.Ordinal);
        Assert.Equal("law", (await RetiredAsync()).Name);
        Assert.Empty(shelf.Loaded);
    }

    [Fact]
    public async Task WhileFilesAreBeingWrittenTheFormerAdapterServes()
    {
        Put("law", "lora-r8-attn");
        var before = await shelf.TakeAsync("law", TestContext.Current.CancellationToken);
        File.WriteAllText(Path.Combine(folder["adapters"], "law", "adapter_config.json"), "{"); // now: half written

        using (var meanwhile = await shelf.TakeAsync("law", TestContext.Current.CancellationToken)) Assert.Same(before.Adapter, meanwhile.Adapter);

        File.SetLastWriteTimeUtc(Path.Combine(folder["adapters"], "law", "adapter_config.json"), Old.AddHours(1)); // and left like that
        await Assert.ThrowsAsync<AdapterException>(() => shelf.TakeAsync("law", TestContext.Current.CancellationToken));
        before.Dispose();
    }

    [Fact]
    public async Task ABrokenAdapterIsReadOnceUntilItsFilesChange()
    {
        Put("law", "lora-r8-attn");
        var config = Path.Combine(folder["adapters"], "law", "adapter_config.json");
        File.WriteAllText(config, "{");
        File.SetLastWriteTimeUtc(config, Old.AddHours(1));
        for (var i = 0; i < 3; i++) await Assert.ThrowsAsync<AdapterException>(() => shelf.TakeAsync("law", TestContext.Current.CancellationToken));
        Assert.Equal(1, loads);

        Put("law", "lora-r8-attn", Old.AddHours(2));
        using var lease = await shelf.TakeAsync("law", TestContext.Current.CancellationToken);

        Assert.Equal(2, loads);
    }

    [Fact]
    public async Task IdleAdaptersGiveWayToOthers()
    {
        for (var i = 0; i < 20; i++)
        {
            Put($"a{i}", "lora-r8-attn");
            (await shelf.TakeAsync($"a{i}", TestContext.Current.CancellationToken)).Dispose();
        }

        string[] longestUnused = [(await RetiredAsync()).Name, (await RetiredAsync()).Name, (await RetiredAsync()).Name, (await RetiredAsync()).Name];
        Assert.Equal(["a0", "a1", "a2", "a3"], longestUnused.Order(StringComparer.Ordinal));
        Assert.Equal(16, shelf.Loaded.Count);
    }

    [Fact]
    public void AnAdapterOfACorpusIsFoundUnlessItsCardNamesAnotherBase()
    {
        Put("mine", "lora-r8-attn");
        Put("law", "lora-r8-attn", root: Path.Combine(folder["corpora"], "statutes", "adapters"));
        Put("other", "lora-r8-attn", root: Path.Combine(folder["corpora"], "statutes", "adapters"));
        new AdapterCard { BaseModel = "large", BaseSha256 = "a", TemplateSha256 = "b", TokenizerSha256 = "c", Method = "lora" }.Write(Path.Combine(folder["corpora"], "statutes", "adapters", "other"));
        Put(".unfinished", "lora-r8-attn");

        Assert.Equal(["law", "mine"], shelf.Folders.All().Select(place => place.Name));
        Put("law", "lora-r8-attn");
        Assert.Contains("Rename", Assert.Throws<AdapterException>(() => shelf.Folders.Find("law")).Message, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private void Put(string name, string source, DateTime? changed = null, string? root = null)
    {
        var target = Directory.CreateDirectory(Path.Combine(root ?? folder["adapters"], name)).FullName;
        foreach (var file in new[] { "adapter_config.json", "adapter_model.safetensors" })
        {
            File.Copy(Fixtures.Path("adapters", source, file), Path.Combine(target, file), overwrite: true);
            File.SetLastWriteTimeUtc(Path.Combine(target, file), changed ?? Old);
        }
    }

    private async Task<LoadedAdapter> RetiredAsync()
    {
        LoadedAdapter? adapter;
        while (!retired.TryDequeue(out adapter)) await Task.Delay(5, TestContext.Current.CancellationToken);
        return adapter;
    }
}
