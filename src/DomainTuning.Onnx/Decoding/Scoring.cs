using DomainTuning.Onnx.Adapters;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Decoding;

/// <summary>A text whose tokens are judged, not continued: the log-probability of each from <paramref name="from"/> on, given all before it.</summary>
/// <param name="ids">Two or more.</param>
/// <param name="from">At least 1: the first token follows nothing.</param>
internal sealed class Scoring(IReadOnlyList<int> ids, int from, CancellationToken cancellationToken, LoadedAdapter? adapter = null)
    : Sequence([.. ids.Take(ids.Count - 1)], adapter, cancellationToken) // nothing follows the last
{
    private readonly TaskCompletionSource<double[]> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly double[] logProbabilities = new double[ids.Count - from];

    /// <summary>Natural logarithms.</summary>
    public Task<double[]> Result => completion.Task;

    public override bool HasEnded => completion.Task.IsCompleted;

    public override int FirstWanted => from - 1;

    public override void Take(int position, ReadOnlySpan<float> logits, int capacity)
    {
        logProbabilities[position + 1 - from] = Logits.LogProbability(logits, ids[position + 1]);
        if (position == PromptLength - 1) completion.TrySetResult(logProbabilities);
    }

    public override void Fail(Exception error)
    {
        if (error is OperationCanceledException) completion.TrySetCanceled(CancellationToken);
        else completion.TrySetException(error);
    }
}
