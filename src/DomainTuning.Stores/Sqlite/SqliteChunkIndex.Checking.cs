using DomainTuning.Indexing;
using Microsoft.Data.Sqlite;

namespace DomainTuning.Stores.Sqlite;

/// <summary>The health check of 'domaintuning doctor'.</summary>
public sealed partial class SqliteChunkIndex
{
    /// <summary>Reads the whole file and compares its parts; may take seconds for a large one. A writer may be at work.</summary>
    /// <returns>One sentence a problem; none for a healthy index.</returns>
    /// <exception cref="IndexException">There is no index, or it cannot be opened at all.</exception>
    public static Task<IReadOnlyList<string>> CheckAsync(string file, CancellationToken cancellationToken = default) =>
        Task.Run<IReadOnlyList<string>>(() => Check(file, cancellationToken), cancellationToken);

    private static List<string> Check(string file, CancellationToken cancellationToken)
    {
        var manifest = ReadManifest(file) ?? throw new IndexException($"There is no index at '{file}'. Run 'domaintuning ingest <folder>' first.");
        try
        {
            using var connection = Sql.Open(file, SqliteOpenMode.ReadOnly);
            using var view = connection.BeginTransaction(deferred: true);
            if (connection.Scalar("PRAGMA quick_check(1)") is not "ok" and var damage) return [$"The file is damaged: {damage}. Re-ingest with --rebuild."];
            var problems = new List<string>();
            foreach (var (name, sql) in Comparisons(manifest))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (connection.Number(sql) is var count and > 0) problems.Add($"{count} {name}. Re-ingest with --rebuild.");
            }

            return problems;
        }
        catch (SqliteException error) when (SqliteErrors.IsDamage(error))
        {
            return [SqliteErrors.Explain(error, file, "checking").Message];
        }
    }

    /// <summary>Each counts rows that should not be.</summary>
    private static (string Name, string Sql)[] Comparisons(IndexManifest manifest) =>
    [
        ("documents whose number of chunks is not what was stored", "SELECT count(*) FROM documents d WHERE chunks <> (SELECT count(*) FROM chunks c WHERE c.document = d.key)"),
        ("chunks without a document", "SELECT count(*) FROM chunks WHERE document NOT IN (SELECT key FROM documents)"),
        ("pages without a document", "SELECT count(*) FROM pages WHERE document NOT IN (SELECT key FROM documents)"),
        ("chunks without a vector", "SELECT count(*) FROM chunks WHERE key NOT IN (SELECT chunk FROM vectors)"),
        ("vectors without a chunk", "SELECT count(*) FROM vectors WHERE chunk NOT IN (SELECT key FROM chunks)"),
        ("vectors of the wrong length", $"SELECT count(*) FROM vectors WHERE length(vector) <> {manifest.Embedder.Dimensions * sizeof(float)}"),
        ("chunks that are missing from the word index", "SELECT count(*) FROM chunks WHERE key NOT IN (SELECT rowid FROM words)"),
        ("entries of the word index without a chunk", "SELECT count(*) FROM words WHERE rowid NOT IN (SELECT key FROM chunks)"),
        ("documents whose chunks are not stored one after the other", "SELECT count(*) FROM (SELECT document FROM chunks GROUP BY document HAVING max(key) - min(key) + 1 <> count(*))"),
    ];
}
