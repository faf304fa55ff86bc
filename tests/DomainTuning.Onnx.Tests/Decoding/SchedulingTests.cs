using DomainTuning.Onnx.Decoding;

namespace DomainTuning.Onnx.Tests.Decoding;

/// <summary>Who gets which run: counted, not timed.</summary>
public sealed class SchedulingTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ALongPromptHoldsAnAnswerUpForOneChunkAtATime()
    {
        using var engine = new TinyEngine(slots: 2, capacity: 4096);
        var answer = TinyEngine.Generate(TinyEngine.Text(1, 10), 60);
        var prompt = TinyEngine.Generate(TinyEngine.Text(2, 3000), 2);
        engine.Engine.Submit(answer);
        await answer.Answer.ReadAsync(Cancellation);
        engine.Gate.Reset();
        engine.Engine.Submit(prompt);
        engine.Gate.Set();
        await TinyEngine.ReadAsync(prompt);

        var runs = engine.Runs;
        var beside = runs.Skip(runs.ToList().FindIndex(run => run.IsReading && run.Sequences[0] == prompt)).ToList();
        var chunks = 0;
        for (var i = 0; i < beside.Count && beside.Skip(i).Any(run => run.Sequences.Contains(answer)); i++)
        {
            chunks = beside[i].IsReading ? chunks + 1 : 0;
            Assert.InRange(chunks, 0, 1);
            if (beside[i].IsReading) Assert.InRange(beside[i].Steps, 1, DecodingRound.ChunkBesideOthers);
        }
    }

    [Fact]
    public async Task AShortPromptDoesNotWaitForAllOfALongOne()
    {
        using var engine = new TinyEngine(slots: 2, capacity: 8192);
        engine.Gate.Reset();
        var lengthy = TinyEngine.Generate(TinyEngine.Text(1, 6000), 1);
        var brief = TinyEngine.Generate(TinyEngine.Text(2, 20), 4);
        engine.Engine.Submit(lengthy);
        engine.Engine.Submit(brief);
        engine.Gate.Set();
        await TinyEngine.ReadAsync(brief);
        await TinyEngine.ReadAsync(lengthy);

        var runs = engine.Runs.ToList();
        Assert.InRange(runs.FindIndex(run => run.Sequences.Contains(brief)), 0, 2);
        Assert.True(runs.FindLastIndex(run => run.Sequences.Contains(brief)) < runs.FindLastIndex(run => run.Sequences.Contains(lengthy)));
    }

    [Fact]
    public async Task ArmsTakeTurnsAtTheDoor()
    {
        using var engine = new TinyEngine(slots: 1);
        using var adapter = TinyEngine.Adapter("rare");
        engine.Gate.Reset();
        var crowd = Enumerable.Range(0, 6).Select(i => TinyEngine.Generate(TinyEngine.Text(i, 5), 3)).ToList();
        foreach (var generation in crowd) engine.Engine.Submit(generation);
        var rare = TinyEngine.Generate(TinyEngine.Text(9, 5), 3, adapter);
        engine.Engine.Submit(rare);
        engine.Gate.Set();
        foreach (var generation in crowd.Append(rare)) await TinyEngine.ReadAsync(generation);

        var order = engine.Runs.Where(run => run.IsReading).Select(run => run.Sequences[0]).ToList();
        Assert.InRange(order.IndexOf(rare), 1, 2);
        Assert.Equal(crowd, order.Where(sequence => sequence != rare)); // first come, first served
    }

    [Fact]
    public async Task AnswersUnderOneAdapterShareARunAndNoOtherDoes()
    {
        using var engine = new TinyEngine(slots: 6, capacity: 1024);
        using var adapter = TinyEngine.Adapter("x");
        engine.Gate.Reset();
        var generations = Enumerable.Range(0, 6).Select(i => TinyEngine.Generate(TinyEngine.Text(i, 30), 60, i % 2 == 0 ? null : adapter)).ToList();
        foreach (var generation in generations) engine.Engine.Submit(generation);
        engine.Gate.Set();
        using var alone = new TinyEngine();
        for (var i = 0; i < 6; i++)
            Assert.Equal(await alone.AnswerAsync(TinyEngine.Generate(TinyEngine.Text(i, 30), 60)), await TinyEngine.ReadAsync(generations[i]));

        var writing = engine.Runs.Where(run => !run.IsReading).ToList();
        Assert.All(writing, run => Assert.Single(run.Sequences.Select(sequence => sequence.Adapter).Distinct()));
        Assert.True(writing.Count(run => run.Sequences.Count == 3) >= 2 * 50);
    }

    [Fact]
    public async Task TextsAreScoredOneAtATimeBetweenTheAnswers()
    {
        using var engine = new TinyEngine(slots: 4, capacity: 1024);
        using var alone = new TinyEngine();
        engine.Gate.Reset();
        var texts = Enumerable.Range(0, 8).Select(i => TinyEngine.Text(i, 300)).ToList();
        var scores = engine.Engine.ScoreAsync([.. texts.Select(text => new Scoring(text, 250, Cancellation))]);
        var answers = Enumerable.Range(0, 3).Select(i => TinyEngine.Generate(TinyEngine.Text(i, 20), 50)).ToList();
        foreach (var answer in answers) engine.Engine.Submit(answer);
        engine.Gate.Set();
        foreach (var answer in answers) await TinyEngine.ReadAsync(answer);

        for (var i = 0; i < texts.Count; i++)
        {
            var expected = (await alone.Engine.ScoreAsync([new Scoring(texts[i], 250, Cancellation)]))[0];
            Assert.Equal(50, expected.Length);
            Assert.InRange((await scores)[i].Zip(expected, (x, y) => Math.Abs(x - y)).Max(), 0, 1e-4);
        }

        var runs = engine.Runs.ToList();
        var firstWriting = runs.FindIndex(run => !run.IsReading);
        Assert.InRange(firstWriting, 1, 5); // answers were not kept waiting by the texts
        Assert.Equal(3, runs.Where(run => !run.IsReading).Max(run => run.Sequences.Count));
    }

    [Fact]
    public async Task ScoresAreTheReferences()
    {
        using var engine = new TinyEngine(prefixCacheBytes: 1 << 20);
        var prompt = Graphs.TinyDecoder.Prompts("tiny-llama").Single(prompt => prompt.Ids.Length == 100);

        var whole = (await engine.Engine.ScoreAsync([new Scoring(prompt.Ids, 1, Cancellation)]))[0];
        var end = (await engine.Engine.ScoreAsync([new Scoring(prompt.Ids, 90, Cancellation), new Scoring(prompt.Ids, 90, Cancellation)]))[1]; // its prefix is known

        Assert.InRange(Math.Abs(whole.Sum() - prompt.SumLogProbability), 0, 5e-3);
        Assert.InRange(whole.TakeLast(10).Zip(end, (x, y) => Math.Abs(x - y)).Max(), 0, 1e-4);
    }

    [Fact]
    public async Task CancellingStopsTheScoring()
    {
        using var engine = new TinyEngine(capacity: 4096);
        using var source = new CancellationTokenSource();
        engine.Gate.Reset();
        var scores = engine.Engine.ScoreAsync([.. Enumerable.Range(0, 50).Select(i => new Scoring(TinyEngine.Text(i, 3000), 2900, source.Token))]);
        await source.CancelAsync();
        engine.Gate.Set();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scores);
        await engine.AnswerAsync(TinyEngine.Generate([1, 2, 3], 3));
        Assert.InRange(engine.Runs.Count, 3, 6);
    }

    [Fact]
    public async Task ShuttingDownLetsAnswersEndAndTakesNoNewOnes()
    {
        using var engine = new TinyEngine(slots: 1);
        var running = TinyEngine.Generate(TinyEngine.Text(1, 10), 200);
        var waiting = TinyEngine.Generate(TinyEngine.Text(2, 10), 5);
        engine.Gate.Reset();
        engine.Engine.Submit(running);
        engine.Engine.Submit(waiting);

        var down = engine.Engine.ShutdownAsync(TimeSpan.FromMinutes(1));

        Assert.Throws<ChatModelClosingException>(() => engine.Engine.Submit(TinyEngine.Generate([1], 1)));
        engine.Gate.Set();
        Assert.Equal((200, 5), ((await TinyEngine.ReadAsync(running)).Count, (await TinyEngine.ReadAsync(waiting)).Count));
        await down.WaitAsync(Cancellation);
        Assert.Throws<ObjectDisposedException>(() => engine.Engine.Submit(TinyEngine.Generate([1], 1)));
    }

    [Fact]
    public async Task WhatOutlastsTheGraceIsBrokenOff()
    {
        using var engine = new TinyEngine(slots: 1, capacity: 16_384);
        var endless = TinyEngine.Generate(TinyEngine.Text(1, 10), 16_000);
        engine.Engine.Submit(endless);
        await endless.Answer.ReadAsync(Cancellation);
        await engine.Engine.ShutdownAsync(TimeSpan.FromMilliseconds(1));

        await Assert.ThrowsAsync<ObjectDisposedException>(() => TinyEngine.ReadAsync(endless));
    }

    [Fact]
    public async Task ManyMixedRequestsAreAnsweredAsEachAlone()
    {
        const int Requests = 200;
        var random = new Random(11);
        int[][] openings = [.. Enumerable.Range(0, 4).Select(seed => TinyEngine.Text(seed, 40 + 50 * seed))];
        int[][] prompts = [.. Enumerable.Range(0, 12).Select(i => (int[])[.. openings[i % 4], .. TinyEngine.Text(100 + i, 1 + i * 3)])];
        var expected = new List<List<int>>();
        using (var alone = new TinyEngine())
            foreach (var prompt in prompts) expected.Add(await alone.AnswerAsync(TinyEngine.Generate(prompt, 40)));

        using var one = TinyEngine.Adapter("one");
        using var two = TinyEngine.Adapter("two");
        using var engine = new TinyEngine(slots: 5, waiting: Requests, prefixCacheBytes: 1 << 19, drafting: true);
        var requests = new List<(Generation Generation, int Prompt, int Length, bool Cancelled)>();
        var scores = new List<Task<IReadOnlyList<double[]>>>();
        var sources = new List<CancellationTokenSource>();
        for (var i = 0; i < Requests; i++)
        {
            var source = new CancellationTokenSource();
            sources.Add(source);
            var prompt = random.Next(prompts.Length);
            var length = 1 + random.Next(40);
            var cancelled = random.Next(6) == 0;
            var generation = TinyEngine.Generate(prompts[prompt], length, new[] { null, one, two }[random.Next(3)], cancellation: source.Token);
            requests.Add((generation, prompt, length, cancelled));
            engine.Engine.Submit(generation);
            if (i % 10 == 0) scores.Add(engine.Engine.ScoreAsync([new Scoring(prompts[prompt], prompts[prompt].Length - 1, Cancellation)]));
            if (i % 7 == 0) await Task.Delay(1, Cancellation);
            foreach (var (request, _, _, cancels) in requests)
                if (cancels && random.Next(20) == 0) await sources[requests.FindIndex(r => r.Generation == request)].CancelAsync();
        }

        foreach (var (generation, prompt, length, cancelled) in requests)
        {
            try
            {
                Assert.Equal(expected[prompt].Take(length), await TinyEngine.ReadAsync(generation));
            }
            catch (OperationCanceledException) when (cancelled)
            {
                Assert.Equal(GenerationEnd.Broken, generation.End);
            }
        }

        Assert.All(await Task.WhenAll(scores), score => Assert.True(double.IsFinite(score[0][0])));
        while (engine.Engine.Places > 0) await Task.Delay(5, Cancellation);
        foreach (var source in sources) source.Dispose();
    }
}
