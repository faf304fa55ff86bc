using System.Diagnostics;
using System.Globalization;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Trainer.Methods;
using DomainTuning.Trainer.Model;
using DomainTuning.Trainer.Natives;
using DomainTuning.Training;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Benchmarks;

/// <summary>
/// Speed of a training step against what this machine's matrix products reach, and against the naive loop (padded batches, logits of all places, plain autograd
/// operations) on the same examples in the same run. Only tokens of examples count, padding does not.
/// </summary>
internal static class TrainingBenchmark
{
    private const int Steps = 3;

    private static Func<double> clock = () => 0;

    /// <summary>Lengths of examples of a question-and-answer training with passages in the prompt, and of short ones without.</summary>
    private static readonly int[] Lengths = [412, 96, 380, 51, 297, 640, 128, 33, 455, 210, 74, 505, 349, 62, 188, 270];

    /// <param name="args">Path of a checkpoint; "float32" or "bfloat16" for one type only; "packed" leaves the comparison out; "busy" counts processor time of one thread, for a machine that others use.</param>
    public static int Run(IReadOnlyList<string> args)
    {
        if (args.Count == 0)
        {
            Console.Error.WriteLine("bench-training needs the path of a chat model, such as models/smollm2-135m-instruct.");
            return 2;
        }

        var busy = args.Contains("busy");
        set_num_threads(busy ? 1 : Environment.ProcessorCount);
        var watch = Stopwatch.StartNew();
        clock = busy ? () => Environment.CpuUsage.UserTime.TotalSeconds : () => watch.Elapsed.TotalSeconds;
        Console.WriteLine(TorchNatives.Check().Text);
        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
        {
            var name = type == ScalarType.Float32 ? "float32" : "bfloat16";
            if (args.Any(arg => arg is "float32" or "bfloat16") && !args.Contains(name)) continue;
            if (type == ScalarType.BFloat16 && Bf16.Instructions is null) continue;
            using var checkpoint = DecoderCheckpoint.Open(args[0]);
            using var model = DecoderModel.Load(checkpoint, type);
            using var adapter = AdapterModules.Apply(model, new MethodRecipe(), seed: 1);
            var peak = Peak(type, model.Shape);
            var packed = Measure(model, adapter, [Packed(0, 8), Packed(8, 16)]);
            Report($"{name} packed", peak, model, adapter, packed);
            if (args.Contains("packed")) continue;
            model.GradientCheckpointing = true;
            Report($"{name} packed, recomputing activations", peak, model, adapter, Measure(model, adapter, [Packed(0, 8), Packed(8, 16)]));
            model.GradientCheckpointing = false;
            var naive = NaiveLoop.Measure(model, adapter, [.. Enumerable.Range(0, 4).Select(i => Examples(4 * i, 4 * i + 4))], 1, clock);
            Report($"{name} naive", peak, model, adapter, naive);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: packed is {packed.TokensASecond / naive.TokensASecond:f2} times as fast as naive"));
        }

        return 0;
    }

    /// <summary>Examples with random tokens; the last eighth of each carries labels.</summary>
    private static List<long[]> Examples(int first, int end)
    {
        var random = new Random(first);
        return [.. Lengths[first..end].Select(length => Enumerable.Range(0, length).Select(_ => (long)random.Next(1, 40000)).ToArray())];
    }

    private static PackedBatch Packed(int first, int end)
    {
        var examples = Examples(first, end);
        return new PackedBatch(
            1, examples.Sum(ids => ids.Length),
            [.. examples.SelectMany(ids => ids)],
            [.. examples.SelectMany(ids => Enumerable.Range(0, ids.Length).Select(i => (long)i))],
            [.. examples.SelectMany((ids, i) => ids.Select(_ => i + 1))],
            [.. examples.SelectMany(Labels)]);
    }

    internal static IEnumerable<long> Labels(long[] ids) => ids.Select((_, i) => i >= ids.Length * 7 / 8 && i + 1 < ids.Length ? ids[i + 1] : PackedBatch.NoLabel);

    private static Speed Measure(DecoderModel model, AdapterModules adapter, PackedBatch[] batches)
    {
        using var optimiser = new AdamW(adapter.Parameters, new OptimiserRecipe());
        double best = double.MaxValue, forward = 0, backward = 0;
        for (var step = 0; step <= Steps; step++)
        {
            var watch = clock();
            var (there, back) = (0.0, 0.0);
            foreach (var batch in batches)
            {
                using var scope = NewDisposeScope();
                var start = (clock() - watch);
                var (sum, _) = model.Loss(batch);
                var middle = (clock() - watch);
                sum.backward();
                there += middle - start;
                back += (clock() - watch) - middle;
            }

            adapter.Parameters.FinishGradient(batches.Sum(batch => batch.LabelTokens), 1);
            optimiser.Step(1e-4);
            adapter.Parameters.ZeroGradient();
            if (step == 0 || (clock() - watch) >= best) continue; // the first warms up
            (best, forward, backward) = ((clock() - watch), there, back);
        }

        return new Speed(batches.Sum(batch => batch.Tokens), batches.Sum(batch => batch.LabelTokens), best, forward, backward);
    }

    /// <summary>The best of the products that a step is made of: 1024 tokens through a fused matrix of this model, and through a large one.</summary>
    private static double Peak(ScalarType type, DecoderShape shape)
    {
        double best = 0;
        foreach (var (n, k, m) in new[] { (1024, shape.Hidden, 2 * shape.FeedForward), (2048, 2048, 2048) })
        {
            using var scope = NewDisposeScope();
            using var grad = no_grad();
            var (x, w) = (randn(n, k).to_type(type), randn(m, k).to_type(type));
            for (var i = 0; i < 12; i++)
            {
                var watch = clock();
                for (var j = 0; j < 4; j++) nn.functional.linear(x, w).Dispose();
                best = Math.Max(best, 2.0 * n * k * m * 4 / (clock() - watch));
            }
        }

        return best;
    }

    private static void Report(string what, double peak, DecoderModel model, AdapterModules adapter, Speed speed)
    {
        // Frozen weights need the gradient of their input only: as much again as the way there. Adapters need that of their weights, too. The head is computed at labels.
        var shape = model.Shape;
        double linear = shape.Parameters - (double)shape.Vocabulary * shape.Hidden * (shape.Tied ? 1 : 2);
        var flops = speed.Tokens * (4 * linear + 6.0 * adapter.Parameters.Count) + speed.Labels * 4.0 * shape.Vocabulary * shape.Hidden;
        // Attention of an example of n tokens: n²/2 pairs, 4 flops a pair and value there, 2.5 times that back (scores are computed again).
        flops += speed.PairFlops(shape);
        var rate = flops / speed.Seconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {speed.TokensASecond:f0} useful tokens/s ({speed.Forward:f2} s there, {speed.Backward:f2} s back), {rate / 1e9:f0} of {peak / 1e9:f0} GFLOP/s: {rate / peak:p0} of this machine's matrix products"));
    }

    /// <param name="Tokens">Without padding.</param>
    /// <param name="Labels">Places with a label.</param>
    internal sealed record Speed(long Tokens, long Labels, double Seconds, double Forward, double Backward)
    {
        public double TokensASecond => Tokens / Seconds;

        public double PairFlops(DecoderShape shape) => Lengths.Sum(n => (double)n * n / 2) * Tokens / Lengths.Sum() * shape.Layers * shape.Heads * shape.HeadValues * 4 * 3.5;
    }
}
