using System.Runtime.CompilerServices;
using DomainTuning.Adapters;
using DomainTuning.Answering;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Adapters;
using DomainTuning.Onnx.Graphs;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Decoding;

/// <summary>
/// A chat model on this machine as an <see cref="IChatClient"/>. Temperature, TopK, TopP, Seed, MaxOutputTokens, StopSequences, Frequency- and
/// PresencePenalty, Instructions, ModelId ("model:adapter"), Tools, ToolMode, ResponseFormat (JSON, with a schema or without), and "min_p", "repetition_penalty", "logprobs" and
/// "top_logprobs" among the additional properties are honoured; what cannot be is refused. JSON and required calls are held to token by token: an
/// answer that ends by itself is valid; one that reaches MaxOutputTokens has the finish reason Length and may lack its end.
/// Offers <see cref="ModelLimits"/> and <see cref="TextScorer"/> as services. Thread-safe: several answers are written at once, further ones wait.
/// </summary>
public sealed class OnnxChatClient : IChatClient
{
    /// <summary>Additional property of a response: <see cref="TimeSpan"/> from the request to the first token.</summary>
    public const string TimeToFirstToken = "time_to_first_token";

    /// <summary>Additional property of a response: tokens a second after the first, a <see cref="double"/>.</summary>
    public const string TokensPerSecond = "tokens_per_second";

    /// <summary>Additional property of a response: tokens that were proposed from the prompt and checked, an <see cref="int"/>.</summary>
    public const string DraftedTokens = "drafted_tokens";

    /// <summary>Additional property of a response: those of the drafted tokens that came true, an <see cref="int"/>.</summary>
    public const string AcceptedTokens = "accepted_tokens";

    private readonly DecodingEngine engine;
    private readonly AdapterLoading loading;
    private readonly OnnxTextScorer scorer;
    private readonly ChatFormat format;
    private readonly ChatEngineOptions options;
    private readonly AdapterShelf? adapters;

    private OnnxChatClient(string modelId, ConvertedModel model, ChatFormat format, ChatEngineOptions options, DecodingEngine engine, AdapterLoading loading)
    {
        ModelId = modelId;
        Converted = model;
        this.format = format;
        this.options = options;
        this.engine = engine;
        this.loading = loading;
        adapters = options.Adapters is null ? null : new AdapterShelf(options.Adapters, loading.Load, engine.RetireAsync, TimeProvider.System);
        scorer = new OnnxTextScorer(engine, format, modelId, adapters);
    }

    /// <summary>The model's folder name in the library, or its file name without ".gguf".</summary>
    public string ModelId { get; }

    /// <summary>Tokens that prompt and answer may have together.</summary>
    public int ContextTokens => engine.Capacity;

    /// <summary>Answers that are being written now.</summary>
    public int Places => engine.Places;

    /// <summary>How the checkpoint was converted, and what that cost.</summary>
    public ConversionCard Conversion => Converted.Card;

    /// <summary>Names of this model's adapters on disk, as they are now.</summary>
    public IReadOnlyList<string> Adapters => options.Adapters is null ? [] : [.. options.Adapters.All().Select(place => place.Name).Distinct()];

    /// <summary>What an adapter must have been trained with to be served by this model.</summary>
    public (string BaseSha256, string TemplateSha256, string TokenizerSha256) Identity => (Conversion.SourceSha256, format.TemplateSha256, format.TokenizerSha256);

    /// <summary>Loads a model, converting it at the first time (some seconds for the shipped one) into the cache folder.</summary>
    /// <param name="modelFolderOrGguf">A .gguf file, a folder with one, or a folder with config.json, safetensors and tokenizer files.</param>
    /// <param name="cacheFolder">Where converted models are kept; see <see cref="ChatModelCache"/>.</param>
    /// <exception cref="CheckpointException">The model is damaged or not supported.</exception>
    /// <exception cref="IOException">The cache cannot be written, or its disk is full.</exception>
    public static Task<OnnxChatClient> LoadAsync(
        string modelFolderOrGguf,
        string cacheFolder,
        ChatEngineOptions? options = null,
        IProgress<ConversionProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new ChatEngineOptions();
        options.Validate();
        return Task.Run(() => Load(modelFolderOrGguf, cacheFolder, options, progress, cancellationToken), cancellationToken);
    }

    /// <summary>This model through one of its adapters: what "model:name" as <see cref="ChatOptions.ModelId"/> asks for, for those who cannot set it.</summary>
    public IChatClient WithAdapter(string name) => new AdaptedChatClient(this, ModelId + ":" + name);

    /// <summary>Loads an adapter, if that is not done, so that the first request under it does not wait.</summary>
    /// <exception cref="AdapterException">There is none of that name, or it cannot be used; the message says why.</exception>
    public async Task<AdapterFacts> LoadAdapterAsync(string name, CancellationToken cancellationToken = default)
    {
        using var lease = await AdapterShelf.TakeAsync(adapters, name, ModelId, cancellationToken).ConfigureAwait(false);
        return AdapterFacts.Of(lease.Adapter);
    }

    /// <summary>Loads an adapter from wherever it lies, as serving would, and lets go of it again.</summary>
    /// <exception cref="AdapterException">It cannot be used; the message says why.</exception>
    public Task<AdapterFacts> CheckAdapterAsync(AdapterPlace place, CancellationToken cancellationToken = default) => Task.Run(() =>
    {
        using var adapter = loading.Load(place);
        return AdapterFacts.Of(adapter);
    }, cancellationToken);

    /// <summary>Writes an adapter as an .onnx_adapter file whose names are those of this model's graph.</summary>
    /// <exception cref="AdapterException">There is none of that name, it cannot be used, or the file does not come back as it was written.</exception>
    public async Task ExportAdapterAsync(string name, string file, CancellationToken cancellationToken = default)
    {
        using var lease = await AdapterShelf.TakeAsync(adapters, name, ModelId, cancellationToken).ConfigureAwait(false);
        await OnnxAdapterFile.WriteAsync(file, lease.Adapter.Inputs, OnnxAdapterFile.VersionOf(Conversion), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tokens of plain text, without what a template puts around it. Control-token strings count as the text they are.</summary>
    public int CountTokens(string text) => format.Tokenizer.Count(text);

    /// <summary>Tokens of the whole prompt that these messages make.</summary>
    public int CountTokens(IEnumerable<ChatMessage> messages) => format.Encode(messages).Length;

    /// <exception cref="ContextLengthException">The prompt is too long.</exception>
    /// <exception cref="AdapterException">The model id names an adapter that is not there or cannot be used.</exception>
    /// <exception cref="ChatModelBusyException">Too many requests wait already.</exception>
    /// <exception cref="ChatModelClosingException">The model is being shut down.</exception>
    /// <exception cref="NotSupportedException">A message or an option asks for something that the engine does not do.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var updates = await GetStreamingResponseAsync(messages, options, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
        var response = updates.ToChatResponse();
        response.AdditionalProperties = updates[^1].AdditionalProperties;
        if (TokenLogProbability.Of(updates) is { } tokens) response.AdditionalProperties![TokenLogProbability.Property] = tokens;
        return response;
    }

    /// <summary>Streams whole characters; the last update carries finish reason, usage and timings. Breaking off the enumeration frees the place at the next token.</summary>
    /// <exception cref="ContextLengthException">The prompt is too long.</exception>
    /// <exception cref="AdapterException">The model id names an adapter that is not there or cannot be used.</exception>
    /// <exception cref="ChatModelBusyException">Too many requests wait already.</exception>
    /// <exception cref="ChatModelClosingException">The model is being shut down.</exception>
    /// <exception cref="NotSupportedException">A message or an option asks for something that the engine does not do.</exception>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        WriteAsync(
            () =>
            {
                var request = ChatRequest.Read(messages, options, ModelId, this.options);
                return (request, format.Encode(request.Messages, request.Functions));
            },
            cancellationToken);

    /// <summary>
    /// Goes on with a text as it stands, with nothing of the chat template around it. Otherwise as <see cref="GetStreamingResponseAsync"/>; functions
    /// cannot be called, because only the template says how.
    /// </summary>
    /// <exception cref="NotSupportedException">An option asks for something that the engine does not do.</exception>
    public IAsyncEnumerable<ChatResponseUpdate> ContinueStreamingAsync(string text, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        WriteAsync(
            () =>
            {
                var request = ChatRequest.Read([new ChatMessage(ChatRole.User, text)], options, ModelId, this.options);
                if (request.Functions.Count > 0) throw new NotSupportedException("ChatOptions.Tools is set, but a text that is continued has no place for tools. Ask by messages, or leave Tools empty.");
                int[] prompt = [.. format.Tokenizer.Prefix, .. format.Tokenizer.Encode(text).Select(token => token.Id)];
                return prompt.Length > 0 ? (request, prompt) : throw new ArgumentException("The text to continue is empty, and this model has no token that begins a text. Give at least a letter.", nameof(text));
            },
            cancellationToken);

    /// <param name="read">Run when the first update is asked for.</param>
    private async IAsyncEnumerable<ChatResponseUpdate> WriteAsync(Func<(ChatRequest Request, int[] Prompt)> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (request, prompt) = read();
        var sampling = format.Sampling(request);
        using var lease = request.Adapter is { } name ? await AdapterShelf.TakeAsync(adapters, name, ModelId, cancellationToken).ConfigureAwait(false) : null;
        using var source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var generation = new Generation(prompt, request.MaxOutputTokens, format.StopTokens, sampling, source.Token, lease?.Adapter);
        engine.Submit(generation);

        var (id, arm) = (Guid.NewGuid().ToString("N"), request.Adapter is null ? ModelId : ModelId + ":" + request.Adapter);
        var answer = format.Parser(request);
        var count = 0;
        try
        {
            await foreach (var token in generation.Answer.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                count++;
                sampling.Drawn?.Read(format.Tokenizer);
                foreach (var content in answer.Append(token)) yield return Update(id, content, arm, sampling.Drawn);
                if (answer.Stopped) break;
            }

            if (!answer.Stopped)
                foreach (var content in answer.Finish(cut: generation.End == GenerationEnd.Length)) yield return Update(id, content, arm, sampling.Drawn);
        }
        finally
        {
            await source.CancelAsync().ConfigureAwait(false); // the engine drops the answer if the caller or a stop string ended it
        }

        var last = Update(id, new UsageContent(new UsageDetails
        {
            InputTokenCount = prompt.Length,
            OutputTokenCount = count,
            TotalTokenCount = prompt.Length + count,
            CachedInputTokenCount = generation.Reused,
        }), arm);
        last.FinishReason = !answer.Stopped && generation.End != GenerationEnd.StopToken ? ChatFinishReason.Length : answer.HasCalls ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop;
        last.AdditionalProperties = new AdditionalPropertiesDictionary
        {
            [TimeToFirstToken] = generation.TimeToFirstToken,
            [TokensPerSecond] = generation.TokensPerSecond,
            [DraftedTokens] = generation.Drafter.Drafted,
            [AcceptedTokens] = generation.Drafter.Accepted,
        };
        sampling.Drawn?.MoveTo(last);
        yield return last;
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ModelLimits) ? new ModelLimits(ContextTokens, text => CountTokens(text))
        : serviceType == typeof(TextScorer) ? scorer
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("domaintuning", null, ModelId)
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    /// <summary>Refuses new requests, lets those under way end for so long, then breaks off the rest and frees the model.</summary>
    public Task ShutdownAsync(TimeSpan grace) => engine.ShutdownAsync(grace);

    /// <summary>Breaks off running answers with an <see cref="ObjectDisposedException"/> and frees the model.</summary>
    public void Dispose() => engine.Dispose();

    internal ConvertedModel Converted { get; }

    internal ChatFormat Format => format;

    /// <summary>For tests: the same model and engine, spoken to in another format. Only one of the two is disposed.</summary>
    internal OnnxChatClient Speaking(ChatFormat other) => new(ModelId, Converted, other, options, engine, loading);

    private static OnnxChatClient Load(
        string modelFolderOrGguf, string cacheFolder, ChatEngineOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        using var checkpoint = DecoderCheckpoint.Open(modelFolderOrGguf);
        var format = checkpoint.Gguf is { } gguf ? ChatFormat.Read(gguf) : ChatFormat.Read(checkpoint.Path);
        if (format.Tokenizer.VocabularySize > checkpoint.Shape.Vocabulary)
            throw new CheckpointException($"'{checkpoint.Path}' has {format.Tokenizer.VocabularySize} tokens but only {checkpoint.Shape.Vocabulary} embeddings. Fetch the file again.");
        var threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        var model = new ChatModelCache(cacheFolder).Open(checkpoint, format.Tokenizer, options.Form, threads, progress, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        var session = new DecoderSession(model.Packed, options.ParallelRequests, Math.Min(options.ContextTokens, checkpoint.Shape.ContextTokens), threads, keyValues: options.KeyValues);
        return new OnnxChatClient(
            checkpoint.Name,
            model,
            format,
            options,
            new DecodingEngine(session, options.WaitingRequests, options.PrefixCacheBytes, options.Drafting ? new RunCosts(options.ParallelRequests) : null),
            new AdapterLoading(modelFolderOrGguf, model, format, session));
    }

    private static ChatResponseUpdate Update(string id, AIContent content, string modelId, DrawnTokens? drawn = null)
    {
        var update = new ChatResponseUpdate(ChatRole.Assistant, [content]) { ResponseId = id, MessageId = id, ModelId = modelId, CreatedAt = TimeProvider.System.GetUtcNow() };
        drawn?.MoveTo(update);
        return update;
    }
}
