using DomainTuning.Indexing;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace DomainTuning.Stores.Sqlite;

/// <summary>Turns what SQLite says into a sentence with the remedy.</summary>
internal static class SqliteErrors
{
    public static IndexException Explain(SqliteException error, string file, string doing) => new(Sentence(error, file, doing), error);

    /// <summary>True for a file that is broken or was never a database.</summary>
    public static bool IsDamage(SqliteException error) => error.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;

    private static string Sentence(SqliteException error, string file, string doing) => error.SqliteErrorCode switch
    {
        raw.SQLITE_FULL =>
            $"The disk that holds index '{file}' is full ({doing}). Nothing that was indexed before is lost: free some space and run the same command again.",
        raw.SQLITE_NOTADB =>
            $"'{file}' is not an index: it is no SQLite file, or it is encrypted ({doing}). Move it away, or run 'domaintuning ingest' with --rebuild, which keeps it as '{file}.damaged'.",
        raw.SQLITE_CORRUPT =>
            $"Index '{file}' is damaged ({doing}: {error.Message}). Run 'domaintuning ingest' with --rebuild to make it anew; the damaged file is kept as '{file}.damaged'.",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
            $"Index '{file}' stayed locked by another program ({doing}). Close what has the file open and try again.",
        raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_PERM =>
            $"Index '{file}' cannot be opened ({doing}: {error.Message}). Check that this user may read and write it and its folder.",
        raw.SQLITE_IOERR =>
            $"The disk that holds index '{file}' gave an error ({doing}: {error.Message}). Nothing that was indexed before is lost: check the disk and its free space, then run the same command again.",
        _ => $"Index '{file}' failed ({doing}: {error.Message}). 'domaintuning doctor' checks it; 'domaintuning ingest' with --rebuild makes it anew.",
    };
}
