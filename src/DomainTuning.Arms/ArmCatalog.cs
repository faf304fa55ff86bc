using DomainTuning.Adapters;
using DomainTuning.Answering;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Corpora;
using DomainTuning.Embeddings;
using DomainTuning.Endpoints;
using DomainTuning.Indexing;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Encoders;
using DomainTuning.Onnx.Graphs;
using DomainTuning.Retrieval;
using DomainTuning.Stores;
using Microsoft.Extensions.AI;

namespace DomainTuning.Arms;

/// <summary>A model id that names nothing here. The message lists what there is.</summary>
public sealed class UnknownArmException(string message) : Exception(message);

/// <summary>
/// All that a workspace can answer with: its chat models, its corpora, and every pairing of the two, by the ids of <see cref="ArmId"/>. Models and
/// indexes are opened on first use and shared by all requests. Thread-safe.
/// </summary>
public sealed class ArmCatalog : IAsyncDisposable
{
    private readonly Workspace workspace;
    private readonly Settings settings;
    private readonly ModelLibrary library;
    private readonly IndexPlace indexes;
    private readonly OpenOnce<IChatClient> chatModels;
    private readonly OpenOnce<Embedder> embedders;
    private readonly OpenOnce<OnnxReranker> rerankers;
    private readonly OpenOnce<OpenCorpus> corpora;

    /// <param name="conversion">Told how the conversion of a chat model gets on, which happens once a model.</param>
    public ArmCatalog(Workspace workspace, Settings settings, IProgress<ConversionProgress>? conversion = null)
    {
        this.workspace = workspace;
        this.settings = settings;
        library = new ModelLibrary(workspace.ModelsFolder);
        indexes = IndexPlace.Of(workspace, settings);
        chatModels = new(async (id, cancellationToken) => library.Find(id) is { Endpoint: not null } elsewhere
            ? new EndpointChatClient(elsewhere, Endpoints)
            : await OnnxChatClient.LoadAsync(
                library.Find(id).Folder, workspace.ModelCacheFolder, ChatOptions(id), conversion, cancellationToken).ConfigureAwait(false));
        embedders = new((id, _) => Task.Run(() => WorkspaceEmbedder.Open(workspace, settings, id)));
        rerankers = new((id, _) => Task.Run(() => OnnxReranker.Load(library.Find(id).Folder, new EncoderOptions { Threads = settings.Threads })));
        corpora = new(OpenCorpusAsync);
    }

    /// <summary>The reranker of <see cref="Settings.Reranker"/> that asks the chat model how likely the question is after each passage.</summary>
    public const string Likelihood = "likelihood";

    public RetrievalOptions Retrieval => new()
    {
        DenseWeight = settings.DenseWeight,
        Top = settings.Top,
        RerankWeight = settings.RerankWeight ?? DefaultRerankWeight(settings.Reranker),
        RerankWithin = settings.Reranker == Likelihood ? LikelihoodWithin : new RetrievalOptions().RerankWithin,
    };

    /// <summary>
    /// The likelihood reads only where the search's first two results lie no further apart than this: it costs a prefill a passage, and a clear winner needs none.
    /// Chosen, not measured: `domaintuning evaluate fit CORPUS --reranker likelihood` shows what each border reads and gives.
    /// </summary>
    public const double LikelihoodWithin = 0.3;

    public Settings Settings => settings;

    /// <summary>The models of the library, as they are now.</summary>
    public IReadOnlyList<ModelCard> Models => library.List();

    public Workspace Workspace => workspace;

    /// <summary>Half for the likelihood, which knows nothing of the search (FACTS 15); a cross-encoder is trained to decide alone.</summary>
    public static double DefaultRerankWeight(string? reranker) => reranker == Likelihood ? 0.5 : 1;

    /// <summary>Names of the corpora that have an index. Asks the server where the index is on one.</summary>
    public IReadOnlyList<string> Corpora => Task.Run(() => indexes.CorporaAsync()).GetAwaiter().GetResult();

    /// <summary>
    /// Every arm, the best default first: the chat model over each corpus, the quote alone, then the models alone; an adapter follows its model. Adapters are
    /// looked up at every call, so one that was trained a moment ago is there.
    /// </summary>
    public IReadOnlyList<ArmId> List()
    {
        var models = library.List().Where(card => card.Kind == ModelKind.Chat).Select(card => card.Id)
            .OrderByDescending(id => id == settings.ChatModel).ToList();
        var alone = models.SelectMany(model => Adapters(model).All().Select(place => place.Name).Distinct().Prepend(null).Select(adapter => new ArmId(model, adapter))).ToList();
        var names = Corpora.OrderByDescending(name => name == settings.Corpus).ToList();
        return [.. names.SelectMany(corpus => alone.Append(new ArmId(ArmId.Quote)).Select(arm => arm with { Corpus = corpus })), .. alone];
    }

    /// <summary>Where a chat model's adapters lie.</summary>
    public AdapterFolders Adapters(string model) => new(model, workspace.AdaptersFolder(model), workspace.CorporaFolder);

    /// <summary>The corpus that a question goes to when none is named.</summary>
    /// <exception cref="UnknownArmException">There is none, or more than one to choose from.</exception>
    public string DefaultCorpus() => settings.Corpus ?? Corpora switch
    {
        [var only] => only,
        [] => throw new UnknownArmException("Nothing is ingested yet. Run `domaintuning ingest <folder>` first."),
        var several => throw new UnknownArmException($"There are {several.Count} corpora: {string.Join(", ", several)}. Name one with --corpus, or set \"corpus\" in domaintuning.json."),
    };

    /// <summary>The chat model of an arm, through its adapter where it names one. The adapter is loaded when this returns.</summary>
    /// <exception cref="UnknownArmException">There is no such model or adapter.</exception>
    /// <exception cref="AdapterException">The adapter is there and cannot be used.</exception>
    public async Task<IChatClient> ChatModelAsync(ArmId arm, CancellationToken cancellationToken = default)
    {
        var client = await ChatClientAsync(arm.Model, cancellationToken).ConfigureAwait(false);
        if (arm.Adapter is null) return client;
        if (client is not OnnxChatClient local) // adapters there are further model names, which only the server knows
            return client.AsBuilder().ConfigureOptions(options => options.ModelId = $"{arm.Model}:{arm.Adapter}").Build();
        if (!local.Adapters.Contains(arm.Adapter))
            throw new UnknownArmException($"There is no adapter '{arm.Adapter}' for '{arm.Model}'. Known are {Known()}. Put its folder into '{workspace.AdaptersFolder(arm.Model)}'.");
        await local.LoadAdapterAsync(arm.Adapter, cancellationToken).ConfigureAwait(false);
        return local.WithAdapter(arm.Adapter);
    }

    /// <summary>A chat model that runs here.</summary>
    /// <exception cref="UnknownArmException">There is none of that id, or another server runs it.</exception>
    public async Task<OnnxChatClient> LocalChatClientAsync(string id, CancellationToken cancellationToken = default) =>
        await ChatClientAsync(id, cancellationToken).ConfigureAwait(false) as OnnxChatClient
        ?? throw new UnknownArmException($"Another server runs '{id}'; its adapters lie there. Name a model that runs here.");

    /// <summary>A chat model by its id in the library: an <see cref="OnnxChatClient"/> for those that run here.</summary>
    public async Task<IChatClient> ChatClientAsync(string id, CancellationToken cancellationToken = default)
    {
        var card = library.List().FirstOrDefault(card => card.Id == id && card.Kind == ModelKind.Chat)
            ?? throw new UnknownArmException($"There is no chat model '{id}'. Known are {Known()}. Add one with `domaintuning models add`.");
        return await chatModels.GetAsync(card.Id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A chat model's card; null for an id that is not in the library.</summary>
    public ModelCard? ChatCard(string id) => library.List().FirstOrDefault(card => card.Id == id && card.Kind == ModelKind.Chat);

    /// <param name="id">A cross-encoder of the library, or <see cref="Likelihood"/>.</param>
    /// <param name="options">For the likelihood.</param>
    public async Task<Reranker> RerankerAsync(string id, LikelihoodOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (id != Likelihood) return await rerankers.GetAsync(id, cancellationToken).ConfigureAwait(false);
        var model = await ChatClientAsync(settings.ChatModel, cancellationToken).ConfigureAwait(false);
        return model.GetService(typeof(TextScorer)) is TextScorer scorer
            ? new LikelihoodReranker(settings.ChatModel, scorer, options)
            : throw new UnknownArmException($"The chat model '{settings.ChatModel}' does not give probabilities, which --reranker {Likelihood} needs. Choose a local chat model with --chat-model, or a cross-encoder.");
    }

    public Task<OpenCorpus> CorpusAsync(string name, CancellationToken cancellationToken = default) =>
        Corpora.Contains(name)
            ? corpora.GetAsync(name, cancellationToken)
            : throw new UnknownArmException($"There is no corpus '{name}'. Known are {string.Join(", ", Corpora)}. Ingest it with `domaintuning ingest <folder> --corpus {name}`.");

    /// <summary>A sentence encoder of the library.</summary>
    /// <exception cref="UnknownArmException">There is none of that id.</exception>
    public Task<Embedder> EmbedderAsync(string id, CancellationToken cancellationToken = default) =>
        Models.FirstOrDefault(card => card.Id == id && card.Kind == ModelKind.Encoder) is { } card
            ? embedders.GetAsync(card.Id, cancellationToken)
            : throw new UnknownArmException($"There is no sentence encoder '{id}'. Known are {Names(ModelKind.Encoder)}. Add one with `domaintuning models add`.");

    /// <summary>What answers for an arm that names a corpus.</summary>
    /// <param name="options">Default: the settings' retrieval, and the defaults of answering.</param>
    public async Task<Answerer> AnswererAsync(ArmId arm, AnsweringOptions? options = null, CancellationToken cancellationToken = default)
    {
        var corpus = await CorpusAsync(arm.Corpus ?? DefaultCorpus(), cancellationToken).ConfigureAwait(false);
        var model = arm.IsExtractive ? null : await ChatModelAsync(arm, cancellationToken).ConfigureAwait(false);
        return new Answerer(corpus.Index, corpus.Retriever, corpus.Embedder, model, (options ?? new AnsweringOptions { Retrieval = Retrieval }).For(Asking(arm)));
    }

    /// <summary>How an arm's adapter wants to be asked; null without an adapter, or where nobody said.</summary>
    public AdapterAsking? Asking(ArmId arm) =>
        arm.Adapter is null || ChatCard(arm.Model) is not { Endpoint: null } || Adapters(arm.Model).Find(arm.Adapter) is not { IsOnnxFile: false } place ? null : AdapterCard.Read(place.Path)?.Asking;

    public async ValueTask DisposeAsync()
    {
        foreach (var corpus in corpora.Opened) await corpus.Index.DisposeAsync().ConfigureAwait(false);
        foreach (var model in chatModels.Opened) model.Dispose();
        foreach (var embedder in embedders.Opened) embedder.Dispose();
        foreach (var reranker in rerankers.Opened) reranker.Dispose();
    }

    private EndpointOptions Endpoints => new() { Offline = settings.Offline };

    private ChatEngineOptions ChatOptions(string model) =>
        new()
        {
            Threads = settings.Threads,
            Form = Enum.Parse<WeightForm>(settings.ChatForm, ignoreCase: true),
            KeyValues = Enum.Parse<KeyValueForm>(settings.ChatKeyValues, ignoreCase: true),
            Adapters = Adapters(model),
            WaitingRequests = settings.WaitingRequests,
        };

    private string Names(ModelKind kind) => string.Join(", ", Models.Where(card => card.Kind == kind).Select(card => card.Id));

    private string Known() => string.Join(", ", List());

    private async Task<OpenCorpus> OpenCorpusAsync(string name, CancellationToken cancellationToken)
    {
        var manifest = await indexes.ReadManifestAsync(name, cancellationToken).ConfigureAwait(false)
            ?? throw new IndexException($"'{indexes.Name(name)}' holds no index. Run `domaintuning ingest <folder> --corpus {name} --rebuild`.");
        var embedder = await embedders.GetAsync(manifest.Embedder.Id, cancellationToken).ConfigureAwait(false);
        var index = await indexes.OpenAsync(name, embedder.Identity, cancellationToken).ConfigureAwait(false);
        var reranker = settings.Reranker is null ? null : await RerankerAsync(settings.Reranker, null, cancellationToken).ConfigureAwait(false);
        return new OpenCorpus(name, index, embedder, new Retriever(index, embedder, reranker));
    }
}
