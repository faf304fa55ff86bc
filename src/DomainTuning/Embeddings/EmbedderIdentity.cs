namespace DomainTuning.Embeddings;

/// <summary>All that decides a vector. Two embedders with equal identities give the same vectors; an index refuses any other.</summary>
/// <param name="Id">Name as in the model library, such as "bge-small-en-v1.5".</param>
/// <param name="Sha256">Lower-case hex SHA-256 of the weights' file.</param>
/// <param name="Dimensions">Length of a vector.</param>
/// <param name="Pooling">"cls", "mean" or "last".</param>
/// <param name="QueryPrefix">Put before every question.</param>
/// <param name="PassagePrefix">Put before every passage.</param>
/// <param name="MaxTokens">Longest input, special tokens included; longer texts are cut.</param>
public sealed record EmbedderIdentity(
    string Id, string Sha256, int Dimensions, string Pooling, string QueryPrefix, string PassagePrefix, int MaxTokens)
{
    /// <summary>Short form for messages: "bge-small-en-v1.5@6c9c610 (384 dims)".</summary>
    public override string ToString() => $"{Id}@{(Sha256.Length > 7 ? Sha256[..7] : Sha256)} ({Dimensions} dims)";
}
