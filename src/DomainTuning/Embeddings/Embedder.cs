using Microsoft.Extensions.AI;

namespace DomainTuning.Embeddings;

/// <summary>
/// Turns texts into unit vectors (L2 norm 1, so a dot product is a cosine). A text's vector never depends on what else is in the call.
/// As an <see cref="IEmbeddingGenerator{TInput,TEmbedding}"/> it embeds passages; questions go through <see cref="EmbedQueryAsync"/>,
/// because many models put another prefix before them. Thread-safe.
/// </summary>
public abstract class Embedder : IEmbeddingGenerator<string, Embedding<float>>
{
    public abstract EmbedderIdentity Identity { get; }

    /// <summary>Tokens of <paramref name="text"/> without prefix and special tokens. Special-token strings in the text count as plain text.</summary>
    public abstract int CountTokens(string text);

    /// <summary>One vector a text, in the order of the texts. Texts longer than <see cref="EmbedderIdentity.MaxTokens"/> are cut.</summary>
    public abstract Task<IReadOnlyList<float[]>> EmbedPassagesAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default);

    public abstract Task<float[]> EmbedQueryAsync(string text, CancellationToken cancellationToken = default);

    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (options?.Dimensions is { } wanted && wanted != Identity.Dimensions)
            throw new ArgumentException($"Embedder {Identity} gives {Identity.Dimensions} dimensions; {wanted} were asked for. Leave Dimensions unset.", nameof(options));
        var vectors = await EmbedPassagesAsync([.. values], cancellationToken).ConfigureAwait(false);
        return new GeneratedEmbeddings<Embedding<float>>(vectors.Select(vector => new Embedding<float>(vector) { ModelId = Identity.Id }));
    }

    public virtual object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? new EmbeddingGeneratorMetadata("domaintuning", null, Identity.Id, Identity.Dimensions)
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
