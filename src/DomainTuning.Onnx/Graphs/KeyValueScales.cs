using System.Runtime.InteropServices;
using System.Text.Json;
using DomainTuning.Checkpoints;

namespace DomainTuning.Onnx.Graphs;

/// <summary>How keys and values of the tokens read so far are kept.</summary>
public enum KeyValueForm
{
    /// <summary>32-bit floats: what the model computed.</summary>
    Float32,

    /// <summary>Bytes, with one scale a channel, fixed when the model was converted: a quarter of the memory.</summary>
    Int8,
}

/// <summary>
/// What one step of a byte is worth in each channel of keys and values. Measured on text while the model is converted, because the attention kernel
/// takes them as constants; larger values than were seen are cut. A channel that never moved gets 1.
/// </summary>
/// <param name="Keys">[layer][key/value heads · head], behind the rotation.</param>
/// <param name="Values">The same of values.</param>
internal sealed record KeyValueScales(float[][] Keys, float[][] Values)
{
    public const string FileName = "key_values.json";

    /// <summary>Tokens copied out of the cache at once: bounds the memory.</summary>
    private const int PageTokens = 32;

    private const float Steps = 127;

    /// <summary>Runs texts through slot 0 of a session that keeps floats, and notes the largest magnitudes.</summary>
    public static KeyValueScales Measure(DecoderSession session, IEnumerable<int[]> texts, CancellationToken cancellationToken)
    {
        var (shape, cache) = (session.Shape, session.Cache);
        var (heads, head) = (shape.KeyValueHeads, shape.HeadDimensions);
        float[][] Channels() => [.. Enumerable.Range(0, shape.Layers).Select(_ => new float[heads * head])];
        var (keys, values) = (Channels(), Channels());
        foreach (var text in texts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            session.Run(0, text, [text.Length], [text.Length - 1]);
            for (var first = 0; first < text.Length; first += PageTokens)
            {
                var tokens = Math.Min(PageTokens, text.Length - first);
                var page = new byte[tokens * cache.TokenBytes];
                cache.CopyOut(0, first, tokens, page);
                var numbers = MemoryMarshal.Cast<byte, float>(page); // [layer and kind, head, token, dimension]
                for (var place = 0; place < 2 * shape.Layers * heads; place++)
                {
                    var (layer, kind, channel) = (place / heads / 2, place / heads % 2, place % heads * head);
                    var peaks = (kind == 0 ? keys : values)[layer].AsSpan(channel, head);
                    for (var token = 0; token < tokens; token++)
                    {
                        var vector = numbers.Slice((place * tokens + token) * head, head);
                        if (kind == 0) NoteRotated(vector, peaks);
                        else
                            for (var i = 0; i < head; i++) peaks[i] = MathF.Max(peaks[i], MathF.Abs(vector[i]));
                    }
                }
            }
        }

        foreach (var peaks in keys.Concat(values))
            for (var i = 0; i < peaks.Length; i++) peaks[i] = peaks[i] > 0 ? peaks[i] / Steps : 1;
        return new KeyValueScales(keys, values);
    }

    public void Write(string folder) => File.WriteAllText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this));

    /// <exception cref="CheckpointException">The file is missing or damaged.</exception>
    public static KeyValueScales Read(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<KeyValueScales>(File.ReadAllText(Path.Combine(folder, FileName)))!;
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            throw new CheckpointException($"The scales for keys and values in bytes cannot be read from the converted model in '{folder}': {error.Message} Delete the folder; it is made again.", error);
        }
    }

    /// <summary>Two channels that are rotated together take turns in carrying the length of both, at positions far behind the text's end too.</summary>
    private static void NoteRotated(ReadOnlySpan<float> key, Span<float> peaks)
    {
        var half = key.Length / 2;
        for (var i = 0; i < half; i++)
        {
            var length = MathF.Sqrt(key[i] * key[i] + key[i + half] * key[i + half]);
            peaks[i] = peaks[i + half] = MathF.Max(peaks[i], length);
        }
    }
}
