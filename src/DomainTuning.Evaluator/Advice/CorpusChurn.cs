using System.Security.Cryptography;
using DomainTuning.Indexing;

namespace DomainTuning.Evaluator.Advice;

/// <summary>How far a folder of documents has moved on since it was ingested: files that are new, have other bytes, or are gone.</summary>
internal static class CorpusChurn
{
    /// <summary>What ingestion reads; other files beside the documents are no change.</summary>
    private static readonly string[] Read = [".pdf", ".md", ".markdown", ".html", ".htm", ".docx", ".txt"];

    /// <returns>Share of all documents, those gone included; null without a folder or without a document.</returns>
    public static async Task<double?> OfAsync(string documents, IReadOnlyList<IndexedDocument> indexed, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(documents)) return null;
        var files = Directory.EnumerateFiles(documents, "*", SearchOption.AllDirectories).Where(file => Read.Contains(Path.GetExtension(file).ToLowerInvariant()))
            .ToDictionary(file => Path.GetRelativePath(documents, file).Replace('\\', '/'), file => file, StringComparer.Ordinal);
        var known = indexed.ToDictionary(document => document.Path, document => document.Sha256, StringComparer.Ordinal);
        var changed = known.Keys.Count(path => !files.ContainsKey(path));
        foreach (var (path, file) in files)
            if (!known.TryGetValue(path, out var sha256) || sha256 != await HashAsync(file, cancellationToken).ConfigureAwait(false)) changed++;
        var all = files.Keys.Union(known.Keys, StringComparer.Ordinal).Count();
        return all == 0 ? null : (double)changed / all;
    }

    private static async Task<string> HashAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
    }
}
