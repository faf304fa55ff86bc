namespace DomainTuning.Evaluator.Forgetting;

/// <summary>How likely a model finds a piece of prose.</summary>
/// <param name="Sum">Of the tokens' natural log-probabilities.</param>
internal sealed record PieceScore(double Sum, int Tokens)
{
    public static double Perplexity(IReadOnlyList<PieceScore> pieces) => Math.Exp(-pieces.Sum(piece => piece.Sum) / pieces.Sum(piece => piece.Tokens));
}

/// <summary>What a model answered to a question about a passage.</summary>
/// <param name="F1">Words shared with the nearest accepted answer.</param>
/// <param name="Contained">1 when an accepted answer stands in it, else 0.</param>
internal sealed record ReadingAnswer(string Text, double F1, double Contained);

/// <summary>One model, or one adapter of it, on the general text.</summary>
/// <param name="Pieces">None where the model gives no probabilities.</param>
internal sealed record GeneralScores(IReadOnlyList<PieceScore> Pieces, IReadOnlyList<ReadingAnswer> Readings);
