using DomainTuning.Indexing;
using Microsoft.Data.Sqlite;

namespace DomainTuning.Stores.Sqlite;

/// <summary>Copies of an index file, made and put back while readers read.</summary>
public sealed partial class SqliteChunkIndex
{
    /// <summary>Writes one state of the index to another file, without the room of what was deleted.</summary>
    /// <exception cref="IndexException">There is no index, it is damaged, or the disk is full.</exception>
    public static Task CopyAsync(string file, string copy, CancellationToken cancellationToken = default) => Task.Run(
        () =>
        {
            _ = ReadManifest(file) ?? throw new IndexException($"There is no index at '{file}'.");
            try
            {
                using var connection = Sql.Open(file, SqliteOpenMode.ReadOnly);
                connection.Execute("VACUUM INTO ?1", copy);
            }
            catch (SqliteException error)
            {
                throw SqliteErrors.Explain(error, file, "copying");
            }
        },
        cancellationToken);

    /// <summary>Puts an index back to a copy of it, in one transaction. Readers go on; those of another embedder are told.</summary>
    /// <exception cref="IndexException">A writer is at work, or the copy is no healthy index.</exception>
    public static Task RestoreAsync(string copy, string file, CancellationToken cancellationToken = default) => Task.Run(
        () =>
        {
            _ = ReadManifest(copy) ?? throw new IndexException($"'{copy}' holds no index.");
            using var held = WriterLock.Take(file, () => Holder(file));
            try
            {
                using var source = Sql.Open(copy, SqliteOpenMode.ReadOnly);
                using var target = Sql.Open(file, SqliteOpenMode.ReadWriteCreate);
                var newest = Schema.IsEmpty(target) ? 0 : Schema.Generation(target);
                source.BackupDatabase(target);
                target.Execute("PRAGMA journal_mode = WAL");
                // A reader must not take the old state for the new one.
                target.Execute("UPDATE meta SET value = ?1 WHERE name = 'generation'", Math.Max(newest, Schema.Generation(target)) + 1);
            }
            catch (SqliteException error)
            {
                throw SqliteErrors.Explain(error, file, "restoring");
            }
        },
        cancellationToken);
}
