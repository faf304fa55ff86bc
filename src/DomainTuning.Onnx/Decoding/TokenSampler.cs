using System.Numerics.Tensors;

namespace DomainTuning.Onnx.Decoding;

/// <summary>Draws the tokens of one answer: <see cref="SamplingOptions"/> with its memory (which tokens came before, and the random numbers). Not thread-safe.</summary>
internal sealed class TokenSampler
{
    private const int Block = 256; // numbers that are looked at together

    private readonly SamplingOptions options;
    private readonly HashSet<int> seen;
    private readonly Dictionary<int, int> written = [];
    private ulong state;
    private float[] probabilities = [];

    public TokenSampler(SamplingOptions options, IEnumerable<int> prompt)
    {
        this.options = options;
        seen = options.RepetitionPenalty == 1 ? [] : [.. prompt];
        state = (ulong)(options.Seed ?? Random.Shared.NextInt64());
    }

    /// <summary>Draws from a row of logits and remembers the token.</summary>
    public int Draw(ReadOnlySpan<float> logits)
    {
        if (probabilities.Length != logits.Length) probabilities = new float[logits.Length];
        logits.CopyTo(probabilities);
        ApplyPenalties(probabilities);
        options.Constraint?.Mask(probabilities);
        var token = options.Temperature < SamplingOptions.LowestTemperature ? TensorPrimitives.IndexOfMax<float>(probabilities) : DrawByChance(probabilities);
        if (options.RepetitionPenalty != 1) seen.Add(token);
        written[token] = written.GetValueOrDefault(token) + 1;
        options.Constraint?.Accept(token);
        options.Drawn?.Add(logits, token);
        return token;
    }

    private void ApplyPenalties(Span<float> logits)
    {
        if (options.RepetitionPenalty != 1)
            foreach (var token in seen)
                if ((uint)token < (uint)logits.Length)
                    logits[token] = logits[token] > 0 ? logits[token] / options.RepetitionPenalty : logits[token] * options.RepetitionPenalty;
        if (options.FrequencyPenalty != 0 || options.PresencePenalty != 0)
            foreach (var (token, count) in written)
                logits[token] -= options.FrequencyPenalty * count + options.PresencePenalty;
    }

    private int DrawByChance(Span<float> values)
    {
        TensorPrimitives.Subtract(values, TensorPrimitives.Max<float>(values), values);
        TensorPrimitives.Divide(values, options.Temperature, values);
        TensorPrimitives.Exp<float>(values, values);
        if (options.TopK == 0 && options.TopP == 1 && options.MinP == 0) return DrawFromAll(values);
        TensorPrimitives.Divide(values, TensorPrimitives.Sum<float>(values), values);
        var kept = Candidates(values);
        var left = NextUnit() * kept.Sum(candidate => candidate.Probability);
        foreach (var (token, probability) in kept)
            if ((left -= probability) < 0) return token;
        return kept[0].Token;
    }

    /// <summary>Draws by weights that need not sum to 1: sums of blocks find the block, so that only one is gone through number by number.</summary>
    private int DrawFromAll(ReadOnlySpan<float> weights)
    {
        Span<float> sums = stackalloc float[(weights.Length + Block - 1) / Block];
        for (var i = 0; i < sums.Length; i++) sums[i] = TensorPrimitives.Sum(BlockOf(weights, i));
        var left = NextUnit() * TensorPrimitives.Sum<float>(sums);
        for (var i = 0; i < sums.Length; i++)
        {
            if (left >= sums[i])
            {
                left -= sums[i];
                continue;
            }

            var block = BlockOf(weights, i);
            for (var j = 0; j < block.Length; j++)
                if ((left -= block[j]) < 0) return i * Block + j;
            return i * Block + TensorPrimitives.IndexOfMax(block); // rounding left a crumb
        }

        return TensorPrimitives.IndexOfMax(weights);
    }

    private static ReadOnlySpan<float> BlockOf(ReadOnlySpan<float> values, int block) => values.Slice(block * Block, Math.Min(Block, values.Length - block * Block));

    /// <summary>What top-k, top-p and min-p leave, likeliest first; never empty.</summary>
    private List<(int Token, double Probability)> Candidates(ReadOnlySpan<float> values)
    {
        // All tokens below (1 - p) / n together stay below 1 - p, so none of them can be needed to reach p; mostly those within a hundredth of the likeliest reach it.
        var largest = TensorPrimitives.Max(values);
        var floor = Math.Max(options.MinP * largest, options.TopP < 1 ? Math.Min((1 - options.TopP) / values.Length, largest) : 0);
        if (options.TopK > 0) floor = Math.Max(floor, KthLargest(values, options.TopK));
        List<(int Token, double Probability)> candidates;
        if (options is { TopK: 0, TopP: < 1 } && floor < largest / 100)
        {
            candidates = NoLessThan(values, largest / 100);
            if (candidates.Sum(candidate => candidate.Probability) < options.TopP) candidates = NoLessThan(values, floor);
        }
        else
        {
            candidates = NoLessThan(values, floor);
        }

        candidates.Sort((a, b) => a.Probability != b.Probability ? b.Probability.CompareTo(a.Probability) : a.Token.CompareTo(b.Token));
        if (options.TopK > 0 && candidates.Count > options.TopK) candidates.RemoveRange(options.TopK, candidates.Count - options.TopK);
        if (options.TopP == 1) return candidates;

        // Top-p counts within what top-k left, as in the Hugging Face samplers; without top-k the probabilities sum to 1 already.
        var wanted = options.TopP * (options.TopK > 0 ? candidates.Sum(candidate => candidate.Probability) : 1.0);
        var reached = 0.0;
        var keep = 0;
        while (keep < candidates.Count && reached < wanted) reached += candidates[keep++].Probability;
        candidates.RemoveRange(keep, candidates.Count - keep);
        return candidates;
    }

    private static List<(int Token, double Probability)> NoLessThan(ReadOnlySpan<float> values, float floor)
    {
        var found = new List<(int Token, double Probability)>();
        for (var start = 0; start < values.Length; start += Block)
        {
            var block = BlockOf(values, start / Block);
            if (TensorPrimitives.Max(block) < floor) continue;
            for (var i = 0; i < block.Length; i++)
                if (block[i] >= floor && block[i] > 0) found.Add((start + i, block[i]));
        }

        return found;
    }

    private static float KthLargest(ReadOnlySpan<float> values, int k)
    {
        if (k >= values.Length) return 0;
        var heap = new PriorityQueue<float, float>(k + 1);
        for (var start = 0; start < values.Length; start += Block)
        {
            var block = BlockOf(values, start / Block);
            if (heap.Count == k && TensorPrimitives.Max(block) <= heap.Peek()) continue;
            foreach (var value in block)
                if (heap.Count < k) heap.Enqueue(value, value);
                else if (value > heap.Peek()) heap.DequeueEnqueue(value, value);
        }

        return heap.Peek();
    }

    /// <summary>The next number in [0, 1): SplitMix64, the same on every machine and in every version of .NET.</summary>
    private double NextUnit()
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1ul << 53));
    }
}
