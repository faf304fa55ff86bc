using System.Numerics.Tensors;
using System.Security.Cryptography;
using System.Text;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Embeddings;
using Microsoft.Extensions.AI;

namespace DomainTuning.Endpoints;

/// <summary>
/// An embedder on another server. Its first call embeds the card's fixed text again and refuses the server when the vector has changed: another model
/// behind the same name would make every search in an existing index wrong, silently. Thread-safe.
/// </summary>
public sealed class EndpointEmbedder : Embedder
{
    /// <summary>Texts a request: few enough for the limits that servers set (Ollama and vLLM take hundreds, some proxies 32).</summary>
    private const int BatchSize = 32;

    /// <summary>The fixed text. Changing it makes every stored fingerprint useless.</summary>
    internal const string ProbeText = "The spindle turns clockwise at 1200 revolutions a minute.";

    /// <summary>Servers differ in the last digits from run to run and from batch to batch; other models lie far below.</summary>
    private const float SameModel = 0.999f;

    private readonly EndpointConnection connection;
    private readonly ModelCard card;
    private readonly Lazy<Task> verified;

    /// <exception cref="CheckpointException">The card is none of an encoder behind an endpoint.</exception>
    /// <exception cref="EndpointException">The key is missing, or the server is on another machine and that is forbidden.</exception>
    public EndpointEmbedder(ModelCard card, EndpointOptions? options = null)
    {
        if (card is not { Endpoint: { } endpoint, Dimensions: { } dimensions, Fingerprint: { } fingerprint })
            throw new CheckpointException($"The card of '{card.Id}' lacks an endpoint, its dimensions or its fingerprint. Remove the model with 'domaintuning models remove {card.Id}' and add it again.");
        this.card = card;
        connection = new EndpointConnection(card.Id, endpoint, options ?? new EndpointOptions());
        verified = new Lazy<Task>(() => VerifyAsync(fingerprint));
        Identity = new EmbedderIdentity(
            card.Id, FingerprintHash(endpoint, fingerprint), dimensions, card.Pooling ?? "server", card.QueryPrefix ?? "", card.PassagePrefix ?? "", card.MaxTokens ?? 512);
    }

    public override EmbedderIdentity Identity { get; }

    /// <summary>An estimate on the high side: the tokenizer is on the other server.</summary>
    public override int CountTokens(string text) => TokenEstimate.Of(text);

    /// <exception cref="EndpointException">The server did not answer, or runs another model than before.</exception>
    public override async Task<IReadOnlyList<float[]>> EmbedPassagesAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default)
    {
        await verified.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        var vectors = new List<float[]>(texts.Count);
        foreach (var batch in texts.Chunk(BatchSize))
            vectors.AddRange(await EmbedAsync([.. batch.Select(text => Identity.PassagePrefix + Fit(text, Identity.PassagePrefix))], cancellationToken).ConfigureAwait(false));
        return vectors;
    }

    /// <exception cref="EndpointException">The server did not answer, or runs another model than before.</exception>
    public override async Task<float[]> EmbedQueryAsync(string text, CancellationToken cancellationToken = default)
    {
        await verified.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        return (await EmbedAsync([Identity.QueryPrefix + Fit(text, Identity.QueryPrefix)], cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>Asks a server for the fixed text's vector, which tells the dimensions.</summary>
    internal static async Task<float[]> ProbeAsync(EndpointConnection connection, CancellationToken cancellationToken) =>
        (await EmbedAsync(connection, [ProbeText], cancellationToken).ConfigureAwait(false))[0];

    protected override void Dispose(bool disposing)
    {
        if (disposing) connection.Dispose();
        base.Dispose(disposing);
    }

    private async Task VerifyAsync(IReadOnlyList<float> fingerprint)
    {
        var now = await ProbeAsync(connection, CancellationToken.None).ConfigureAwait(false);
        float[] before = [.. fingerprint];
        if (now.Length == before.Length && TensorPrimitives.CosineSimilarity<float>(now, before) >= SameModel) return;
        throw new EndpointException(
            $"'{connection.Endpoint.Model}' at {connection.Endpoint.Url} gives other vectors than when '{card.Id}' was added ({before.Length} then, {now.Length} dimensions now): it is another model. "
            + $"Let the server run the old one, or remove '{card.Id}', add it again and ingest with --rebuild.");
    }

    private string Fit(string text, string prefix) => TokenEstimate.Cut(text, Math.Max(1, Identity.MaxTokens - TokenEstimate.Of(prefix) - 2));

    private async Task<float[][]> EmbedAsync(string[] texts, CancellationToken cancellationToken)
    {
        var vectors = await EmbedAsync(connection, texts, cancellationToken).ConfigureAwait(false);
        foreach (var vector in vectors)
            if (vector.Length != Identity.Dimensions)
                throw new EndpointException($"'{connection.Endpoint.Model}' at {connection.Endpoint.Url} gave {vector.Length} dimensions; the index of '{card.Id}' has {Identity.Dimensions}. Let the server run the model that was added.");
        return vectors;
    }

    private static async Task<float[][]> EmbedAsync(EndpointConnection connection, string[] texts, CancellationToken cancellationToken)
    {
        var model = connection.Endpoint.Model;
        try
        {
            using var generator = connection.Client.GetEmbeddingClient(model).AsIEmbeddingGenerator();
            var embeddings = await generator.GenerateAsync(texts, cancellationToken: cancellationToken).ConfigureAwait(false);
            if (embeddings.Count != texts.Length) throw new EndpointException($"'{model}' at {connection.Endpoint.Url} gave {embeddings.Count} vectors for {texts.Length} texts. See the server's log.");
            return [.. embeddings.Select(embedding => Normalised(embedding.Vector.ToArray(), connection))];
        }
        catch (Exception error) when (connection.Explain(error, model, cancellationToken) is var explained && !ReferenceEquals(explained, error))
        {
            throw explained;
        }
    }

    private static float[] Normalised(float[] vector, EndpointConnection connection)
    {
        var length = TensorPrimitives.Norm<float>(vector);
        if (!(length > 0) || !float.IsFinite(length))
            throw new EndpointException($"'{connection.Endpoint.Model}' at {connection.Endpoint.Url} gave a vector of length {length}, which points nowhere. See whether it is an embedding model.");
        TensorPrimitives.Divide(vector, length, vector);
        return vector;
    }

    private static string FingerprintHash(ServedElsewhere endpoint, IReadOnlyList<float> fingerprint) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{endpoint.Model}\n{string.Join(' ', fingerprint)}")));
}
