using System.Security.Cryptography;
using System.Text;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;

namespace DomainTuning.Evaluator.Beir;

/// <summary>How far the passages of a retrieval set are embedded.</summary>
/// <param name="Embedded">In this run; what was stored before takes no time.</param>
/// <param name="TimeLeft">Null until it can be told.</param>
public sealed record BeirProgress(int Done, int Total, int Embedded, TimeSpan? TimeLeft);

/// <summary>
/// A retrieval set in an index: each passage one chunk, its title as heading, never cut. Passages are stored in parts, each in one transaction with the
/// hash of what is in it: a run that was killed goes on with the part it was at, and a changed corpus embeds its changed parts only.
/// A passage without text and title is not stored, because nothing can find it.
/// </summary>
public sealed class BeirIndex
{
    /// <summary>A second or two of embedding on two cores: what a kill can cost.</summary>
    private const int PassagesAPart = 64;

    private readonly Dictionary<ChunkId, string> ids = [];

    private BeirIndex(ChunkIndex index) => Index = index;

    public ChunkIndex Index { get; }

    public int Passages => ids.Count;

    /// <summary>The passage's id in the set.</summary>
    public string IdOf(ChunkId chunk) => ids[chunk];

    /// <summary>What an index for this set is opened with. Its name keeps it apart from an ingested corpus, which filling would otherwise empty.</summary>
    public static IndexManifest Manifest(BeirFolder folder, Embedder embedder) =>
        new() { Corpus = $"beir/{folder.Name}", Embedder = embedder.Identity, Chunking = new ChunkingOptions() };

    /// <summary>Makes the index hold exactly this set, embedding what is not there yet.</summary>
    /// <param name="index">Open for writing, with <see cref="Manifest"/>.</param>
    public static async Task<BeirIndex> FillAsync(
        BeirFolder folder, ChunkIndex index, Embedder embedder, IProgress<BeirProgress>? progress, TimeProvider time, CancellationToken cancellationToken = default)
    {
        var filled = new BeirIndex(index);
        var known = (await index.DocumentsAsync(cancellationToken).ConfigureAwait(false)).ToDictionary(document => document.Path, StringComparer.Ordinal);
        var meter = new Meter(folder.Documents().Count(), progress, time);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (number, passages) in folder.Documents().Chunk(PassagesAPart).Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var passage in passages)
                if (!seen.Add(passage.Id)) throw new BeirException($"corpus.jsonl holds passage '{passage.Id}' twice. Keep one of them.");
            var part = new Part($"part-{number:D6}", [.. passages.Where(passage => !string.IsNullOrWhiteSpace(passage.Text) || !string.IsNullOrWhiteSpace(passage.Title))], index.Manifest.Corpus);
            var isStored = known.Remove(part.Path, out var stored) && stored.Sha256 == part.Sha256;
            var chunks = part.Chunks(isStored ? _ => 0 : embedder.CountTokens);
            if (!isStored) await StoreAsync(part, chunks, index, embedder, time, cancellationToken).ConfigureAwait(false);
            foreach (var (chunk, passage) in chunks.Zip(part.Passages)) filled.ids.Add(chunk.Id, passage.Id);
            meter.Passed(passages.Length, isStored ? 0 : passages.Length);
        }

        foreach (var gone in known.Values) await index.DeleteAsync(gone.Id, cancellationToken).ConfigureAwait(false);
        return filled;
    }

    private static async Task StoreAsync(Part part, IReadOnlyList<Chunk> chunks, ChunkIndex index, Embedder embedder, TimeProvider time, CancellationToken cancellationToken)
    {
        var vectors = await embedder.EmbedPassagesAsync([.. chunks.Select(chunk => chunk.EmbeddedText)], cancellationToken).ConfigureAwait(false);
        var document = new IndexedDocument(part.Id, part.Path, part.Path, part.Sha256, 1, chunks.Count, [], time.GetUtcNow());
        await index.StoreAsync(document, [], [.. chunks.Zip(vectors, (chunk, vector) => new EmbeddedChunk(chunk, vector))], cancellationToken).ConfigureAwait(false);
    }

    private sealed class Part
    {
        private readonly string corpus;

        public Part(string path, IReadOnlyList<BeirDocument> passages, string corpus)
        {
            this.corpus = corpus;
            Path = path;
            Passages = passages;
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\u001E', passages.Select(passage => $"{passage.Id}\u001F{passage.Title}\u001F{passage.Text}")))));
            Id = DocumentId.From(Sha256, path);
        }

        public string Path { get; }

        public IReadOnlyList<BeirDocument> Passages { get; }

        public string Sha256 { get; }

        public DocumentId Id { get; }

        /// <param name="count">Tokens of a text.</param>
        public IReadOnlyList<Chunk> Chunks(Func<string, int> count) => [.. Passages.Select((passage, position) => ToChunk(passage, position, count))];

        private Chunk ToChunk(BeirDocument passage, int position, Func<string, int> count)
        {
            // A lone title is the passage's text: a heading with nothing under it would be cut away by readers of chunks.
            var (title, text) = string.IsNullOrWhiteSpace(passage.Text) ? ("", passage.Title) : (passage.Title, passage.Text);
            var chunk = new Chunk
            {
                Id = ChunkId.From(corpus, Id, position, text),
                DocumentId = Id,
                Position = position,
                Text = text,
                HeadingPath = string.IsNullOrWhiteSpace(title) ? [] : [title],
                Parts = [new ChunkPart(1, 0, text.Length, default)],
                TokenCount = 0,
            };
            return chunk with { TokenCount = count(chunk.EmbeddedText) };
        }
    }

    private sealed class Meter(int total, IProgress<BeirProgress>? progress, TimeProvider time)
    {
        private readonly long start = time.GetTimestamp();
        private int done;
        private int embedded;

        public void Passed(int passages, int fresh)
        {
            done += passages;
            embedded += fresh;
            TimeSpan? left = embedded == 0 ? null : time.GetElapsedTime(start) * ((double)(total - done) / embedded);
            progress?.Report(new BeirProgress(done, total, embedded, left));
        }
    }
}
