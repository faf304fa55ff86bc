using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Tests.Graphs;

namespace DomainTuning.Onnx.Tests.Decoding;

/// <summary>The scheduler on a tiny model whose continuations are known and never stop by themselves.</summary>
public sealed class DecodingEngineTests
{
    /// <summary>More tokens than any test waits for.</summary>
    private const int Endless = 16_384;

    private static readonly IReadOnlyList<TinyPrompt> Prompts = TinyDecoder.Prompts("tiny-llama");

    [Fact]
    public async Task AnswersWrittenTogetherAreThoseWrittenAlone()
    {
        using var engine = Engine(slots: 3, waiting: 12);
        var generations = Prompts.Concat(Prompts).Concat(Prompts).Select(prompt => (prompt, generation: Generate(prompt.Ids, 24))).ToList();
        foreach (var (_, generation) in generations) engine.Submit(generation);

        foreach (var (prompt, generation) in generations)
        {
            Assert.Equal(prompt.GreedyIds, await ReadAsync(generation));
            Assert.Equal(GenerationEnd.Length, generation.End);
        }

        await UntilAsync(() => engine.Places == 0);
    }

    [Fact]
    public async Task AStopTokenEndsTheAnswerAndIsNotPartOfIt()
    {
        using var engine = Engine();
        var prompt = Prompts[1];
        var stop = prompt.GreedyIds[5];
        var generation = new Generation(prompt.Ids, 24, new HashSet<int> { stop }, new SamplingOptions(), TestContext.Current.CancellationToken);
        engine.Submit(generation);

        Assert.Equal(prompt.GreedyIds.TakeWhile(id => id != stop), await ReadAsync(generation));
        Assert.Equal(GenerationEnd.StopToken, generation.End);
    }

    [Fact]
    public async Task CancellingFreesThePlaceWithinATokenOrTwo()
    {
        using var engine = Engine(slots: 1, waiting: 1, capacity: Endless);
        using var source = new CancellationTokenSource();
        var endless = Generate(Prompts[2].Ids, Endless, source);
        var next = Generate(Prompts[1].Ids, 24);
        engine.Submit(endless);
        engine.Submit(next);
        for (var i = 0; i < 3; i++) await endless.Answer.ReadAsync(TestContext.Current.CancellationToken);

        await source.CancelAsync();
        var atCancellation = endless.Produced;

        Assert.Equal(Prompts[1].GreedyIds, await ReadAsync(next));
        Assert.InRange(endless.Produced - atCancellation, 0, 2);
        Assert.Equal(GenerationEnd.Broken, endless.End);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadAsync(endless));
    }

    [Fact]
    public async Task ARequestTooManyIsRefusedUntilAnotherGivesUp()
    {
        using var engine = Engine(slots: 1, waiting: 1, capacity: Endless);
        using var source = new CancellationTokenSource();
        var running = Generate(Prompts[2].Ids, Endless);
        var waiting = Generate(Prompts[1].Ids, 24, source);
        engine.Submit(running);
        engine.Submit(waiting);

        var busy = Assert.Throws<ChatModelBusyException>(() => engine.Submit(Generate(Prompts[0].Ids, 24)));
        Assert.Contains("1 answers are being written and 1 requests wait", busy.Message, StringComparison.Ordinal);

        await source.CancelAsync();
        await UntilAsync(() => engine.Places == 1);
        engine.Submit(Generate(Prompts[0].Ids, 24));
    }

    [Fact]
    public async Task TheEndOfTheContextEndsTheAnswer()
    {
        using var engine = Engine(capacity: 40);
        var generation = Generate(Prompts[2].Ids, 1000); // 33 tokens
        engine.Submit(generation);

        var answer = await ReadAsync(generation);

        Assert.Equal(Prompts[2].GreedyIds[..8], answer); // seven fit behind the prompt, and one more need not be stored
        Assert.Equal(GenerationEnd.Length, generation.End);
    }

    [Fact]
    public void APromptThatLeavesNoRoomIsRefusedWithNumbers()
    {
        using var engine = Engine(capacity: 33);

        var error = Assert.Throws<ContextLengthException>(() => engine.Submit(Generate(Prompts[2].Ids, 1)));

        Assert.Equal((33, 33), (error.PromptTokens, error.ContextTokens));
    }

    [Fact]
    public async Task DisposingEndsWhatRunsAndWhatWaits()
    {
        var engine = Engine(slots: 1, waiting: 1, capacity: Endless);
        var running = Generate(Prompts[2].Ids, Endless);
        var waiting = Generate(Prompts[1].Ids, 24);
        engine.Submit(running);
        engine.Submit(waiting);
        await running.Answer.ReadAsync(TestContext.Current.CancellationToken);

        engine.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadAsync(running));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadAsync(waiting));
        Assert.Throws<ObjectDisposedException>(() => engine.Submit(Generate(Prompts[0].Ids, 24)));
    }

    private static DecodingEngine Engine(int slots = 1, int waiting = 4, int capacity = 512) => new(new TinyDecoder("tiny-llama", slots: slots, capacity: capacity).Session, waiting);

    private static Generation Generate(int[] prompt, int maxTokens, CancellationTokenSource? source = null) =>
        new(prompt, maxTokens, new HashSet<int>(), new SamplingOptions(), source?.Token ?? TestContext.Current.CancellationToken);

    private static async Task<List<int>> ReadAsync(Generation generation) =>
        await generation.Answer.ReadAllAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition()) await Task.Delay(5, TestContext.Current.CancellationToken);
    }
}
