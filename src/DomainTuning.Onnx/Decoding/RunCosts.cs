namespace DomainTuning.Onnx.Decoding;

/// <summary>
/// What runs cost here and now, learned from the runs themselves: as multiples of one token of one row, since the length of the context and other
/// programs move all of them alike. Not thread-safe.
/// </summary>
internal sealed class RunCosts
{
    private const double Weight = 0.2; // of the newest measurement
    private const double Forgetting = 0.005; // a token: what was measured badly once gets another chance some hundred tokens later
    private const double StepGuess = 0.05, RowGuess = 0.25; // cost of one more token or row before any is measured; on the low side, so that it gets measured

    private readonly double[] steps;
    private readonly double[] rows;
    private readonly bool isFixed;
    private double one; // milliseconds

    /// <param name="mostRows">Rows of one token in a run.</param>
    public RunCosts(int mostRows)
    {
        steps = [.. Enumerable.Range(0, Drafter.Most + 2).Select(n => Guess(n, StepGuess))];
        rows = [.. Enumerable.Range(0, mostRows + 1).Select(n => Guess(n, RowGuess))];
    }

    private RunCosts(int mostRows, double cost)
        : this(mostRows)
    {
        (isFixed, one) = (true, cost);
        Array.Fill(steps, cost);
        Array.Fill(rows, cost);
    }

    /// <summary>For tests: every run costs the same, whatever it takes, so that every draft is worth a try.</summary>
    public static RunCosts Equal(int mostRows) => new(mostRows, 1);

    /// <summary>Whether there is anything to compare with.</summary>
    public bool Known => one > 0;

    /// <summary>Cost of a run of one row.</summary>
    public double OfSteps(int count) => steps[count];

    /// <summary>Cost of a run of one token a row.</summary>
    public double OfRows(int count) => rows[count];

    /// <summary>Notes a run of so many rows, or of so many tokens of one row.</summary>
    public void Record(int rowCount, int stepCount, TimeSpan time)
    {
        if (isFixed) return;
        var milliseconds = time.TotalMilliseconds;
        if (rowCount == 1 && stepCount == 1)
        {
            one = one == 0 ? milliseconds : Mix(one, Math.Min(milliseconds, 2 * one));
            for (var n = 2; n < steps.Length; n++) steps[n] += Forgetting * (Guess(n, StepGuess) - steps[n]);
        }
        else if (Known)
        {
            ref var cost = ref rowCount == 1 ? ref steps[stepCount] : ref rows[rowCount];
            cost = Mix(cost, Math.Min(milliseconds / one, 2 * cost)); // a pause of the whole machine is no measurement
        }
    }

    private static double Guess(int count, double each) => 1 + each * (count - 1);

    private static double Mix(double old, double seen) => old + Weight * (seen - old);
}
