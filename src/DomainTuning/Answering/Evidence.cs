using DomainTuning.Answering.Quotes;
using DomainTuning.Answering.Words;
using DomainTuning.Retrieval;

namespace DomainTuning.Answering;

/// <summary>
/// How much speaks for the documents holding an answer at all. Two measures that fail in different ways, averaged: whether the words are there, and whether
/// the meaning is near.
/// </summary>
/// <param name="Coverage">The share of the question's weight (rare words and codes weigh most) that one of the first passages holds, 0 to 1.</param>
/// <param name="Nearness">How near the best quote is to the question: 0 like anything in the corpus to an unrelated question, 1 like a sentence that answers it.</param>
/// <param name="UnknownCodes">Codes of the question that stand nowhere in the corpus; one is enough to know that the documents do not say.</param>
public sealed record Evidence(double Coverage, double Nearness, IReadOnlyList<string> UnknownCodes)
{
    /// <summary>How many passages are looked at for coverage: those that a model would read.</summary>
    private const int FirstPassages = 3;

    /// <summary>0 to 1; 0 with an unknown code.</summary>
    public double Score => UnknownCodes.Count > 0 ? 0 : (Coverage + Nearness) / 2;

    internal static Evidence Of(QuestionTerms question, IReadOnlyList<RankedChunk> passages, IReadOnlyList<RankedQuote> quotes, CosineScale scale) => new(
        passages.Take(FirstPassages).Select(passage => question.Coverage(Term.ContentKeys(passage.Chunk.EmbeddedText))).DefaultIfEmpty(0).Max(),
        quotes.Select(quote => scale.Of(quote.Cosine)).DefaultIfEmpty(0).Max(),
        question.UnknownCodes);
}
