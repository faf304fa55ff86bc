using System.Text;
using DomainTuning.Checkpoints.Library;

namespace DomainTuning.Checkpoints.Tests.Library;

/// <summary>Downloads, against a hub on the loopback interface: nothing large before the model is judged, nothing lost when the line breaks.</summary>
public sealed class AddingFromTheHubTests : IDisposable
{
    private static readonly byte[] TinyDecoder = File.ReadAllBytes(Fixtures.Path("gguf", "models", "tiny-llama-q8_0.gguf"));
    private readonly TemporaryFolder _folder = new();
    private readonly LoopbackHub _hub = new();
    private readonly ModelLibrary _library;

    public AddingFromTheHubTests()
    {
        _library = new ModelLibrary(_folder["models"]);
        _hub.Files["tiny-llama.gguf"] = TinyDecoder;
        _hub.Files["README.md"] = "hello"u8.ToArray();
        _hub.Files["LICENSE"] = "Apache"u8.ToArray();
    }

    private AddModelOptions Options => new() { Endpoint = _hub.Endpoint, RetryDelay = TimeSpan.Zero, Token = "secret" };

    public void Dispose()
    {
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task AChatModelArrivesWithItsCard()
    {
        var reports = new Reports();

        var card = await _library.AddAsync("someone/tiny-model", Options, reports, TestContext.Current.CancellationToken);

        Assert.Equal(("tiny-model", ModelKind.Chat, "llama", "apache-2.0"), (card.Id, card.Kind, card.Architecture, card.Licence));
        Assert.Equal($"someone/tiny-model@{LoopbackHub.Commit}", card.Source);
        Assert.Equal(["en", "de"], card.Languages);
        Assert.Equal(["tiny-llama.gguf", "LICENSE"], card.Files.Select(file => file.Path));
        Assert.Equal(TinyDecoder, File.ReadAllBytes(card.WeightsPath));
        Assert.Empty(await card.VerifyAsync(TestContext.Current.CancellationToken));
        Assert.Equivalent(card, _library.Find("Tiny-Model"));
        Assert.Equal(TinyDecoder.Length + 6, reports.Last.Bytes);
        Assert.Equal(reports.Last.TotalBytes, reports.Last.Bytes);
        Assert.Equal(["tiny-model"], Directory.GetDirectories(_library.Folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task ABrokenConnectionIsTakenUpWhereItBroke()
    {
        _hub.BreakAfter.Enqueue(50_000);
        _hub.BreakAfter.Enqueue(40_000);

        var card = await _library.AddAsync("someone/tiny-model", Options, null, TestContext.Current.CancellationToken);

        Assert.Equal(TinyDecoder, File.ReadAllBytes(card.WeightsPath));
        Assert.Contains(_hub.Requests, request => request.Contains("bytes=50000-", StringComparison.Ordinal));
        Assert.Contains(_hub.Requests, request => request.Contains("bytes=90000-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ADownloadThatKeepsBreakingIsKeptAndGoesOnNextTime()
    {
        for (var i = 0; i < 4; i++) _hub.BreakAfter.Enqueue(i == 0 ? 60_000 : 0);

        var error = await Assert.ThrowsAsync<CheckpointException>(() => _library.AddAsync("someone/tiny-model", Options with { Retries = 3 }, null, TestContext.Current.CancellationToken));

        Assert.Contains("broke off at 60.0 kB", error.Message, StringComparison.Ordinal);
        Assert.Contains("run the command again", error.Message, StringComparison.Ordinal);
        Assert.Empty(_library.List());
        Assert.Empty(_library.Problems());
        var card = await _library.AddAsync("someone/tiny-model", Options, null, TestContext.Current.CancellationToken);
        Assert.Equal(TinyDecoder, File.ReadAllBytes(card.WeightsPath));
        Assert.Contains("bytes=60000-", _hub.Requests.Last(request => request.Contains("storage/tiny-llama.gguf", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CancellingLeavesAPartToGoOnFrom()
    {
        using var cancellation = new CancellationTokenSource();
        var cancelAtFirstBytes = new Reports(progress =>
        {
            if (progress.Bytes > 0) cancellation.Cancel();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _library.AddAsync("someone/tiny-model", Options, cancelAtFirstBytes, cancellation.Token));

        var part = Assert.Single(Directory.GetFiles(_library.Folder, "*.part", SearchOption.AllDirectories));
        Assert.InRange(new FileInfo(part).Length, 1, TinyDecoder.Length);
        var card = await _library.AddAsync("someone/tiny-model", Options, null, TestContext.Current.CancellationToken);
        Assert.Equal(TinyDecoder, File.ReadAllBytes(card.WeightsPath));
    }

    [Fact]
    public async Task AServerThatIgnoresRangeIsReadFromTheStart()
    {
        _hub.IgnoreRange = true;
        _hub.BreakAfter.Enqueue(50_000);

        var card = await _library.AddAsync("someone/tiny-model", Options, null, TestContext.Current.CancellationToken);

        Assert.Equal(TinyDecoder, File.ReadAllBytes(card.WeightsPath));
    }

    [Fact]
    public async Task AWrongHashLeavesNothingBehind()
    {
        _hub.WrongSha256 = new string('a', 64);

        var error = await Assert.ThrowsAsync<CheckpointException>(() => _library.AddAsync("someone/tiny-model", Options, null, TestContext.Current.CancellationToken));

        Assert.Contains("arrived damaged", error.Message, StringComparison.Ordinal);
        Assert.Contains(new string('a', 64), error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(_library.Folder));
    }

    [Theory]
    [InlineData("llama", "mamba", "architecture 'mamba', which cannot run here; supported chat architectures are llama")]
    [InlineData("gpt2", "spm!", "has the tokenizer 'spm!', which is not supported; supported are gpt2")]
    [InlineData("smollm", "tekken", "pre-tokenizer 'tekken', which this version does not know")]
    public async Task WhatCannotRunIsRefusedAfterAFewKilobytes(string before, string after, string expected)
    {
        _hub.Files["tiny-llama.gguf"] = Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(TinyDecoder).Replace(before, after, StringComparison.Ordinal));

        var error = await Assert.ThrowsAsync<CheckpointException>(() => _library.AddAsync("someone/tiny-model", Options, null, TestContext.Current.CancellationToken));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.All(_hub.Requests.Where(request => request.Contains("tiny-llama", StringComparison.Ordinal)), request => Assert.Contains("bytes=0-262143", request, StringComparison.Ordinal));
        Assert.False(Directory.Exists(_library.Folder));
    }

    [Fact]
    public async Task TheTokenGoesToTheHubButNotToItsStorage()
    {
        _hub.Token = "secret";

        await _library.AddAsync("someone/tiny-model", Options, null, TestContext.Current.CancellationToken);

        Assert.All(_hub.Requests, request => Assert.Equal(!request.Contains("/storage/", StringComparison.Ordinal), request.EndsWith("Bearer secret", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AGatedModelSaysHowToGetIn()
    {
        _hub.Token = "another";

        var error = await Assert.ThrowsAsync<CheckpointException>(() => _library.AddAsync("someone/tiny-model", Options, null, TestContext.Current.CancellationToken));

        Assert.Contains("(401): it is private, gated, or does not exist", error.Message, StringComparison.Ordinal);
        Assert.Contains("HF_TOKEN", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("someone/tiny-modle", "does not know someone/tiny-modle (404). Check the spelling")]
    [InlineData("someone/tiny-model@v9", "has no revision 'v9'")]
    [InlineData("someone/tiny-model:Q2_K", "has no file like 'Q2_K'. It offers tiny-llama.gguf (")]
    public async Task WhatTheHubDoesNotHaveIsNamed(string source, string expected)
    {
        var error = await Assert.ThrowsAsync<CheckpointException>(() => _library.AddAsync(source, Options, null, TestContext.Current.CancellationToken));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AHubThatIsBusyIsAskedAgain()
    {
        _hub.Unavailable = 2;

        Assert.Equal("tiny-model", (await _library.AddAsync("someone/tiny-model", Options, null, TestContext.Current.CancellationToken)).Id);
    }

    [Fact]
    public async Task AHubThatIsNotThereIsNamedWithTheRemedy()
    {
        var options = Options with { Endpoint = new Uri("http://127.0.0.1:9"), Retries = 1 };

        var error = await Assert.ThrowsAsync<CheckpointException>(() => _library.AddAsync("someone/tiny-model", options, null, TestContext.Current.CancellationToken));

        Assert.Contains("http://127.0.0.1:9/ cannot be reached", error.Message, StringComparison.Ordinal);
        Assert.Contains("HF_ENDPOINT", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SeveralFilesAreListedAndOneIsChosenByAPartOfItsName()
    {
        _hub.Files["tiny-llama.Q4_K_M.gguf"] = TinyDecoder;

        var error = await Assert.ThrowsAsync<CheckpointException>(() => _library.AddAsync("someone/tiny-model", Options, null, TestContext.Current.CancellationToken));
        var card = await _library.AddAsync("someone/tiny-model:q4_k_m", Options, null, TestContext.Current.CancellationToken);

        Assert.Contains("offers several files: tiny-llama.gguf (", error.Message, StringComparison.Ordinal);
        Assert.Equal("tiny-llama.Q4_K_M.gguf", card.Weights.Path);
    }

    [Fact]
    public async Task OfflineOpensNoConnection()
    {
        var error = await Assert.ThrowsAsync<CheckpointException>(() => _library.AddAsync("someone/tiny-model", Options with { Offline = true }, null, TestContext.Current.CancellationToken));

        Assert.Contains("--offline forbids", error.Message, StringComparison.Ordinal);
        Assert.Empty(_hub.Requests);
    }

    [Fact]
    public async Task AFullDiskIsNoticedBeforeTheDownload()
    {
        var library = new ModelLibrary(_folder["models"]) { FreeBytes = _ => 65L << 20 };
        _hub.Files["tiny-llama.gguf"] = [.. TinyDecoder, .. new byte[2 << 20]];

        var error = await Assert.ThrowsAsync<CheckpointException>(() => library.AddAsync("someone/tiny-model", Options, null, TestContext.Current.CancellationToken));

        Assert.Contains("needs 2.3 MB", error.Message, StringComparison.Ordinal);
        Assert.Contains("the disk has 68.2 MB left", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(library.Folder));
    }

    [Fact]
    public async Task AnEncoderIsFetchedWithExactlyWhatItNeeds()
    {
        _hub.Repository = "someone/tiny-encoder";
        _hub.Files.Clear();
        foreach (var (path, content) in TinyRepositories.Encoder) _hub.Files[path] = content;
        _hub.Files["onnx/model_quantized.onnx"] = new byte[5000];
        _hub.Files["pytorch_model.bin"] = new byte[100_000];

        var card = await _library.AddAsync("someone/tiny-encoder", Options, null, TestContext.Current.CancellationToken);

        Assert.Equal((ModelKind.Encoder, "bert", "cls", true, 32, 64), (card.Kind, card.Architecture, card.Pooling, card.Normalise, card.Dimensions, card.MaxTokens));
        Assert.Equal("onnx/model.onnx", card.Weights.Path);
        Assert.DoesNotContain(card.Files, file => file.Path is "pytorch_model.bin" or "onnx/model_quantized.onnx");
        Assert.Equivalent(card, _library.Find("tiny-encoder"));
    }

    /// <summary>Reports at once, on the thread of the work.</summary>
    private sealed class Reports(Action<AddProgress>? then = null) : IProgress<AddProgress>
    {
        public AddProgress Last { get; private set; }

        public void Report(AddProgress value)
        {
            Assert.True(value.Bytes >= Last.Bytes && value.Bytes <= value.TotalBytes);
            Last = value;
            then?.Invoke(value);
        }
    }
}
