using DomainTuning.Chunks;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;

namespace DomainTuning.Stores;

/// <summary>Says what an index was built with, what was asked for, and the way out.</summary>
internal static class ManifestMismatch
{
    public static void Check(string file, IndexManifest built, IndexManifest asked)
    {
        if (built.Corpus != asked.Corpus)
            throw new IndexException($"Index '{file}' belongs to corpus '{built.Corpus}'; this run is for '{asked.Corpus}'. Pass --corpus {built.Corpus} or re-ingest with --rebuild.");
        Check(file, built.Embedder, asked.Embedder);
        if (built.Chunking != asked.Chunking)
            throw new IndexException($"Index '{file}' was cut with {Name(built.Chunking)}; this run cuts with {Name(asked.Chunking)}. Set the same values or re-ingest with --rebuild.");
    }

    public static void Check(string file, EmbedderIdentity built, EmbedderIdentity asked)
    {
        if (built == asked) return;
        var (was, now) = ($"{built}", $"{asked}");
        if (was == now) (was, now) = ($"{was} with {Details(built, asked)}", $"it with {Details(asked, built)}");
        throw new IndexException($"Index '{file}' was built with {was}; this run embeds with {now}. Pass --embedder {built.Id} or re-ingest with --rebuild.");
    }

    private static string Name(ChunkingOptions options) => $"MaxTokens {options.MaxTokens}, OverlapTokens {options.OverlapTokens}, MinTokens {options.MinTokens}";

    private static string Details(EmbedderIdentity of, EmbedderIdentity other)
    {
        var details = new List<string>();
        if (of.Sha256 != other.Sha256) details.Add($"weights {of.Sha256}");
        if (of.Pooling != other.Pooling) details.Add($"pooling '{of.Pooling}'");
        if (of.QueryPrefix != other.QueryPrefix) details.Add($"query prefix '{of.QueryPrefix}'");
        if (of.PassagePrefix != other.PassagePrefix) details.Add($"passage prefix '{of.PassagePrefix}'");
        if (of.MaxTokens != other.MaxTokens) details.Add($"at most {of.MaxTokens} tokens");
        return string.Join(", ", details);
    }
}
