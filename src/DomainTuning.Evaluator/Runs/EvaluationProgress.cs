namespace DomainTuning.Evaluator.Runs;

/// <summary>How far a run has come.</summary>
/// <param name="Stage">An arm or a search.</param>
/// <param name="Cached">Of the done, those that an earlier run had answered.</param>
/// <param name="Left">For this stage, from the pace so far; null before anything was answered.</param>
public sealed record EvaluationProgress(string Stage, int Done, int Total, int Cached, int Errors, TimeSpan? Left);

/// <summary>Counts one stage.</summary>
internal sealed class StageCount(string stage, int total, IProgress<EvaluationProgress>? progress, TimeProvider clock)
{
    private readonly Lock one = new();
    private readonly long start = clock.GetTimestamp();
    private int done, cached, errors;

    public void Add(bool fromCache, bool failed)
    {
        lock (one)
        {
            done++;
            if (fromCache) cached++;
            if (failed) errors++;
            var made = done - cached;
            var left = made == 0 ? (TimeSpan?)null : clock.GetElapsedTime(start) / made * (total - done);
            progress?.Report(new EvaluationProgress(stage, done, total, cached, errors, left));
        }
    }
}
