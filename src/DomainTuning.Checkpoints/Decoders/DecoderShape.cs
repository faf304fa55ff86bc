using System.Globalization;

namespace DomainTuning.Checkpoints.Decoders;

/// <summary>What a feed-forward gate passes through.</summary>
public enum GateActivation
{
    /// <summary>x · sigmoid(x).</summary>
    Silu,

    /// <summary>GELU in its tanh form.</summary>
    TanhGelu,
}

/// <summary>
/// The numbers and features that make a decoder, whatever family it is of. Read from a checkpoint (<see cref="DecoderCheckpoint"/>); anything in that
/// which the graph would not compute is refused by name.
/// </summary>
/// <param name="Layers">Transformer blocks.</param>
/// <param name="Hidden">Width of the residual stream.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Heads of keys and values; divides <paramref name="Heads"/>.</param>
/// <param name="HeadDimensions">Width of one head in the graph and in the cache: a multiple of 16, which the attention kernel asks for.</param>
/// <param name="FeedForward">Width between gate/up and down.</param>
/// <param name="Vocabulary">Rows of the embedding and of the output matrix.</param>
/// <param name="ContextTokens">Longest sequence that the model was trained for, at most <see cref="LargestContext"/>.</param>
/// <param name="Rope">Rotary positions, of the layers that see everything where two kinds are mixed.</param>
/// <param name="NormEpsilon">Added to the mean square before its root is taken.</param>
/// <param name="Tied">The output matrix is the embedding.</param>
public sealed record DecoderShape(
    int Layers,
    int Hidden,
    int Heads,
    int KeyValueHeads,
    int HeadDimensions,
    int FeedForward,
    int Vocabulary,
    int ContextTokens,
    RopeShape Rope,
    float NormEpsilon,
    bool Tied)
{
    /// <summary>Longest context that is kept open for any model: its rotary tables lie in the packed weights.</summary>
    public const int LargestContext = 1 << 17;

    /// <summary>Values of a head in the checkpoint. Where these are fewer than <see cref="HeadDimensions"/>, zeros fill the head up.</summary>
    public int HeadValues { get; init; } = HeadDimensions;

    /// <summary>What products of query and key are multiplied with.</summary>
    public float AttentionScale { get; init; } = 1 / MathF.Sqrt(HeadDimensions);

    /// <summary>What embeddings are multiplied with on their way into the first layer; 1 for most.</summary>
    public float EmbeddingScale { get; init; } = 1;

    public GateActivation Activation { get; init; }

    /// <summary>Query and key pass a norm of each head before they are rotated (Qwen3, Gemma 3).</summary>
    public bool HeadNorms { get; init; }

    /// <summary>The outputs of attention and feed-forward pass a norm before they are added (Gemma 3).</summary>
    public bool PostNorms { get; init; }

    /// <summary>Tokens that each layer looks back on, itself included; 0 sees everything. Null where all layers do.</summary>
    public IReadOnlyList<int>? Windows { get; init; }

    /// <summary>Rotary positions of the layers with a window, where theirs differ.</summary>
    public RopeShape? WindowRope { get; init; }

    /// <summary>Rows of the fused query, key and value matrix.</summary>
    internal int QkvRows => (Heads + 2 * KeyValueHeads) * HeadDimensions;

    /// <summary>Weights in all linear layers and the embedding (and the output matrix, when it has its own).</summary>
    internal long Parameters =>
        (long)Layers * ((long)QkvRows * Hidden + (long)Hidden * Heads * HeadDimensions + 3L * FeedForward * Hidden) + (Tied ? 1L : 2L) * Vocabulary * Hidden;

    internal int Window(int layer) => Windows?[layer] ?? 0;

    /// <summary>The width that a head of so many values has in the graph.</summary>
    internal static int PaddedHead(int values) => (values + 15) / 16 * 16;

    /// <summary>Refuses what no file of any kind may say.</summary>
    internal DecoderShape Checked(string path)
    {
        foreach (var (name, value) in new[] { ("layers", Layers), ("hidden values", Hidden), ("heads", Heads), ("values a head", HeadValues), ("feed-forward values", FeedForward), ("tokens in its vocabulary", Vocabulary), ("tokens of context", ContextTokens) })
            if (value <= 0) throw Refusal(path, $"says that it has {value} {name}");
        if (KeyValueHeads < 1 || Heads % KeyValueHeads != 0)
            throw Refusal(path, $"has {Heads} query heads over {KeyValueHeads} key/value heads, which does not divide");
        if (HeadValues % 2 != 0) throw Refusal(path, $"has heads of {HeadValues} values, which cannot be rotated in pairs");
        if (HeadNorms && HeadValues != HeadDimensions)
            throw Refusal(path, $"norms heads of {HeadValues} values; with norms of heads, multiples of 16 are supported"); // zeros would change the mean square
        foreach (var rope in new[] { Rope, WindowRope ?? Rope })
            if (!(rope.Base > 1) || !(rope.Factor > 0) || !(rope.HighFrequencyFactor > rope.LowFrequencyFactor))
                throw Refusal(path, string.Create(CultureInfo.InvariantCulture, $"has a rope base of {rope.Base} and a factor of {rope.Factor} (bands {rope.LowFrequencyFactor} to {rope.HighFrequencyFactor}), which cannot be computed with"));
        if (!(NormEpsilon >= 0) || !float.IsFinite(AttentionScale) || !(EmbeddingScale > 0))
            throw Refusal(path, string.Create(CultureInfo.InvariantCulture, $"has a norm epsilon of {NormEpsilon}, an attention scale of {AttentionScale} and an embedding scale of {EmbeddingScale}, which cannot be computed with"));
        if (Windows is not null && (Windows.Count != Layers || Windows.Any(window => window < 0)))
            throw Refusal(path, $"lists {Windows.Count} attention windows for {Layers} layers, or a negative one");
        return Windows is not null && Windows.All(window => window == 0) ? this with { Windows = null } : this;
    }

    internal static CheckpointException Refusal(string path, string what) =>
        new($"'{path}' {what}. Choose another model, or serve this one elsewhere and name the endpoint.");
}
