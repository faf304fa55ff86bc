using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Tests.Graphs;

namespace DomainTuning.Onnx.Tests.Decoding;

/// <summary>Drafts change how fast an answer comes, never the answer.</summary>
public sealed class DraftingTests
{
    /// <summary>
    /// A text in which the tokens that a random model finds likely behind it stood before, each followed by what the model finds likely behind that one:
    /// so there is always a draft, and it often comes true. The text changes what is likely, so it is rewritten until that settles.
    /// </summary>
    private static readonly int[] Foreseeable = Foresee(TinyEngine.Text(5, 250), TinyEngine.Text(6, 12));

    [Fact]
    public async Task GreedyAnswersAreTheSameAndDraftsComeTrue()
    {
        using var plain = new TinyEngine(slots: 2);
        using var drafting = new TinyEngine(slots: 2, drafting: true);
        var (drafted, accepted) = (0, 0);
        foreach (var prompt in Enumerable.Range(0, 8).Select(seed => TinyEngine.Text(seed, 20 + seed)).Append(Foreseeable))
        {
            var generation = TinyEngine.Generate(prompt, 200);

            Assert.Equal(await plain.AnswerAsync(TinyEngine.Generate(prompt, 200)), await drafting.AnswerAsync(generation));
            Assert.Equal(GenerationEnd.Length, generation.End);
            drafted += generation.Drafter.Drafted;
            accepted += generation.Drafter.Accepted;
        }

        Assert.InRange(accepted, 1, drafted - 1);
        Assert.Equal(plain.Runs.Count - accepted, drafting.Runs.Count);
    }

    [Fact]
    public async Task AnswersUnderWayTogetherAreDraftedAndTheSame()
    {
        using var plain = new TinyEngine(slots: 3);
        using var drafting = new TinyEngine(slots: 3, drafting: true);
        drafting.Gate.Reset();
        var drafted = Enumerable.Range(0, 6).Select(seed => TinyEngine.Generate(TinyEngine.Text(seed, 30), 150)).ToList();
        foreach (var generation in drafted) drafting.Engine.Submit(generation);
        drafting.Gate.Set();

        for (var seed = 0; seed < 6; seed++)
            Assert.Equal(await plain.AnswerAsync(TinyEngine.Generate(TinyEngine.Text(seed, 30), 150)), await TinyEngine.ReadAsync(drafted[seed]));
    }

    [Theory]
    [InlineData(1f, 4, 0f)]
    [InlineData(1.02f, 4, 0.1f)] // penalties depend on the position: each draw sees those before it
    public async Task ASeedDrawsTheSameAnswer(float repetitionPenalty, int topK, float frequencyPenalty)
    {
        using var plain = new TinyEngine();
        using var drafting = new TinyEngine(drafting: true);
        var accepted = 0;
        for (var seed = 0; seed < 40; seed++)
        {
            var sampling = new SamplingOptions { Temperature = 0.7f, TopK = topK, RepetitionPenalty = repetitionPenalty, FrequencyPenalty = frequencyPenalty, Seed = seed };
            var drafted = TinyEngine.Generate(Foreseeable, 8, sampling: sampling);

            Assert.Equal(await plain.AnswerAsync(TinyEngine.Generate(Foreseeable, 8, sampling: sampling)), await drafting.AnswerAsync(drafted));
            accepted += drafted.Drafter.Accepted;
        }

        Assert.True(accepted > 0);
    }

    [Fact]
    public async Task DrawnTokensHaveTheSameDistribution()
    {
        const int Answers = 1000, Choices = 4;
        using var plain = new TinyEngine(prefixCacheBytes: 1 << 20);
        using var drafting = new TinyEngine(prefixCacheBytes: 1 << 20, drafting: true);
        var counts = new[] { new Dictionary<int, int>(), new Dictionary<int, int>() };
        var (checkedDrafts, accepted) = (0, 0);
        for (var i = 0; i < Answers; i++)
        {
            for (var side = 0; side < 2; side++)
            {
                // Other seeds on the other side: equal numbers would be one sample, not two.
                var generation = TinyEngine.Generate(Foreseeable, 3, sampling: new SamplingOptions { Temperature = 1, TopK = Choices, Seed = 2 * i + side });
                var answer = await (side == 0 ? plain : drafting).AnswerAsync(generation);
                var pair = answer[1] * TinyEngine.Vocabulary + answer[2]; // the two behind the first are those that a draft can touch
                counts[side][pair] = counts[side].GetValueOrDefault(pair) + 1;
                checkedDrafts += generation.Drafter.Drafted;
                accepted += generation.Drafter.Accepted;
            }
        }

        // Two-sample chi-square over the pairs that are common enough; the rest is one cell.
        var cells = counts[0].Keys.Union(counts[1].Keys).Where(key => counts[0].GetValueOrDefault(key) + counts[1].GetValueOrDefault(key) >= 20)
            .Select(key => (X: (double)counts[0].GetValueOrDefault(key), Y: (double)counts[1].GetValueOrDefault(key))).ToList();
        cells.Add((Answers - cells.Sum(cell => cell.X), Answers - cells.Sum(cell => cell.Y)));
        var statistic = cells.Where(cell => cell.X + cell.Y > 0).Sum(cell => (cell.X - cell.Y) * (cell.X - cell.Y) / (cell.X + cell.Y));
        var freedom = cells.Count - 1;
        Assert.True(checkedDrafts > Answers / 3, $"only {checkedDrafts} tokens were drafted");
        Assert.InRange(accepted, checkedDrafts / 8, checkedDrafts * 7 / 8); // both branches of the rule
        Assert.InRange(statistic, 0, freedom + 3.7 * Math.Sqrt(2.0 * freedom)); // p about 1e-3 for some thirty cells; the seeds are fixed
    }

    [Fact]
    public void DraftsThatDoNotComeTrueAreGivenUp()
    {
        var drafter = new Drafter();
        var costs = new RunCosts(mostRows: 1);
        costs.Record(1, 1, TimeSpan.FromMilliseconds(10));
        int[] text = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3];
        int Best()
        {
            drafter.Look(text);
            return drafter.BestLength(costs, text.Length, Drafter.Most);
        }

        Assert.True(Best() > 0);
        for (var i = 0; i < 12; i++)
        {
            drafter.Look(text);
            drafter.Saw(99);
        }

        Assert.Equal(0, Best());
        for (var i = 0; i < 12; i++)
        {
            drafter.Look(text);
            drafter.Saw(4); // without being drafted, what would have been comes true again
        }

        Assert.True(Best() >= 7);
    }

    [Fact]
    public void ADraftThatCostsMoreThanItBringsIsNotTried()
    {
        var drafter = new Drafter();
        var costs = new RunCosts(mostRows: 1);
        costs.Record(1, 1, TimeSpan.FromMilliseconds(10));
        for (var i = 0; i < 20; i++)
            foreach (var steps in new[] { 2, 4, 8, 16 }) costs.Record(1, steps, TimeSpan.FromMilliseconds(10 * steps)); // a machine on which a run of n costs n runs
        int[] text = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3];
        drafter.Look(text);

        Assert.Equal(0, drafter.BestLength(costs, text.Length, Drafter.Most));
    }

    private static int[] Foresee(int[] opening, int[] end)
    {
        using var model = new TinyDecoder("tiny-llama");
        int[] Likeliest(int[] text, int count)
        {
            var logits = model.Session.Run(0, text, [text.Length], [text.Length - 1]).ToArray();
            return [.. Enumerable.Range(0, logits.Length).OrderByDescending(token => logits[token]).Take(count)];
        }

        int[] text = [.. opening, .. end];
        for (var round = 0; round < 12; round++)
        {
            var before = text;
            text = [.. opening, .. Likeliest(text, 4).SelectMany(token => new[] { end[^1], token, Likeliest([.. before, token], 1)[0] }), .. end];
            if (text.SequenceEqual(before)) break;
        }

        return text;
    }
}
