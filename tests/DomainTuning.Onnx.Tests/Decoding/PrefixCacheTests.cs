using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;
using DomainTuning.Onnx.Tests.Graphs;

namespace DomainTuning.Onnx.Tests.Decoding;

public sealed class PrefixCacheTests
{
    private const int Page = PrefixCache.PageTokens;

    [Fact]
    public async Task AFollowUpReadsOnlyWhatIsNew()
    {
        using var engine = new TinyEngine(prefixCacheBytes: 1 << 20);
        using var without = new TinyEngine();
        var prompt = TinyEngine.Text(1, 100);
        var first = TinyEngine.Generate(prompt, 40);
        var answer = await engine.AnswerAsync(first);
        var followUp = TinyEngine.Generate([.. prompt, .. answer, .. TinyEngine.Text(2, 10)], 24);

        var second = await engine.AnswerAsync(followUp);

        Assert.Equal(0, first.Reused);
        Assert.Equal(4 * Page, followUp.Reused); // 139 of 150 tokens are known; whole pages are kept
        Assert.Equal(150 - 4 * Page, engine.Runs.Where(run => run.IsReading && run.Sequences[0] == followUp).Sum(run => run.Steps));
        Assert.Equal(await without.AnswerAsync(TinyEngine.Generate(followUp.Tokens[..150].ToArray(), 24)), second);
    }

    [Fact]
    public async Task PagesOfBytesAreTheSlotsBytes()
    {
        using var engine = new TinyEngine(prefixCacheBytes: 1 << 20, keyValues: KeyValueForm.Int8);
        using var without = new TinyEngine(keyValues: KeyValueForm.Int8);
        var prompt = TinyEngine.Text(1, 100);
        var answer = await engine.AnswerAsync(TinyEngine.Generate(prompt, 40));
        var followUp = TinyEngine.Generate([.. prompt, .. answer, .. TinyEngine.Text(2, 10)], 24);

        Assert.Equal(await without.AnswerAsync(TinyEngine.Generate(followUp.Tokens.ToArray(), 24)), await engine.AnswerAsync(followUp));
        Assert.Equal(4 * Page, followUp.Reused);
    }

    [Fact]
    public async Task APromptThatIsKnownToTheLastTokenIsStillAnswered()
    {
        using var engine = new TinyEngine(prefixCacheBytes: 1 << 20);
        var prompt = TinyEngine.Text(1, 3 * Page);
        var answer = await engine.AnswerAsync(TinyEngine.Generate(prompt, 24));
        var again = TinyEngine.Generate(prompt, 24);

        Assert.Equal(answer, await engine.AnswerAsync(again));
        Assert.Equal(2 * Page, again.Reused);
    }

    [Fact]
    public void WhatOneAdapterComputedIsNeverUsedUnderAnother()
    {
        using var model = new TinyDecoder("tiny-llama");
        using var cache = new PrefixCache(model.Session.Cache, 1 << 20);
        using var one = TinyEngine.Adapter("same name");
        using var other = TinyEngine.Adapter("same name");
        var prompt = TinyDecoder.Prompts("tiny-llama").Single(prompt => prompt.Ids.Length == 100);
        float[] Read(int known) => model.Session.Run(0, prompt.Ids.AsSpan(known), [100], [99 - known]).ToArray();
        void Poison()
        {
            var page = new byte[Page * model.Session.Cache.TokenBytes];
            MemoryMarshal.Cast<byte, float>(page.AsSpan()).Fill(3);
            for (var i = 0; i < 3; i++) model.Session.Cache.CopyIn(0, i * Page, Page, page);
        }

        Read(0);
        Poison(); // as keys and values of other weights would be
        cache.Store(one, prompt.Ids.AsSpan(0, 96), 0);

        Assert.Equal(0, cache.Load(other, prompt.Ids.AsSpan(0, 99), 0, 0));
        Assert.Equal(0, cache.Load(null, prompt.Ids.AsSpan(0, 99), 0, 0));
        Assert.InRange(Difference(prompt.LastLogits, Read(cache.Load(other, prompt.Ids.AsSpan(0, 99), 0, 0))), 0, 1e-3f);
        var poisoned = cache.Load(one, prompt.Ids.AsSpan(0, 99), 0, 0);
        Assert.Equal(96, poisoned);
        Assert.True(Difference(prompt.LastLogits, Read(poisoned)) > 0.1f); // the test can see it
    }

    [Fact]
    public async Task ThroughTheEngineToo()
    {
        using var engine = new TinyEngine(slots: 2, prefixCacheBytes: 1 << 20);
        using var one = TinyEngine.Adapter("one");
        using var other = TinyEngine.Adapter("other");
        var prompt = TinyEngine.Text(1, 100);
        async Task<int> ReusedAsync(Onnx.Adapters.LoadedAdapter? adapter)
        {
            var generation = TinyEngine.Generate(prompt, 2, adapter);
            await engine.AnswerAsync(generation);
            return generation.Reused;
        }

        Assert.Equal(0, await ReusedAsync(one));
        Assert.Equal(0, await ReusedAsync(other));
        Assert.Equal(0, await ReusedAsync(null));
        Assert.Equal(96, await ReusedAsync(one));
        Assert.Equal(96, await ReusedAsync(null));
    }

    [Fact]
    public async Task PromptsThatBeginAlikeHelpEachOtherWhileTheyAreRead()
    {
        using var engine = new TinyEngine(slots: 4, capacity: 1024, prefixCacheBytes: 1 << 20);
        engine.Gate.Reset();
        var shared = TinyEngine.Text(1, 600);
        var generations = Enumerable.Range(0, 4).Select(i => TinyEngine.Generate([.. shared, i], 4)).ToList();
        foreach (var generation in generations) engine.Engine.Submit(generation);
        engine.Gate.Set();
        foreach (var generation in generations) await TinyEngine.ReadAsync(generation);

        Assert.InRange(engine.Runs.Where(run => run.IsReading).Sum(run => run.Steps), 600, 900); // not 2,404
    }

    [Fact]
    public void TheLeastRecentlyUsedPageMakesRoom()
    {
        using var model = new TinyDecoder("tiny-llama");
        using var cache = new PrefixCache(model.Session.Cache, 4L * Page * model.Session.Cache.TokenBytes);
        int[] a = TinyEngine.Text(1, 2 * Page), b = TinyEngine.Text(2, 2 * Page), c = TinyEngine.Text(3, Page);
        int Known(int[] text) => cache.Load(null, text, 0, 0);

        Assert.Equal(4, cache.Pages);
        cache.Store(null, a, 0);
        cache.Store(null, b, 0);
        Known(a); // now b is the older
        cache.Store(null, c, 0);

        Assert.Equal(4, cache.UsedPages);
        Assert.Equal((2 * Page, Page, Page), (Known(a), Known(b), Known(c))); // b lost its end, not its beginning
    }

    [Fact]
    public void ATextLongerThanTheCacheKeepsItsBeginning()
    {
        using var model = new TinyDecoder("tiny-llama");
        using var cache = new PrefixCache(model.Session.Cache, 3L * Page * model.Session.Cache.TokenBytes);
        var text = TinyEngine.Text(1, 10 * Page);
        cache.Store(null, TinyEngine.Text(2, Page), 0);
        cache.Store(null, text, 0);

        Assert.Equal(3 * Page, cache.Load(null, text, 0, 0));
    }

    [Fact]
    public async Task AnUnloadedAdaptersPagesGoWhenItsLastAnswerHasEnded()
    {
        using var engine = new TinyEngine(slots: 2, prefixCacheBytes: 1 << 20);
        using var adapter = TinyEngine.Adapter("going");
        var running = TinyEngine.Generate(TinyEngine.Text(1, 100), 300, adapter);
        engine.Engine.Submit(running);
        await running.Answer.ReadAsync(TestContext.Current.CancellationToken);

        var retired = engine.Engine.RetireAsync(adapter);
        Assert.Throws<InvalidOperationException>(() => engine.Engine.Submit(TinyEngine.Generate([1, 2], 1, adapter)));
        await retired.WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(GenerationEnd.Length, running.End);
        await engine.AnswerAsync(TinyEngine.Generate([1, 2], 1)); // others go on
    }

    [Fact]
    public void ForgettingAnAdapterFreesItsPagesAlone()
    {
        using var model = new TinyDecoder("tiny-llama");
        using var cache = new PrefixCache(model.Session.Cache, 1 << 20);
        using var adapter = TinyEngine.Adapter("going");
        var text = TinyEngine.Text(1, 3 * Page);
        cache.Store(adapter, text, 0);
        cache.Store(null, text, 0);
        cache.Forget(adapter);

        Assert.Equal(3, cache.UsedPages);
        Assert.Equal((0, 3 * Page), (cache.Load(adapter, text, 0, 0), cache.Load(null, text, 0, 0)));
    }

    private static float Difference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual) => TensorPrimitives.Distance(expected, actual);
}
