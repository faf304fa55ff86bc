namespace DomainTuning.Trainer.Training;

/// <summary>A trained or remembered tensor, outside of any library.</summary>
internal sealed record LearnerTensor(string Name, long[] Shape, float[] Values);

/// <summary>
/// What a training needs of a model: gradients of a batch, a step down them, a loss without either, and everything that a step depends on as numbers.
/// One is made of TorchSharp; tests have one of a few numbers.
/// </summary>
internal abstract class Learner : IDisposable
{
    /// <summary>What is trained, in single precision.</summary>
    public abstract IReadOnlyList<LearnerTensor> Weights();

    public abstract void SetWeights(IReadOnlyList<LearnerTensor> weights);

    /// <summary>What the optimiser remembers.</summary>
    public abstract IReadOnlyList<LearnerTensor> Moments();

    /// <param name="steps">Steps that made them.</param>
    public abstract void SetMoments(IReadOnlyList<LearnerTensor> moments, int steps);

    /// <summary>Forgets gradients, and starts the step's random numbers (dropout) from a seed of its own, so that a resumed step is the same step.</summary>
    public abstract void Begin(int seed);

    /// <summary>Adds the gradients of a batch's loss, summed over its labels and divided by so many.</summary>
    /// <param name="labelsInStep">Labels of the whole step, so that each counts the same whatever batch it is in.</param>
    /// <returns>The sum of the labels' losses, natural log.</returns>
    public abstract double Accumulate(PackedBatch batch, int labelsInStep);

    /// <summary>Scales the gradients down to a norm (0: never) and takes a step.</summary>
    /// <returns>The gradients' norm before.</returns>
    public abstract double Update(double learningRate, double clipNorm);

    /// <summary>The sum of the labels' losses, natural log, without dropout and gradients.</summary>
    public abstract double Loss(PackedBatch batch);

    /// <summary>Logits after the last token.</summary>
    public abstract float[] Logits(IReadOnlyList<int> ids);

    /// <summary>Writes the weights as PEFT does: adapter_config.json and adapter_model.safetensors.</summary>
    public abstract void SaveAdapter(string folder);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);
}
