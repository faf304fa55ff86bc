using DomainTuning.Trainer.Training;

namespace DomainTuning.Trainer.Tests.Training;

/// <summary>A learner of one number, which each step raises by one; what it loses is written down beforehand.</summary>
internal sealed class ScriptedLearner(Func<int, double> loss, Func<int, double> validation) : Learner
{
    private float steps;

    public int Steps => (int)steps;

    public List<double> LearningRates { get; } = [];

    public override IReadOnlyList<LearnerTensor> Weights() => [new("steps", [1], [steps])];

    public override void SetWeights(IReadOnlyList<LearnerTensor> weights) => steps = weights.Single().Values[0];

    public override IReadOnlyList<LearnerTensor> Moments() => [new("first", [1], [2 * steps])];

    public override void SetMoments(IReadOnlyList<LearnerTensor> moments, int steps)
    {
        Assert.Equal(2f * steps, moments.Single().Values[0]);
        Assert.Equal(steps, Steps);
    }

    public override void Begin(int seed)
    {
    }

    public override double Accumulate(PackedBatch batch, int labelsInStep) => batch.LabelTokens * loss(Steps);

    public override double Update(double learningRate, double clipNorm)
    {
        LearningRates.Add(learningRate);
        steps++;
        return 1;
    }

    public override double Loss(PackedBatch batch) => batch.LabelTokens * Math.Log(validation(Steps));

    public override float[] Logits(IReadOnlyList<int> ids) => [steps];

    public override void SaveAdapter(string folder) => File.WriteAllText(Path.Combine(folder, "steps"), $"{Steps}");

    protected override void Dispose(bool disposing)
    {
    }
}
