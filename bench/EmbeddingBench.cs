using DomainTuning.Onnx.Encoders;

namespace DomainTuning.Bench;

/// <summary>Sequences a second of an encoder, one at a time and together, on passages of the lengths that ingestion makes.</summary>
internal static class EmbeddingBench
{
    public static async Task RunAsync(string model, bool write)
    {
        using var embedder = OnnxEmbedder.Load(Path.Combine(Repository.Root, "models", model));
        var words = (await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "fixtures", "models", "smollm2", "text.txt"))).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var report = new Report("embedding", $"Embedding with {embedder.Identity}", $"embedding --model {model}", "tokens a text", "one by one, sequences/s", "32 together, sequences/s", "together, tokens/s");
        foreach (var wanted in new[] { 16, 128, 256, 384 })
        {
            var texts = Enumerable.Range(0, 32).Select(i => Text(embedder, words, i * 37, wanted)).ToList();
            var tokens = texts.Average(text => embedder.CountTokens(text));
            var single = await Stopwatches.MedianSecondsAsync(3, async () =>
            {
                foreach (var text in texts.Take(8)) await embedder.EmbedPassagesAsync([text]);
            });
            var together = await Stopwatches.MedianSecondsAsync(3, () => embedder.EmbedPassagesAsync(texts));
            report.Row(tokens, 8 / single, texts.Count / together, texts.Count * tokens / together);
        }

        report.Finish(write);
    }

    private static string Text(OnnxEmbedder embedder, string[] words, int start, int tokens)
    {
        var (low, high) = (1, tokens);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (embedder.CountTokens(Take(middle)) <= tokens) low = middle;
            else high = middle - 1;
        }

        return Take(low);

        string Take(int count) => string.Join(' ', Enumerable.Range(0, count).Select(i => words[(start + i) % words.Length]));
    }
}
