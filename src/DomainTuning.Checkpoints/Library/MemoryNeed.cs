namespace DomainTuning.Checkpoints.Library;

/// <summary>
/// How much memory a chat model needs when it runs: its weights in the engine's form, and keys and values for every token of every answer that is
/// written at once. The one place for this arithmetic.
/// </summary>
/// <param name="WeightBytes">All weights, scales and zero points included.</param>
/// <param name="CacheBytesPerToken">Keys and values of all layers for one token.</param>
/// <param name="ContextTokens">Prompt and answer together.</param>
/// <param name="Requests">Answers written at once.</param>
public sealed record MemoryNeed(long WeightBytes, long CacheBytesPerToken, int ContextTokens, int Requests)
{
    /// <summary>8-bit blocks of 32 weights, each with a 4-byte scale and a byte for its zero point.</summary>
    public const double ByteBlocks = 1 + (4 + 1) / 32.0;

    /// <summary>4-bit blocks of 32 weights, each with a 4-byte scale and a 4-byte minimum.</summary>
    public const double NibbleBlocks = 0.5 + (4 + 4) / 32.0;

    /// <summary>Above this size the engine takes 4-bit blocks over as a checkpoint has them (docs/decisions/0003); everything else is kept in 8-bit blocks.</summary>
    public const long LargeModel = 1_000_000_000;

    /// <summary>The process itself, activations and tables: an allowance, not a measurement.</summary>
    public const long OtherBytes = 200_000_000;

    private const int BytesPerValue = 4;

    public long CacheBytes => CacheBytesPerToken * ContextTokens * Requests;

    /// <summary>All of it.</summary>
    public long Bytes => WeightBytes + CacheBytes + OtherBytes;

    /// <summary>Bytes that the engine keeps for one weight.</summary>
    public static double BytesPerWeight(ChatDimensions model) => model is { Parameters: > LargeModel, IsFourBit: true } ? NibbleBlocks : ByteBlocks;

    /// <param name="contextTokens">Cut to what the model was trained for.</param>
    /// <param name="bytesPerWeight">Default: the engine's own choice.</param>
    /// <param name="bytesPerValue">Of keys and values. Default 4: 32-bit floats.</param>
    public static MemoryNeed Of(ChatDimensions model, int contextTokens, int requests, double? bytesPerWeight = null, int bytesPerValue = BytesPerValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(requests, 1);
        return new MemoryNeed(
            (long)(model.Parameters * (bytesPerWeight ?? BytesPerWeight(model))),
            2L * model.Layers * model.KeyValueHeads * model.HeadDimensions * bytesPerValue,
            Math.Min(contextTokens, model.ContextTokens),
            requests);
    }

    /// <summary>The longest context that fits into so many bytes, in tokens; 0 when the weights alone do not.</summary>
    public int LargestContext(long bytes) => (int)Math.Clamp((bytes - WeightBytes - OtherBytes) / Math.Max(1, CacheBytesPerToken * Requests), 0, int.MaxValue);
}
