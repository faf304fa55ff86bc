using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Onnx.Graphs;

/// <summary>
/// General text, written for this purpose, that a conversion reads: all of it to see how large activations get, its last window again to compare
/// the converted model with its reference. It lies in calibration.txt; changing it needs a new <see cref="ChatModelCache.ConverterVersion"/>.
/// </summary>
internal sealed record CalibrationText(IReadOnlyList<int[]> Windows, int[] Check)
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
        return new CalibrationText([.. ids[..^WindowTokens].Chunk(WindowTokens), ids[^WindowTokens..]], ids[^WindowTokens..]);
    }

    /// <summary>The check text's mean negative log-likelihood.</summary>
    public double MeanNll(DecoderSession session, CancellationToken cancellationToken) => -session.LogProbabilities(Check, 1, cancellationToken).Average();
}
