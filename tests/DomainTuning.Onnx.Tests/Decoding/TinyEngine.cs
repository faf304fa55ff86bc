using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Onnx.Adapters;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Graphs;
using DomainTuning.Onnx.Tests.Graphs;

namespace DomainTuning.Onnx.Tests.Decoding;

/// <summary>An engine over the tiny llama, whose runs are noted.</summary>
internal sealed class TinyEngine : IDisposable
{
    public const int Vocabulary = 320;

    private static readonly IReadOnlySet<int> NoStops = new HashSet<int>();
    private readonly List<EngineRun> runs = [];
    private readonly TinyDecoder model;

    public TinyEngine(int slots = 1, int waiting = 64, int capacity = 512, long prefixCacheBytes = 0, bool drafting = false, KeyValueForm keyValues = KeyValueForm.Float32)
    {
        model = new TinyDecoder("tiny-llama", slots: slots, capacity: capacity, keyValues: keyValues);
        PageBytes = (long)PrefixCache.PageTokens * model.Session.Cache.TokenBytes;
        Engine = new DecodingEngine(model.Session, waiting, prefixCacheBytes, drafting ? RunCosts.Equal(slots) : null) { Watch = Note };
    }

    public DecodingEngine Engine { get; }

    public long PageBytes { get; }

    /// <summary>All runs so far, in order, with the slots that their rows had.</summary>
    public IReadOnlyList<EngineRun> Runs
    {
        get
        {
            lock (runs) return [.. runs];
        }
    }

    /// <summary>Held back before each run while it is reset.</summary>
    public ManualResetEventSlim Gate { get; } = new(initialState: true);

    /// <summary>An adapter that changes nothing.</summary>
    public static LoadedAdapter Adapter(string name)
    {
        using var checkpoint = DecoderCheckpoint.Open(TinyDecoder.Gguf("tiny-llama"));
        return new LoadedAdapter(name, [], checkpoint.Shape);
    }

    public static Generation Generate(IReadOnlyList<int> prompt, int tokens, LoadedAdapter? adapter = null, SamplingOptions? sampling = null, CancellationToken? cancellation = null) =>
        new(prompt, tokens, NoStops, sampling ?? new SamplingOptions(), cancellation ?? TestContext.Current.CancellationToken, adapter);

    public static int[] Text(int seed, int length)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(Vocabulary))];
    }

    public static async Task<List<int>> ReadAsync(Generation generation) =>
        await generation.Answer.ReadAllAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

    public async Task<List<int>> AnswerAsync(Generation generation)
    {
        Engine.Submit(generation);
        return await ReadAsync(generation);
    }

    public void Dispose()
    {
        Gate.Set();
        Engine.Dispose();
        Gate.Dispose();
        model.Dispose();
    }

    private void Note(EngineRun run)
    {
        Gate.Wait();
        lock (runs) runs.Add(run);
    }
}
