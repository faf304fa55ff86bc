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
        using var engine = Engine(slots: 3, waiting: 8);
        var generations = Prompts.Concat(Prompts).Concat(Prompts).Select(prompt => (prompt, generation: Generate(prompt.Ids, 24))).ToList();
        foreach (var (_, generation) in generations) await engine.SubmitAsync(generation);

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
        await engine.SubmitAsync(generation);

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
        await engine.SubmitAsync(endless);
        await engine.SubmitAsync(next);
        for (var i = 0; i < 3; i++) await endless.Tokens.ReadAsync(TestContext.Current.CancellationToken);

        await source.CancelAsync();
        var atCancellation = endless.Produced;

        Assert.Equal(Prompts[1].GreedyIds, await ReadAsync(next));
        Assert.InRange(endless.Produced - atCancellation, 0, 2);
        Assert.Equal(GenerationEnd.Broken, endless.End);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadAsync(endless));
    }

    [Fact]
    public async Task ACancelledRequestGivesItsPlaceInTheQueueBack()
    {
        using var engine = Engine(slots: 1, waiting: 1, capacity: Endless);
        using var source = new CancellationTokenSource();
        var running = Generate(Prompts[2].Ids, Endless);
        var waiting = Generate(Prompts[1].Ids, 24, source);
        await engine.SubmitAsync(running);
        await engine.SubmitAsync(waiting);
        var refused = Generate(Prompts[0].Ids, 24);

        var blocked = engine.SubmitAsync(refused);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(blocked.IsCompleted); // back-pressure

        await source.CancelAsync();
        await blocked.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task TheEndOfTheContextEndsTheAnswer()
    {
        using var engine = Engine(capacity: 40);
        var generation = Generate(Prompts[2].Ids, 1000); // 33 tokens
        await engine.SubmitAsync(generation);

        var answer = await ReadAsync(generation);

        Assert.Equal(Prompts[2].GreedyIds[..8], answer); // seven fit behind the prompt, and one more need not be stored
        Assert.Equal(GenerationEnd.Length, generation.End);
    }

    [Fact]
    public async Task APromptThatLeavesNoRoomIsRefusedWithNumbers()
    {
        using var engine = Engine(capacity: 33);

        var error = await Assert.ThrowsAsync<ContextLengthException>(() => engine.SubmitAsync(Generate(Prompts[2].Ids, 1)));

        Assert.Equal((33, 33), (error.PromptTokens, error.ContextTokens));
    }

    [Fact]
    public async Task DisposingEndsWhatRunsAndWhatWaits()
    {
        var engine = Engine(slots: 1, waiting: 1, capacity: Endless);
        var running = Generate(Prompts[2].Ids, Endless);
        var waiting = Generate(Prompts[1].Ids, 24);
        await engine.SubmitAsync(running);
        await engine.SubmitAsync(waiting);
        var outside = engine.SubmitAsync(Generate(Prompts[0].Ids, 24));
        await running.Tokens.ReadAsync(TestContext.Current.CancellationToken);

        engine.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadAsync(running));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ReadAsync(waiting));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => outside);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.SubmitAsync(Generate(Prompts[0].Ids, 24)));
    }

    private static DecodingEngine Engine(int slots = 1, int waiting = 4, int capacity = 512) => new(new TinyDecoder("tiny-llama", slots: slots, capacity: capacity).Session, waiting);

    private static Generation Generate(int[] prompt, int maxTokens, CancellationTokenSource? source = null) =>
        new(prompt, maxTokens, new HashSet<int>(), new SamplingOptions(), source?.Token ?? TestContext.Current.CancellationToken);

    private static async Task<List<int>> ReadAsync(Generation generation) =>
        await generation.Tokens.ReadAllAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition()) await Task.Delay(5, TestContext.Current.CancellationToken);
    }
}
