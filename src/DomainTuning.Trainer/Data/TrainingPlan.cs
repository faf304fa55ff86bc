using DomainTuning.Training;

namespace DomainTuning.Trainer.Data;

/// <summary>
/// Which examples each optimiser step sees, for the whole training, decided before it begins: the same recipe and examples give the same plan, so where
/// a resumed training goes on is a number.
/// </summary>
/// <param name="Steps">Each a list of rows, each of those a list of examples' indices.</param>
internal sealed record TrainingPlan(IReadOnlyList<IReadOnlyList<int[]>> Steps)
{
    public static TrainingPlan Make(IReadOnlyList<EncodedExample> examples, TrainingRecipe recipe)
    {
        var steps = new List<IReadOnlyList<int[]>>();
        var (most, epochs) = recipe.Schedule.MaxSteps is { } fixedSteps ? (fixedSteps, double.PositiveInfinity) : (int.MaxValue, recipe.Schedule.Epochs);
        for (var epoch = 0; steps.Count < most && epoch < epochs; epoch++)
        {
            int[] order = [.. Enumerable.Range(0, examples.Count)];
            var random = new Random(HashOf(recipe.Seed, epoch));
            random.Shuffle(order);
            var share = Math.Min(1, epochs - epoch);
            var rows = RowPacking.Pack([.. order.Take((int)Math.Ceiling(share * order.Length))], examples).ToArray();
            random.Shuffle(rows);
            steps.AddRange(IntoSteps(rows, examples, recipe.Schedule.TokensAStep));
        }

        return new TrainingPlan([.. steps.Take(most)]);
    }

    /// <summary>A row joins a step as long as that brings the step nearer to its size.</summary>
    private static IEnumerable<IReadOnlyList<int[]>> IntoSteps(IReadOnlyList<int[]> rows, IReadOnlyList<EncodedExample> examples, int tokensAStep)
    {
        var step = new List<int[]>();
        var tokens = 0;
        foreach (var row in rows)
        {
            var more = row.Sum(index => examples[index].Ids.Count);
            if (step.Count > 0 && tokens + more - tokensAStep > tokensAStep - tokens)
            {
                yield return step;
                (step, tokens) = ([], 0);
            }

            step.Add(row);
            tokens += more;
        }

        if (step.Count > 0) yield return step;
    }

    // HashCode differs from process to process; this does not.
    internal static int HashOf(int seed, int number) => unchecked((int)((uint)seed * 0x9E3779B1u + (uint)number * 0x85EBCA77u) & int.MaxValue);
}
