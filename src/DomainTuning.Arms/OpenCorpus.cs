using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;

namespace DomainTuning.Arms;

/// <summary>A corpus at work: its index, the encoder that it was built with, and the search over both.</summary>
public sealed record OpenCorpus(string Name, ChunkIndex Index, Embedder Embedder, Retriever Retriever);
