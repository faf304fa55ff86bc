using DomainTuning.Corpora;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using DomainTuning.Stores.Qdrant;

namespace DomainTuning.Stores;

/// <summary>A copy of an index, to go back to.</summary>
public sealed record IndexCopy(string Name, DateTimeOffset Created, long Bytes);

/// <summary>
/// Where indexes are, and the one place that opens them: a file a corpus in the workspace, one named file, or a Qdrant server. Nothing else in the product knows
/// which of them it is. Chosen by "index" in the settings.
/// </summary>
public abstract class IndexPlace
{
    private const string OnServer = "qdrant:";
    private const string InFile = "sqlite:";

    /// <exception cref="IndexException">The setting "index" cannot be used, or goes to another machine while "offline" is set.</exception>
    public static IndexPlace Of(Workspace workspace, Settings settings) => Parse(workspace, settings.Index, settings.IndexApiKey, settings.Offline);

    /// <param name="text">"qdrant:http://host:6334" for a collection a corpus there, "qdrant:http://host:6334/name" for that collection, "sqlite:FILE", or null for the workspace's files.</param>
    public static IndexPlace Parse(Workspace workspace, string? text, string? apiKey = null, bool offline = false)
    {
        if (text is null) return new WorkspaceFiles(workspace);
        if (text.StartsWith(InFile, StringComparison.Ordinal)) return new WorkspaceFiles(workspace, Path.GetFullPath(text[InFile.Length..]));
        if (!text.StartsWith(OnServer, StringComparison.Ordinal))
            throw new IndexException($"'{text}' is no place for an index. Write qdrant:http://HOST:6334/NAME for a Qdrant server, sqlite:FILE for a file, or leave it out for the workspace's own files.");
        var (options, collection) = QdrantOptions.Parse(text[OnServer.Length..], apiKey);
        if (offline && !options.Address.IsLoopback) throw new IndexException($"The index is on another machine ({options.Address.Host}), which 'offline' forbids. Leave out --offline, or use an index on this machine.");
        return new QdrantServer(options, collection);
    }

    /// <summary>A corpus' index as messages name it.</summary>
    public abstract string Name(string corpus);

    /// <summary>Names of the corpora that have an index here, ordinal.</summary>
    public abstract Task<IReadOnlyList<string>> CorporaAsync(CancellationToken cancellationToken = default);

    /// <summary>What a corpus' index was built with; null when there is none.</summary>
    public abstract Task<IndexManifest?> ReadManifestAsync(string corpus, CancellationToken cancellationToken = default);

    public abstract Task<ChunkIndex> OpenAsync(string corpus, EmbedderIdentity expected, CancellationToken cancellationToken = default);

    /// <summary>Opens the index of the manifest's corpus to fill it, and creates it where there is none.</summary>
    public abstract Task<ChunkIndex> OpenForWritingAsync(IndexManifest expected, CancellationToken cancellationToken = default);

    /// <summary>Opens it to fill it from nothing.</summary>
    public abstract Task<ChunkIndex> RebuildAsync(IndexManifest manifest, CancellationToken cancellationToken = default);

    /// <summary>One sentence a problem; none for a healthy index.</summary>
    public abstract Task<IReadOnlyList<string>> CheckAsync(string corpus, CancellationToken cancellationToken = default);

    /// <summary>What there is to say of the store itself, as names and values.</summary>
    public abstract Task<IReadOnlyList<(string Name, string Value)>> DescribeAsync(string corpus, CancellationToken cancellationToken = default);

    public abstract Task<IndexCopy> CopyAsync(string corpus, CancellationToken cancellationToken = default);

    /// <summary>The copies that there are, oldest first.</summary>
    public abstract Task<IReadOnlyList<IndexCopy>> CopiesAsync(string corpus, CancellationToken cancellationToken = default);

    /// <summary>Puts the index back to a copy.</summary>
    public abstract Task RestoreAsync(string corpus, string copy, CancellationToken cancellationToken = default);

    /// <summary>Lets another name stand for a corpus' index, in one step: who reads under that name goes from the old index to this one without a gap.</summary>
    /// <exception cref="IndexException">A file has one name only.</exception>
    public abstract Task NameAsync(string corpus, string name, CancellationToken cancellationToken = default);
}
