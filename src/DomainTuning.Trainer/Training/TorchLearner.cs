using System.Runtime.InteropServices;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Trainer.Methods;
using DomainTuning.Trainer.Model;
using DomainTuning.Trainer.Natives;
using DomainTuning.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Training;

/// <summary>The base model with one adapter and its optimiser, in TorchSharp.</summary>
internal sealed class TorchLearner : Learner
{
    private readonly DecoderModel model;
    private readonly AdapterModules adapter;
    private readonly AdamW optimiser;
    private readonly string baseModel;

    private TorchLearner(DecoderModel model, AdapterModules adapter, TrainingRecipe recipe)
    {
        this.model = model;
        this.adapter = adapter;
        optimiser = new AdamW(adapter.Parameters, recipe.Optimiser);
        baseModel = recipe.BaseModel ?? "";
    }

    /// <inheritdoc cref="Runs.LearnerSource"/>
    public static Learner Load(DecoderCheckpoint checkpoint, TrainingRecipe recipe, string precision, int threads)
    {
        set_num_threads(threads > 0 ? threads : Environment.ProcessorCount);
        var model = DecoderModel.Load(checkpoint, Bf16.BaseType(precision));
        model.GradientCheckpointing = recipe.Schedule.GradientCheckpointing;
        return Over(model, AdapterModules.Apply(model, recipe.Method, recipe.Seed), recipe);
    }

    /// <summary>What "auto" means on this machine.</summary>
    public static string Precision(string precision) => Bf16.BaseType(precision) == ScalarType.BFloat16 ? "bfloat16" : "float32";

    /// <summary>Trains a given adapter on. Owns both.</summary>
    public static TorchLearner Over(DecoderModel model, AdapterModules adapter, TrainingRecipe recipe) => new(model, adapter, recipe);

    public override IReadOnlyList<LearnerTensor> Weights() => [.. adapter.Parameters.Names.Select(name => Read(name, adapter.Parameters[name]))];

    public override void SetWeights(IReadOnlyList<LearnerTensor> weights)
    {
        using var grad = no_grad();
        foreach (var weight in weights) Write(weight, adapter.Parameters[weight.Name]);
    }

    public override IReadOnlyList<LearnerTensor> Moments() => [Read("first", optimiser.First), Read("second", optimiser.Second)];

    public override void SetMoments(IReadOnlyList<LearnerTensor> moments, int steps)
    {
        using var grad = no_grad();
        foreach (var moment in moments) Write(moment, moment.Name == "first" ? optimiser.First : optimiser.Second);
        optimiser.Steps = steps;
    }

    public override void Begin(int seed)
    {
        random.manual_seed(seed);
        adapter.Parameters.ZeroGradient();
    }

    public override double Accumulate(PackedBatch batch, int labelsInStep)
    {
        adapter.Train(true);
        using var scope = NewDisposeScope();
        var (sum, _) = model.Loss(batch);
        // Divided before the way back, as a step's gradient is that of its mean.
        using var share = (1.0 / labelsInStep).ToScalar();
        (sum * share).backward();
        return sum.item<float>();
    }

    public override double Update(double learningRate, double clipNorm)
    {
        var norm = adapter.Parameters.FinishGradient(1, clipNorm);
        optimiser.Step(learningRate);
        return norm;
    }

    public override double Loss(PackedBatch batch)
    {
        adapter.Train(false);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        return model.Loss(batch).LossSum.item<float>();
    }

    public override float[] Logits(IReadOnlyList<int> ids)
    {
        adapter.Train(false);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var count = ids.Count;
        var batch = new PackedBatch(
            1, count, [.. ids.Select(id => (long)id)], [.. Enumerable.Range(0, count).Select(i => (long)i)], [.. Enumerable.Repeat(1, count)], [.. Enumerable.Repeat(PackedBatch.NoLabel, count)]);
        return Read("logits", model.Logits(batch, [count - 1])).Values;
    }

    public override void SaveAdapter(string folder) => adapter.Save(folder, baseModel);

    protected override void Dispose(bool disposing)
    {
        if (!disposing) return;
        optimiser.Dispose();
        adapter.Dispose();
        model.Dispose();
    }

    private static LearnerTensor Read(string name, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return new LearnerTensor(name, tensor.shape, MemoryMarshal.Cast<byte, float>(tensor.detach().contiguous().bytes).ToArray());
    }

    private static void Write(LearnerTensor values, Tensor target)
    {
        if (!values.Shape.SequenceEqual(target.shape))
            throw new TrainingException($"The saved state holds {values.Name} [{string.Join(", ", values.Shape)}]; [{string.Join(", ", target.shape)}] is expected. It belongs to another recipe: begin a new run.");
        using var scope = NewDisposeScope();
        target.copy_(tensor(values.Values, values.Shape));
    }
}
