using System.Numerics.Tensors;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Embeddings;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Searches;

/// <summary>
/// What anyone would build first: page texts cut every 200 words, BM25 and the corpus' embedder, min-max at one half, in memory. The bar for chunking by
/// structure and for headings in the embedded text.
/// </summary>
public sealed class PlainBaseline : PassageSearch
{
    private const int Words = 200;
    private const int Candidates = 100;

    private readonly CorpusChunks corpus;
    private readonly Embedder embedder;
    private (Bm25 Words, IReadOnlyList<float[]> Vectors)? prepared;

    public PlainBaseline(CorpusChunks corpus, Embedder embedder)
    {
        (this.corpus, this.embedder) = (corpus, embedder);
        Chunks = [.. corpus.Documents.SelectMany(document => Cut(corpus, document.Id, document.Path))];
    }

    public override string Name => "plain";

    public override string Description => "baseline: page texts cut every 200 words, BM25 + the embedder, min-max 0.5";

    public override string Identity => $"plain {Words} words; {corpus.Identity}; {embedder.Identity}";

    public override IReadOnlyList<Chunk> Chunks { get; }

    /// <summary>Embeds the whole corpus once more, in its other cut.</summary>
    public override async Task PrepareAsync(CancellationToken cancellationToken = default)
    {
        if (prepared is not null) return;
        var vectors = new List<float[]>(Chunks.Count);
        foreach (var batch in Chunks.Chunk(32))
            vectors.AddRange(await embedder.EmbedPassagesAsync([.. batch.Select(chunk => chunk.Text)], cancellationToken).ConfigureAwait(false));
        prepared = (new Bm25([.. Chunks.Select(chunk => Analyzer.Analyze(chunk.Text).Terms)]), vectors);
    }

    public override string PathOf(Chunk chunk) => corpus.Paths[chunk.DocumentId];

    public override async Task<IReadOnlyList<RankedChunk>> SearchAsync(string question, CancellationToken cancellationToken = default)
    {
        var (words, vectors) = prepared ?? throw new InvalidOperationException("The plain baseline embeds its chunks in PrepareAsync, which must come before the first search.");
        var query = await embedder.EmbedQueryAsync(question, cancellationToken).ConfigureAwait(false);
        var dense = Best([.. vectors.Select(vector => (double)TensorPrimitives.Dot<float>(query, vector))]);
        var lexical = Best(words.Score(Analyzer.Analyze(question).QueryTerms)).Where(entry => entry.Score > 0).ToList();
        return [.. Fusion.MinMax(dense, lexical, 0.5).Take(Candidates).Select((found, i) => new RankedChunk(Chunks[found.Key], i + 1, found.Score, null, null, null, PathOf(Chunks[found.Key])))];
    }

    private static List<(int Key, double Score)> Best(double[] scores) =>
        [.. scores.Select((score, i) => (i, score)).OrderByDescending(entry => entry.score).Take(Candidates)];

    /// <summary>All pages of a document as one run of words, so that a chunk may span pages as it would in a plain text.</summary>
    private static IEnumerable<Chunk> Cut(CorpusChunks corpus, DocumentId id, string path)
    {
        var words = corpus.Pages.Where(entry => entry.Document == path)
            .SelectMany(entry => entry.Page.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => (entry.Page.Number, word)));
        return words.Chunk(Words).Select((run, position) => ToChunk(id, position, run));
    }

    private static Chunk ToChunk(DocumentId id, int position, (int Page, string Word)[] run)
    {
        var parts = new List<ChunkPart>();
        var text = new System.Text.StringBuilder();
        foreach (var page in run.GroupBy(word => word.Page))
        {
            if (text.Length > 0) text.Append(' ');
            var start = text.Length;
            text.AppendJoin(' ', page.Select(word => word.Word));
            parts.Add(new ChunkPart(page.Key, start, text.Length - start, Box.None));
        }

        return new Chunk { Id = ChunkId.From("plain", id, position, text.ToString()), DocumentId = id, Position = position, Text = text.ToString(), Parts = parts, TokenCount = run.Length };
    }
}
