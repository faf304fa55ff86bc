using System.Runtime.CompilerServices;
using DomainTuning.Answering;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Graphs;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Decoding;

/// <summary>
/// A chat model on this machine as an <see cref="IChatClient"/>. Temperature, TopK, TopP, Seed, MaxOutputTokens, StopSequences, Frequency- and
/// PresencePenalty, Instructions, and "min_p" and "repetition_penalty" among the additional properties are honoured; what cannot be is refused.
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
    private readonly OnnxTextScorer scorer;
    private readonly ChatFormat format;
    private readonly ChatEngineOptions options;

    private OnnxChatClient(string modelId, ConvertedModel model, ChatFormat format, ChatEngineOptions options, DecodingEngine engine)
    {
        ModelId = modelId;
        Converted = model;
        this.format = format;
        this.options = options;
        this.engine = engine;
        scorer = new OnnxTextScorer(engine, format, modelId);
    }

    /// <summary>The model's folder name in the library, or its file name without ".gguf".</summary>
    public string ModelId { get; }

    /// <summary>Tokens that prompt and answer may have together.</summary>
    public int ContextTokens => engine.Capacity;

    /// <summary>How the checkpoint was converted, and what that cost.</summary>
    public ConversionCard Conversion => Converted.Card;

    /// <summary>Loads a model, converting it at the first time (some seconds for the shipped one) into the cache folder.</summary>
    /// <param name="modelFolderOrGguf">A folder with one .gguf file, or such a file.</param>
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

    /// <summary>Tokens of plain text, without what a template puts around it. Control-token strings count as the text they are.</summary>
    public int CountTokens(string text) => format.Tokenizer.Count(text);

    /// <summary>Tokens of the whole prompt that these messages make.</summary>
    public int CountTokens(IEnumerable<ChatMessage> messages) => format.Encode(messages).Length;

    /// <exception cref="ContextLengthException">The prompt is too long.</exception>
    /// <exception cref="ChatModelBusyException">Too many requests wait already.</exception>
    /// <exception cref="ChatModelClosingException">The model is being shut down.</exception>
    /// <exception cref="NotSupportedException">A message or an option asks for something that the engine does not do.</exception>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var updates = await GetStreamingResponseAsync(messages, options, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
        var response = updates.ToChatResponse();
        response.AdditionalProperties = updates[^1].AdditionalProperties;
        return response;
    }

    /// <summary>Streams whole characters; the last update carries finish reason, usage and timings. Breaking off the enumeration frees the place at the next token.</summary>
    /// <exception cref="ContextLengthException">The prompt is too long.</exception>
    /// <exception cref="ChatModelBusyException">Too many requests wait already.</exception>
    /// <exception cref="ChatModelClosingException">The model is being shut down.</exception>
    /// <exception cref="NotSupportedException">A message or an option asks for something that the engine does not do.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = ChatRequest.Read(messages, options, ModelId, this.options);
        var prompt = format.Encode(request.Messages);
        using var source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var generation = new Generation(prompt, request.MaxOutputTokens, format.StopTokens, request.Sampling, source.Token);
        engine.Submit(generation);

        var id = Guid.NewGuid().ToString("N");
        var decoder = format.Tokenizer.Stream(skipControlTokens: true);
        var stops = new StopStrings(request.StopSequences);
        var count = 0;
        try
        {
            await foreach (var token in generation.Answer.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                count++;
                if (stops.Append(decoder.Append(token)) is { Length: > 0 } text) yield return Update(id, new TextContent(text));
                if (stops.Stopped) break;
            }

            if (!stops.Stopped && stops.Append(decoder.Flush(dropHeld: generation.End == GenerationEnd.Length)) + stops.Flush() is { Length: > 0 } rest)
                yield return Update(id, new TextContent(rest));
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
        }));
        last.FinishReason = stops.Stopped || generation.End == GenerationEnd.StopToken ? ChatFinishReason.Stop : ChatFinishReason.Length;
        last.AdditionalProperties = new AdditionalPropertiesDictionary
        {
            [TimeToFirstToken] = generation.TimeToFirstToken,
            [TokensPerSecond] = generation.TokensPerSecond,
            [DraftedTokens] = generation.Drafter.Drafted,
            [AcceptedTokens] = generation.Drafter.Accepted,
        };
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

    /// <summary>For tests: answers that hold a place.</summary>
    internal int Places => engine.Places;

    internal ConvertedModel Converted { get; }

    internal ChatFormat Format => format;

    private static OnnxChatClient Load(
        string modelFolderOrGguf, string cacheFolder, ChatEngineOptions options, IProgress<ConversionProgress>? progress, CancellationToken cancellationToken)
    {
        var (id, path) = FindCheckpoint(modelFolderOrGguf);
        using var file = GgufFile.Open(path);
        var shape = DecoderShape.Read(file);
        var format = ChatFormat.Read(file);
        if (format.Tokenizer.VocabularySize > shape.Vocabulary)
            throw new CheckpointException($"'{path}' has {format.Tokenizer.VocabularySize} tokens but only {shape.Vocabulary} embeddings. Fetch the file again.");
        var threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        var model = new ChatModelCache(cacheFolder).Open(file, format.Tokenizer, options.Form, threads, progress, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        var session = new DecoderSession(model.Packed, options.ParallelRequests, Math.Min(options.ContextTokens, shape.ContextTokens), threads);
        return new OnnxChatClient(id, model, format, options, new DecodingEngine(session, options.WaitingRequests, options.PrefixCacheBytes, options.Drafting ? new RunCosts(options.ParallelRequests) : null));
    }

    private static (string Id, string Path) FindCheckpoint(string modelFolderOrGguf)
    {
        if (!Directory.Exists(modelFolderOrGguf))
            return File.Exists(modelFolderOrGguf)
                ? (Path.GetFileNameWithoutExtension(modelFolderOrGguf), modelFolderOrGguf)
                : throw new FileNotFoundException($"There is no chat model at '{Path.GetFullPath(modelFolderOrGguf)}'. Pass a .gguf file or a folder that holds one.", modelFolderOrGguf);
        var files = Directory.GetFiles(modelFolderOrGguf, "*.gguf");
        return files.Length == 1
            ? (Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(modelFolderOrGguf))), files[0])
            : throw new CheckpointException($"'{modelFolderOrGguf}' holds {files.Length} .gguf files; one was expected. Pass the file itself.");
    }

    private ChatResponseUpdate Update(string id, AIContent content) =>
        new(ChatRole.Assistant, [content]) { ResponseId = id, MessageId = id, ModelId = ModelId, CreatedAt = TimeProvider.System.GetUtcNow() };
}
