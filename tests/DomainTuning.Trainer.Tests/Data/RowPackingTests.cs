using DomainTuning.Trainer.Data;
using DomainTuning.Training;

namespace DomainTuning.Trainer.Tests.Data;

public sealed class RowPackingTests
{
    [Fact]
    public void EveryExampleIsInOneRowAndNoRowIsOverfull()
    {
        var examples = Examples(count: 300, longest: 90);
        examples[7] = Example(7, 150); // longer than a row: it gets one of its own

        var rows = RowPacking.Pack([.. Enumerable.Range(0, examples.Count)], examples, rowTokens: 100);

        Assert.Equal(Enumerable.Range(0, examples.Count), rows.SelectMany(row => row).Order());
        Assert.All(rows.Where(row => row.Length > 1), row => Assert.InRange(row.Sum(index => examples[index].Ids.Count), 1, 100));
        Assert.Equal([7], rows.Single(row => row.Contains(7)));
        // First-fit decreasing fills rows: far fewer than one an example, hardly more than the tokens need.
        Assert.InRange(rows.Count, examples.Sum(example => example.Ids.Count) / 100, 1.15 * examples.Sum(example => example.Ids.Count) / 100);
    }

    [Fact]
    public void APlanShowsEachExampleOnceAnEpochInStepsOfAboutTheWantedSize()
    {
        var examples = Examples(count: 200, longest: 60);
        var recipe = new TrainingRecipe { Name = "x", Schedule = new() { Epochs = 2.5, TokensAStep = 1500 } };

        var plan = TrainingPlan.Make(examples, recipe);

        var seen = plan.Steps.SelectMany(step => step).SelectMany(row => row).CountBy(index => index).ToDictionary();
        Assert.Equal(500, seen.Values.Sum());
        Assert.All(Enumerable.Range(0, 200), index => Assert.InRange(seen[index], 2, 3));
        var sizes = plan.Steps.Select(step => step.Sum(row => row.Sum(index => examples[index].Ids.Count))).ToList();
        Assert.InRange(sizes.Average(), 1200, 1800);
    }

    [Fact]
    public void APlanIsTheSameForTheSameSeedAndAnotherForAnother()
    {
        var examples = Examples(count: 100, longest: 60);
        static string Text(TrainingPlan plan) => string.Join(" | ", plan.Steps.Select(step => string.Join(";", step.Select(row => string.Join(",", row)))));
        string Of(int seed) => Text(TrainingPlan.Make(examples, new TrainingRecipe { Name = "x", Seed = seed, Schedule = new() { TokensAStep = 300, MaxSteps = 30 } }));

        Assert.Equal(Of(1), Of(1));
        Assert.NotEqual(Of(1), Of(2));
    }

    [Fact]
    public void WantedStepsAreDoneHoweverFewTheExamples()
    {
        var plan = TrainingPlan.Make(Examples(count: 5, longest: 20), new TrainingRecipe { Name = "x", Schedule = new() { MaxSteps = 40, TokensAStep = 30 } });

        Assert.Equal(40, plan.Steps.Count);
    }

    [Fact]
    public void OnlyAnswersCarryLossAndTheLabelIsTheNextToken()
    {
        var batch = RowPacking.Batch([new EncodedExample("a", [10, 11, 12, 13], 2), new EncodedExample("b", [20, 21, 22], 1)]);

        Assert.Equal([10, 11, 12, 13, 20, 21, 22], batch.Ids);
        Assert.Equal([0, 1, 2, 3, 0, 1, 2], batch.Positions);
        Assert.Equal([1, 1, 1, 1, 2, 2, 2], batch.Segments);
        // The last token of an example is followed by nothing, least of all by the next example.
        Assert.Equal([-100, 12, 13, -100, 21, 22, -100], batch.Labels);
        Assert.Equal(4, batch.LabelTokens);
    }

    private static List<EncodedExample> Examples(int count, int longest)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, count).Select(i => Example(i, random.Next(5, longest)))];
    }

    private static EncodedExample Example(int number, int length) => new($"e{number}", [.. Enumerable.Range(1, length)], length / 2);
}
