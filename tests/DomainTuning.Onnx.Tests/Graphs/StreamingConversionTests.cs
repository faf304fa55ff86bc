using System.Diagnostics;
using System.Globalization;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Tests.Graphs;

/// <summary>Models of gigabytes are converted in slices. Explicit: they take minutes and as much disk as two models.</summary>
public sealed class StreamingConversionTests
{
    private const long Megabyte = 1 << 20;

    [Fact(Explicit = true)]
    public void AModelOfHalfAGigabyteStreams() => Convert(layers: 20, hidden: 2048, feedForward: 5632, vocabulary: 32000);

    [Fact(Explicit = true)]
    public void AModelOfFourGigabytesStreams() => Convert(layers: 36, hidden: 4096, feedForward: 12288, vocabulary: 64000);

    private static void Convert(int layers, int hidden, int feedForward, int vocabulary)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Reads the process' memory from /proc.");
        var output = TestContext.Current.TestOutputHelper!;
        using var folder = new TemporaryFolder();
        var path = folder["model.gguf"];
        SyntheticGguf.Write(path, layers, hidden, feedForward, vocabulary);
        using var tokens = DecoderCheckpoint.Open(TinyDecoder.Gguf("tiny-llama"));
        var tokenizer = ChatFormat.Read(tokens.Gguf!).Tokenizer;
        using var checkpoint = DecoderCheckpoint.Open(path);
        var cache = new ChatModelCache(folder["cache"]);
        GC.Collect();
        var before = AnonymousBytes();
        using var memory = new PeakMemory();
        var peaks = new Dictionary<string, long>();
        var watch = Stopwatch.StartNew();

        var model = cache.Open(checkpoint, tokenizer, WeightForm.Auto, Environment.ProcessorCount, new Stages(stage => peaks.TryAdd(stage, memory.Peak)), TestContext.Current.CancellationToken);

        var converted = watch.Elapsed;
        var (whole, result) = (memory.Peak - before, new FileInfo(Path.Combine(model.Folder, "weights.bin")).Length);
        watch.Restart();
        var again = cache.Open(checkpoint, tokenizer, WeightForm.Auto, 1, null, TestContext.Current.CancellationToken);
        var opened = watch.Elapsed;
        using (var session = new DecoderSession(again.Packed, 1, 512, Environment.ProcessorCount)) session.Run(0, [1], [1], [0]);
        var loaded = watch.Elapsed;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{new FileInfo(path).Length / Megabyte} MB of Q4_0, {checkpoint.Shape.Parameters / 1e9:F1} billion weights, became {result / Megabyte} MB ({model.Card.Form}) in {converted.TotalSeconds:F0} s; memory beyond the start: {(peaks["checking the converted model"] - before) / Megabyte} MB while writing, {whole / Megabyte} MB with the check; second opening {opened.TotalSeconds:F2} s, first token after {loaded.TotalSeconds:F1} s"));
        Assert.Equal(WeightForm.Blocks4, model.Card.Form);
        Assert.InRange(peaks["checking the converted model"] - before, 0, 700 * Megabyte); // the peak until the weights were written
        Assert.InRange(whole, 0, result + 1024 * Megabyte);
    }

    private static long AnonymousBytes()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan("RssAnon:".Length).Trim().TrimEnd(" kB"), CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>The largest memory of this process that no file backs, looked at every few milliseconds.</summary>
    private sealed class PeakMemory : IDisposable
    {
        private readonly Timer timer;
        private long peak;

        public PeakMemory() => timer = new Timer(_ => Look(), null, 0, 5);

        public long Peak => Look();

        public void Dispose() => timer.Dispose();

        private long Look()
        {
            var now = AnonymousBytes();
            for (var seen = peak; now > seen; seen = peak) Interlocked.CompareExchange(ref peak, now, seen);
            return peak;
        }
    }

    private sealed class Stages(Action<string> stage) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) => stage(value.Stage);
    }
}
