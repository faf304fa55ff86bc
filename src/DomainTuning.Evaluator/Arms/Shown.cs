using DomainTuning.Evaluator.Measures.Answers;
using DomainTuning.Answering;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Arms;

/// <summary>From what the core gives to what a result keeps.</summary>
internal static class Shown
{
    public static ReadPassage Passage(RankedChunk ranked) =>
        new(ranked.Chunk.Id.ToString(), ranked.DocumentPath, ranked.Chunk.FirstPage, ranked.Chunk.LastPage, ranked.Score, ranked.Chunk.EmbeddedText);

    public static CitedPage Citation(Citation citation) => new(citation.File, citation.Page, citation.Quote);
}
