using DomainTuning.Checkpoints.Library;

namespace DomainTuning.Checkpoints.Tests.Library;

/// <summary>What a model needs in memory is computed from its checkpoint, and a model that has no room is refused with what would fit.</summary>
public sealed class MemoryNeedTests : IDisposable
{
    private static readonly ChatDimensions Llama8B = new(Layers: 32, KeyValueHeads: 8, HeadDimensions: 128, ContextTokens: 131_072, Parameters: 8_030_261_248);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void KeysAndValuesGrowWithContextAndRequests()
    {
        var one = MemoryNeed.Of(Llama8B, 8192, requests: 1);
        var four = MemoryNeed.Of(Llama8B, 8192, requests: 4);

        Assert.Equal(2L * 32 * 8 * 128 * 4, one.CacheBytesPerToken);
        Assert.Equal(8192 * one.CacheBytesPerToken, one.CacheBytes);
        Assert.Equal(4 * one.CacheBytes, four.CacheBytes);
        Assert.Equal(one.WeightBytes, four.WeightBytes);
        Assert.Equal(8192, one.LargestContext(one.Bytes));
        Assert.Equal(0, one.LargestContext(one.WeightBytes));
    }

    [Fact]
    public void TheContextEndsWhereTheModelsTrainingDid() => Assert.Equal(131_072, MemoryNeed.Of(Llama8B, 1_000_000, 1).ContextTokens);

    [Fact]
    public void OnlyLargeModelsThatAreInFourBitsAlreadyStayInThem()
    {
        Assert.Equal((long)(8_030_261_248 * 0.75), MemoryNeed.Of(Llama8B with { IsFourBit = true }, 1, 1).WeightBytes);
        Assert.Equal((long)(8_030_261_248 * 1.15625), MemoryNeed.Of(Llama8B, 1, 1).WeightBytes);
        Assert.Equal((long)(1_000_000_000 * 1.15625), MemoryNeed.Of(Llama8B with { Parameters = 1_000_000_000, IsFourBit = true }, 1, 1).WeightBytes);
    }

    [Fact]
    public void TheShippedModelsNumbersComeFromItsFile()
    {
        var card = ModelLibrary.Open(Fixtures.Model("smollm2-135m-instruct"));

        Assert.Equal(new ChatDimensions(30, 3, 64, 8192, 134_515_008, IsFourBit: true), ChatDimensions.Of(card));
    }

    [Fact]
    public void AFoldersNumbersComeFromItsConfiguration()
    {
        TinyRepositories.Chat.Write(_folder["tiny"]);

        Assert.Equal(new ChatDimensions(2, 2, 16, 512, 320L * 64 + 64), ChatDimensions.Of(ModelLibrary.Open(_folder["tiny"])));
    }

    [Fact]
    public async Task AModelThatDoesNotFitIsRefusedWithWhatWould()
    {
        var config = TinyRepositories.LlamaConfig.Replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 32", StringComparison.Ordinal)
            .Replace("\"hidden_size\": 64", "\"hidden_size\": 4096", StringComparison.Ordinal).Replace("\"intermediate_size\": 128", "\"intermediate_size\": 14336", StringComparison.Ordinal)
            .Replace("\"max_position_embeddings\": 512", "\"max_position_embeddings\": 8192", StringComparison.Ordinal);
        TinyRepositories.Chat.With("config.json", config).Write(_folder["large"]);
        ModelLibrary Library(double gigabytes) => new(_folder["models"]) { AvailableMemory = () => (long)(gigabytes * 1e9) };

        var none = await Assert.ThrowsAsync<CheckpointException>(() => Library(3).AddAsync(_folder["large"], null, null, TestContext.Current.CancellationToken));
        var some = await Assert.ThrowsAsync<CheckpointException>(() => Library(9.2).AddAsync(_folder["large"], null, null, TestContext.Current.CancellationToken));

        Assert.Contains("'large' needs 9.7 GB of memory (7.3 billion weights: 8.4 GB; 2048 tokens of context: 1.1 GB), but this machine has 3.0 GB", none.Message, StringComparison.Ordinal);
        Assert.Contains("No context is small enough for it; choose a 4-bit GGUF file of up to 2.3 billion weights", none.Message, StringComparison.Ordinal);
        Assert.Contains("It would fit with a context of", some.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["models"]));
        Assert.Equal("large", (await Library(12).AddAsync(_folder["large"], null, null, TestContext.Current.CancellationToken)).Id);
    }

    [Fact]
    public async Task AGgufFileIsJudgedByTheBeginningOfIt()
    {
        var library = new ModelLibrary(_folder["models"]) { AvailableMemory = () => 100_000_000 };

        var error = await Assert.ThrowsAsync<CheckpointException>(
            () => library.AddAsync(Fixtures.Path("gguf", "models", "tiny-llama-q8_0.gguf"), null, null, TestContext.Current.CancellationToken));

        Assert.Contains("use a machine with more memory", error.Message, StringComparison.Ordinal);
    }
}
