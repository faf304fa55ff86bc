using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// General text, written for this purpose, that a conversion reads: all of it to see how large activations get, its last window again to compare
/// the converted model with its reference. Every window begins as the model expects a text to begin: without their first token Gemma and Llama 3 are
/// not themselves. It lies in calibration.txt; changing it needs a new <see cref="ChatModelCache.ConverterVersion"/>.
/// </summary>
internal sealed record CalibrationText(IReadOnlyList<int[]> Windows, int[] Check, int Prefix)
{
    /// <summary>Tokens of a window, and of the check text.</summary>
    public const int WindowTokens = 512;

    /// <summary>Cuts the text with the model's own tokenizer.</summary>
    public static CalibrationText Read(Tokenizer tokenizer)
    {
        using var stream = typeof(CalibrationText).Assembly.GetManifestResourceStream("DomainTuning.Onnx.Graphs.calibration.txt")
            ?? throw new InvalidOperationException("calibration.txt is not embedded in DomainTuning.Onnx.");
        using var reader = new StreamReader(stream);
        int[] ids = [.. tokenizer.Encode(reader.ReadToEnd()).Select(token => token.Id)];
        var length = WindowTokens - tokenizer.Prefix.Count;
        int[][] windows = [.. ids[..^length].Chunk(length).Append(ids[^length..]).Select(window => (int[])[.. tokenizer.Prefix, .. window])];
        return new CalibrationText(windows, windows[^1], tokenizer.Prefix.Count);
    }

    /// <summary>The check text's mean negative log-likelihood.</summary>
    public double MeanNll(DecoderSession session, CancellationToken cancellationToken) => -session.LogProbabilities(Check, Math.Max(1, Prefix), cancellationToken).Average();
}
