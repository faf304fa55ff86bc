using DomainTuning.Chunks;

namespace DomainTuning.Retrieval;

/// <summary>A chunk in the order in which it should be read, with the scores that put it there.</summary>
/// <param name="Rank">From 1.</param>
/// <param name="Score">The fused score, or the reranker's where one is used.</param>
/// <param name="Dense">Cosine, null when the dense search did not return the chunk.</param>
/// <param name="Lexical">BM25, null when the lexical search did not return the chunk.</param>
/// <param name="Reranked">The reranker's score, null without one.</param>
/// <param name="DocumentPath">The document's path inside the corpus.</param>
public sealed record RankedChunk(Chunk Chunk, int Rank, double Score, double? Dense, double? Lexical, double? Reranked, string DocumentPath);
