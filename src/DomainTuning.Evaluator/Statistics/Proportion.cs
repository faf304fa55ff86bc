namespace DomainTuning.Evaluator.Statistics;

/// <summary>Intervals for a share of n.</summary>
public static class Proportion
{
    /// <summary>Wilson, JASA 22, 1927, without continuity correction: right on average, also for shares near 0 and 1.</summary>
    public static Interval Wilson(int successes, int trials, double level = 0.95)
    {
        Check(successes, trials);
        var z = Distributions.NormalQuantile((1 + level) / 2);
        var p = (double)successes / trials;
        var scale = 1 + (z * z / trials);
        var centre = (p + (z * z / (2 * trials))) / scale;
        var half = z / scale * Math.Sqrt((p * (1 - p) / trials) + (z * z / (4.0 * trials * trials)));
        return new Interval(successes == 0 ? 0 : Math.Max(0, centre - half), successes == trials ? 1 : Math.Min(1, centre + half), level);
    }

    /// <summary>Clopper and Pearson, Biometrika 26, 1934: never covers less than promised, so it is wide.</summary>
    public static Interval ClopperPearson(int successes, int trials, double level = 0.95)
    {
        Check(successes, trials);
        var tail = (1 - level) / 2;
        return new Interval(
            successes == 0 ? 0 : Distributions.BetaQuantile(tail, successes, trials - successes + 1),
            successes == trials ? 1 : Distributions.BetaQuantile(1 - tail, successes + 1, trials - successes),
            level);
    }

    private static void Check(int successes, int trials)
    {
        if (trials < 1 || successes < 0 || successes > trials) throw new ArgumentException($"{successes} of {trials} is no share.");
    }
}
