using System.IO.Hashing;
using System.Numerics.Tensors;
using System.Text;
using DomainTuning.Embeddings;

namespace DomainTuning.Testing;

/// <summary>A real, tiny embedder without a model: every lower-cased word adds ±1 at places that its hash picks. Texts that share words are near.</summary>
public sealed class HashEmbedder(int dimensions = 64) : Embedder
{
    public override EmbedderIdentity Identity { get; } = new($"hash-{dimensions}", "0000000", dimensions, "mean", "", "", 512);

    public override int CountTokens(string text) => Words(text).Length;

    public override Task<IReadOnlyList<float[]>> EmbedPassagesAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<float[]>>([.. texts.Select(Embed)]);

    public override Task<float[]> EmbedQueryAsync(string text, CancellationToken cancellationToken = default) => Task.FromResult(Embed(text));

    private float[] Embed(string text)
    {
        var vector = new float[dimensions];
        foreach (var word in Words(text))
        {
            var hash = XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(word));
            for (var i = 0; i < 4; i++, hash >>= 16) vector[(hash & 0x7FFF) % (ulong)dimensions] += (hash & 0x8000) == 0 ? 1 : -1;
        }

        var norm = TensorPrimitives.Norm(vector);
        if (norm == 0) vector[0] = 1;
        else TensorPrimitives.Divide(vector, norm, vector);
        return vector;
    }

    private static string[] Words(string text) =>
        new string([.. text.Select(c => char.IsLetterOrDigit(c) ? char.ToLowerInvariant(c) : ' ')]).Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
