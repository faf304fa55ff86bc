using DomainTuning.Checkpoints.Library;
using DomainTuning.Corpora;
using DomainTuning.Embeddings;
using DomainTuning.Endpoints;
using DomainTuning.Indexing;
using DomainTuning.Onnx.Encoders;
using DomainTuning.Stores;

namespace DomainTuning.Ingest;

/// <summary>The index and the embedder of a run, chosen here and nowhere else.</summary>
/// <param name="EmbedderCameFrom">"as the index was built" or the name of a setting, when it is not the default and no flag chose it.</param>
internal sealed record IngestParts(ChunkIndex Index, Embedder Embedder, string? EmbedderCameFrom) : IAsyncDisposable
{
    /// <exception cref="IndexException">The index was built otherwise, is damaged, or is being written by another process.</exception>
    /// <exception cref="Onnx.ModelException">The embedder is missing or cannot be run.</exception>
    /// <exception cref="Checkpoints.CheckpointException">Its tokenizer or description is missing or broken.</exception>
    /// <exception cref="EndpointException">The embedder is on another machine, which --offline forbids, or its key is missing.</exception>
    /// <exception cref="SettingsException">domaintuning.json or a variable holds what cannot be used.</exception>
    public static async Task<IngestParts> OpenAsync(IngestOptions options, CancellationToken cancellationToken)
    {
        var workspace = options.Workspace;
        var settings = Settings.Load(workspace.SettingsFile, Settings.ProcessVariables(), options.Index is null ? [] : new Dictionary<string, string> { ["index"] = options.Index });
        var indexes = IndexPlace.Of(workspace, settings);
        var (id, source) = await ChooseEmbedderAsync(options, settings, indexes, cancellationToken);

        var card = new ModelLibrary(workspace.ModelsFolder).Find(id);
        Embedder embedder = card.Endpoint is null
            ? OnnxEmbedder.Load(card.Folder, settings.Threads == 0 ? new EncoderOptions() : new EncoderOptions { Threads = settings.Threads })
            : new EndpointEmbedder(card, new EndpointOptions { Offline = settings.Offline });
        try
        {
            var manifest = new IndexManifest { Corpus = options.Corpus, Embedder = embedder.Identity, Chunking = options.Chunking };
            var index = options.Rebuild
                ? await indexes.RebuildAsync(manifest, cancellationToken)
                : await indexes.OpenForWritingAsync(manifest, cancellationToken);
            return new IngestParts(index, embedder, source);
        }
        catch
        {
            embedder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Index.DisposeAsync();
        Embedder.Dispose();
    }

    /// <summary>The flag; else, for an index that is kept, the embedder it was built with, unless a setting says otherwise; else the settings' default.</summary>
    private static async Task<(string Id, string? Source)> ChooseEmbedderAsync(IngestOptions options, Settings settings, IndexPlace indexes, CancellationToken cancellationToken)
    {
        if (options.Embedder is { } asked) return (asked, null);
        if (settings.Sources.TryGetValue("embedder", out var source)) return (settings.Embedder, source);
        var built = options.Rebuild ? null : await indexes.ReadManifestAsync(options.Corpus, cancellationToken);
        return built is null || built.Embedder.Id == settings.Embedder ? (settings.Embedder, null) : (built.Embedder.Id, "as the index was built");
    }
}
