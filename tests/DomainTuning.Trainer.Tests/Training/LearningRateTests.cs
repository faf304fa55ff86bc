using DomainTuning.Trainer.Training;
using DomainTuning.Training;

namespace DomainTuning.Trainer.Tests.Training;

public sealed class LearningRateTests
{
    [Theory]
    // transformers' get_cosine_schedule_with_warmup(warmup 2, total 10), times 1e-3
    [InlineData("cosine", new[] { 0, 5e-4, 1e-3, 9.61939766e-4, 8.53553391e-4, 6.91341716e-4, 5e-4, 3.08658284e-4, 1.46446609e-4, 3.80602337e-5 })]
    [InlineData("linear", new[] { 0, 5e-4, 1e-3, 8.75e-4, 7.5e-4, 6.25e-4, 5e-4, 3.75e-4, 2.5e-4, 1.25e-4 })]
    [InlineData("constant", new[] { 0, 5e-4, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3 })]
    public void SchedulesAreThoseOfTransformers(string decay, double[] expected)
    {
        var rate = new LearningRate(new OptimiserRecipe { LearningRate = 1e-3, Decay = decay, WarmUp = 0.2 }, 10);

        for (var step = 0; step < expected.Length; step++) Assert.Equal(expected[step], rate.At(step), 1e-11);
    }

    [Fact]
    public void WhereMinutesEndATrainingTheRateEndsAtZeroAllTheSame()
    {
        var rate = new LearningRate(new OptimiserRecipe { LearningRate = 1e-3, WarmUp = 0.1 }, 1000);

        Assert.Equal(0.5e-3, rate.At(3, timeShare: 0.55), 1e-6);
        Assert.Equal(0, rate.At(8, timeShare: 1), 1e-12);
        Assert.Equal(rate.At(500), rate.At(500, timeShare: 0.2));
    }
}
