using System.Globalization;
using DomainTuning.Stores.Sqlite;
using Microsoft.Data.Sqlite;

namespace DomainTuning.Stores.Conversations;

/// <summary>
/// Conversations in one SQLite file. Each has an owner, and every call names one: what belongs to another is not there. Each call is one transaction on a
/// connection of its own, so several processes may use the file. Thread-safe.
/// </summary>
public sealed class ConversationFile
{
    /// <summary>"DTcv", in the file's header.</summary>
    private const long ApplicationId = 0x44546376;

    private const int Format = 1;

    /// <summary>Of a title that is taken from the first question.</summary>
    private const int TitleLetters = 80;

    private const string Tables =
        """
        CREATE TABLE conversations(id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, model TEXT, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
        CREATE INDEX conversations_by_owner ON conversations(owner, updated_at DESC);
        CREATE TABLE messages(
          conversation TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE, position INTEGER NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL, model TEXT,
          created_at TEXT NOT NULL, details TEXT, PRIMARY KEY(conversation, position)) WITHOUT ROWID;
        """;

    private const string Columns = "c.id, c.owner, c.title, c.model, c.created_at, c.updated_at, (SELECT count(*) FROM messages m WHERE m.conversation = c.id)";

    private readonly string file;
    private readonly TimeProvider time;

    /// <param name="file">Made with its folder at the first write.</param>
    public ConversationFile(string file, TimeProvider time) => (this.file, this.time) = (file, time);

    public Task<Conversation> CreateAsync(string owner, string? title, string? model, CancellationToken cancellationToken = default) => WriteAsync(
        connection =>
        {
            var now = time.GetUtcNow();
            var made = new Conversation("conv_" + Guid.CreateVersion7(now).ToString("N"), owner, title ?? "", model, now, now, 0);
            connection.Execute("INSERT INTO conversations VALUES (?1, ?2, ?3, ?4, ?5, ?5)", made.Id, owner, made.Title, model, Text(now));
            return made;
        },
        cancellationToken);

    /// <summary>The latest first.</summary>
    public Task<IReadOnlyList<Conversation>> ListAsync(string owner, int limit, CancellationToken cancellationToken = default) => ReadAsync<IReadOnlyList<Conversation>>(
        connection =>
        {
            var found = new List<Conversation>();
            using var command = connection.Command($"SELECT {Columns} FROM conversations c WHERE c.owner = ?1 ORDER BY c.updated_at DESC, c.id DESC LIMIT ?2", owner, limit);
            using var reader = command.ExecuteReader();
            while (reader.Read()) found.Add(Read(reader));
            return found;
        },
        [], cancellationToken);

    /// <summary>Null when the owner has none of that id.</summary>
    public Task<Conversation?> FindAsync(string owner, string id, CancellationToken cancellationToken = default) => ReadAsync(
        connection =>
        {
            using var command = connection.Command($"SELECT {Columns} FROM conversations c WHERE c.owner = ?1 AND c.id = ?2", owner, id);
            using var reader = command.ExecuteReader();
            return reader.Read() ? Read(reader) : null;
        },
        null, cancellationToken);

    /// <summary>Oldest first; none where the owner has no such conversation.</summary>
    public Task<IReadOnlyList<ConversationMessage>> MessagesAsync(string owner, string id, CancellationToken cancellationToken = default) => ReadAsync<IReadOnlyList<ConversationMessage>>(
        connection =>
        {
            var found = new List<ConversationMessage>();
            using var command = connection.Command(
                "SELECT m.role, m.content, m.model, m.created_at, m.details FROM messages m JOIN conversations c ON c.id = m.conversation WHERE c.owner = ?1 AND c.id = ?2 ORDER BY m.position", owner, id);
            using var reader = command.ExecuteReader();
            while (reader.Read()) found.Add(new ConversationMessage(reader.GetString(0), reader.GetString(1), reader.Text(2), Time(reader.GetString(3)), reader.Text(4)));
            return found;
        },
        [], cancellationToken);

    /// <returns>False when the owner has none of that id.</returns>
    public Task<bool> RenameAsync(string owner, string id, string title, CancellationToken cancellationToken = default) =>
        WriteAsync(connection => connection.Execute("UPDATE conversations SET title = ?3 WHERE owner = ?1 AND id = ?2", owner, id, title) > 0, cancellationToken);

    /// <returns>False when the owner has none of that id.</returns>
    public Task<bool> DeleteAsync(string owner, string id, CancellationToken cancellationToken = default) =>
        WriteAsync(connection => connection.Execute("DELETE FROM conversations WHERE owner = ?1 AND id = ?2", owner, id) > 0, cancellationToken);

    /// <summary>Puts messages at the end, all or none. An untitled conversation gets the beginning of its first question as title.</summary>
    /// <returns>False when the owner has none of that id.</returns>
    public Task<bool> AppendAsync(string owner, string id, IReadOnlyList<ConversationMessage> messages, CancellationToken cancellationToken = default) => WriteAsync(
        connection =>
        {
            var model = messages.LastOrDefault(message => message.Model is not null)?.Model;
            var title = messages.FirstOrDefault(message => message.Role == "user")?.Content.ReplaceLineEndings(" ").Trim();
            if (title?.Length > TitleLetters) title = title[..(char.IsHighSurrogate(title[TitleLetters - 1]) ? TitleLetters - 1 : TitleLetters)] + "…";
            if (connection.Execute(
                "UPDATE conversations SET updated_at = ?3, model = coalesce(?4, model), title = CASE title WHEN '' THEN coalesce(?5, '') ELSE title END WHERE owner = ?1 AND id = ?2",
                owner, id, Text(time.GetUtcNow()), model, title) == 0) return false;
            foreach (var message in messages)
                connection.Execute(
                    "INSERT INTO messages SELECT ?1, coalesce(max(position), 0) + 1, ?2, ?3, ?4, ?5, ?6 FROM messages WHERE conversation = ?1",
                    id, message.Role, message.Content, message.Model, Text(message.CreatedAt), message.Details);
            return true;
        },
        cancellationToken);

    private Task<T> ReadAsync<T>(Func<SqliteConnection, T> read, T nothing, CancellationToken cancellationToken) => Task.Run(
        () => File.Exists(file) ? InTransaction(SqliteOpenMode.ReadWrite, read) : nothing, cancellationToken);

    private Task<T> WriteAsync<T>(Func<SqliteConnection, T> write, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            return InTransaction(SqliteOpenMode.ReadWriteCreate, write);
        },
        cancellationToken);

    private T InTransaction<T>(SqliteOpenMode mode, Func<SqliteConnection, T> work)
    {
        try
        {
            using var connection = Sql.Open(file, mode);
            connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
            using var transaction = connection.BeginTransaction(deferred: mode == SqliteOpenMode.ReadWrite);
            Prepare(connection);
            var result = work(connection);
            transaction.Commit();
            return result;
        }
        catch (SqliteException error)
        {
            throw new IOException($"The conversations in '{file}' cannot be used: {error.Message} Check the disk and the rights of this user, or move the file away to begin anew.", error);
        }
    }

    private void Prepare(SqliteConnection connection)
    {
        if (Schema.IsEmpty(connection))
        {
            connection.Execute(Tables);
            connection.Execute($"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Format}");
        }

        if (connection.Number("PRAGMA application_id") != ApplicationId || connection.Number("PRAGMA user_version") != Format)
            throw new IOException($"'{file}' holds no conversations of this version of DomainTuning. Move it away to begin anew.");
    }

    private static Conversation Read(SqliteDataReader reader) =>
        new(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.Text(3), Time(reader.GetString(4)), Time(reader.GetString(5)), reader.GetInt32(6));

    private static string Text(DateTimeOffset time) => time.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
