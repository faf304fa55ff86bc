using DomainTuning.Chunks;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Searches;

/// <summary>One way to find passages, measured beside others on the same questions. Thread-safe.</summary>
public abstract class PassageSearch
{
    /// <summary>In tables and as the tag of its TREC run; no white space.</summary>
    public abstract string Name { get; }

    public abstract string Description { get; }

    /// <summary>All that decides a ranking besides the question.</summary>
    public abstract string Identity { get; }

    /// <summary>Every chunk that could be found: what there is to recall.</summary>
    public abstract IReadOnlyList<Chunk> Chunks { get; }

    /// <summary>The document's path inside the corpus.</summary>
    public abstract string PathOf(Chunk chunk);

    /// <summary>What costs time before the first question. A run whose every question was searched before leaves it out.</summary>
    public virtual Task PrepareAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public abstract Task<IReadOnlyList<RankedChunk>> SearchAsync(string question, CancellationToken cancellationToken = default);
}

/// <summary>The corpus' own index, searched as the server does.</summary>
public sealed class CorpusSearch(string name, string description, CorpusChunks corpus, Retriever retriever, RetrievalOptions options, string? rerankerIdentity = null) : PassageSearch
{
    public override string Name => name;

    public override string Description => description;

    public override string Identity { get; } = $"{corpus.Identity}; {options}; reranker {rerankerIdentity ?? "none"}";

    public override IReadOnlyList<Chunk> Chunks => corpus.Chunks;

    public override string PathOf(Chunk chunk) => corpus.Paths[chunk.DocumentId];

    public override Task<IReadOnlyList<RankedChunk>> SearchAsync(string question, CancellationToken cancellationToken = default) =>
        retriever.SearchAsync(question, options, ChunkFilter.None, cancellationToken);
}
