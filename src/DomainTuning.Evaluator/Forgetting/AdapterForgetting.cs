using DomainTuning.Evaluator.Runs;
using DomainTuning.Evaluator.Statistics;

namespace DomainTuning.Evaluator.Forgetting;

/// <summary>General prose under the base model and under an adapter of it.</summary>
/// <param name="Before">Perplexity under the base: e to the mean negative log-probability of a token.</param>
/// <param name="After">Perplexity under the adapter.</param>
/// <param name="Ratio">After over before, above 1 where the adapter made the model worse, with its bootstrap interval over the pieces, both sides of a piece drawn together.</param>
public sealed record PerplexityChange(int Pieces, int Tokens, double Before, double After, MeanScore Ratio)
{
    public bool IsDistinguishable => Ratio.Low > 1 || Ratio.High < 1;
}

/// <summary>Questions about general passages under the base model and under an adapter of it.</summary>
/// <param name="Before">F1 of the base.</param>
/// <param name="After">F1 of the adapter.</param>
/// <param name="Difference">Adapter − base over the same questions.</param>
/// <param name="ContainedBefore">Share of the base's answers in which an accepted answer stands.</param>
/// <param name="ContainedAfter">The adapter's.</param>
public sealed record ReadingChange(MeanScore Before, MeanScore After, PairRow Difference, MeanScore ContainedBefore, MeanScore ContainedAfter);

/// <summary>What an adapter did to what the model could do before.</summary>
/// <param name="Text">Identity of the general text.</param>
/// <param name="Perplexity">Null where the model gives no probabilities, as another server's.</param>
public sealed record AdapterForgetting(string Adapter, string Text, PerplexityChange? Perplexity, ReadingChange Reading)
{
    internal static AdapterForgetting Between(string adapter, GeneralText text, GeneralScores before, GeneralScores after, ulong seed) => new(
        adapter, text.Identity, before.Pieces.Count == 0 || after.Pieces.Count == 0 ? null : Perplexities(before.Pieces, after.Pieces, seed),
        Readings(adapter, before.Readings, after.Readings, seed));

    private static PerplexityChange Perplexities(IReadOnlyList<PieceScore> before, IReadOnlyList<PieceScore> after, ulong seed)
    {
        double[] lost = [.. before.Zip(after, (b, a) => b.Sum - a.Sum)];
        var ratio = Bootstrap.Ratio(lost, [.. before.Select(piece => (double)piece.Tokens)], seed: seed);
        return new PerplexityChange(
            before.Count, before.Sum(piece => piece.Tokens), PieceScore.Perplexity(before), PieceScore.Perplexity(after),
            new MeanScore(Math.Exp(ratio.Mean), Math.Exp(ratio.Interval.Low), Math.Exp(ratio.Interval.High), before.Count));
    }

    private static ReadingChange Readings(string adapter, IReadOnlyList<ReadingAnswer> before, IReadOnlyList<ReadingAnswer> after, ulong seed)
    {
        var means = Bootstrap.Means([.. new[] { before, after }.SelectMany(side => new[] { side.Select(answer => answer.F1).ToList(), [.. side.Select(answer => answer.Contained)] })], seed: seed)
            .Select(mean => new MeanScore(mean.Mean, mean.Interval.Low, mean.Interval.High, before.Count)).ToList();
        var pair = PairedComparison.Between(new SystemScores(adapter, [.. after.Select(answer => answer.F1)]), new SystemScores("base", [.. before.Select(answer => answer.F1)]), seed);
        return new ReadingChange(means[0], means[2], Summaries.Row("f1", null, pair), means[1], means[3]);
    }
}
