using System.Runtime.CompilerServices;
using DomainTuning.Onnx.Adapters;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Decoding;

/// <summary>
/// Writes several answers at once with one model, and scores texts between them. One thread runs all rounds (<see cref="DecodingRound"/>). Who waits
/// for a slot is let in by turns: one answer of each arm, one text of each call that scores, first come first served among them. Texts to be scored get one
/// slot between them, since reading is one run a text anyway. Thread-safe.
/// </summary>
internal sealed class DecodingEngine : IDisposable
{
    private static readonly object Base = new();

    private readonly DecodingRound round;
    private readonly int slotCount;
    private readonly int waitingRequests;
    private readonly Lock gate = new();
    private readonly FairQueue<Sequence> waiting = new();
    private readonly List<(LoadedAdapter Adapter, TaskCompletionSource Done)> retiring = [];
    private readonly ConditionalWeakTable<LoadedAdapter, object> retired = [];
    private readonly TaskCompletionSource idleAfterClosing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim work = new();
    private readonly Thread thread;
    private int answers, scoringCalls;
    private bool closing;
    private volatile bool disposed;

    /// <param name="session">Owned from here on. Its slots are the answers written at once.</param>
    /// <param name="waitingRequests">Answers that may wait for a slot, and calls that may score at once.</param>
    /// <param name="prefixCacheBytes">Memory for prompts read before; 0 for none.</param>
    /// <param name="costs">What decides whether checking tokens proposed from the prompt pays; null for none.</param>
    public DecodingEngine(DecoderSession session, int waitingRequests, long prefixCacheBytes = 0, RunCosts? costs = null)
    {
        this.waitingRequests = waitingRequests;
        Capacity = session.Cache.Capacity;
        slotCount = session.Cache.Slots;
        round = new DecodingRound(session, prefixCacheBytes, costs);
        thread = new Thread(Work) { IsBackground = true, Name = "DomainTuning decoding" };
        thread.Start();
    }

    /// <summary>Tokens that prompt and answer may have together.</summary>
    public int Capacity { get; }

    /// <summary>Answers under way and waiting.</summary>
    public int Places
    {
        get
        {
            lock (gate) return answers;
        }
    }

    /// <summary>For tests: is told of each run before it is made, on the engine's thread. To be set before anything is handed in.</summary>
    public Action<EngineRun>? Watch
    {
        set => round.Watch = value;
    }

    /// <summary>Hands in an answer to be written.</summary>
    /// <exception cref="ContextLengthException">The prompt leaves no room for an answer.</exception>
    /// <exception cref="ChatModelBusyException">As many answers wait as may.</exception>
    /// <exception cref="ChatModelClosingException">The engine is being shut down.</exception>
    public void Submit(Generation generation)
    {
        if (generation.PromptLength == 0) throw new ArgumentException("The prompt has no tokens.", nameof(generation));
        if (generation.PromptLength >= Capacity) throw new ContextLengthException(generation.PromptLength, Capacity);
        lock (gate)
        {
            CheckOpen(generation.Adapter);
            if (answers >= slotCount + waitingRequests) throw new ChatModelBusyException(waitingRequests, slotCount);
            answers++;
            waiting.Enqueue((object?)generation.Adapter ?? Base, generation);
            work.Set();
        }
    }

    /// <summary>Scores texts, one after another between the answers.</summary>
    /// <exception cref="ContextLengthException">A text is too long.</exception>
    /// <exception cref="ChatModelBusyException">As many calls are being scored as may.</exception>
    /// <exception cref="ChatModelClosingException">The engine is being shut down.</exception>
    public async Task<IReadOnlyList<double[]>> ScoreAsync(IReadOnlyList<Scoring> texts)
    {
        foreach (var text in texts)
            if (text.PromptLength >= Capacity) throw new ContextLengthException(text.PromptLength + 1, Capacity);
        lock (gate)
        {
            foreach (var text in texts) CheckOpen(text.Adapter);
            if (scoringCalls > waitingRequests) throw new ChatModelBusyException(waitingRequests, slotCount);
            scoringCalls++;
            foreach (var text in texts) waiting.Enqueue(texts, text);
            work.Set();
        }

        try
        {
            return await Task.WhenAll(texts.Select(text => text.Result)).ConfigureAwait(false);
        }
        finally
        {
            lock (gate) scoringCalls--;
        }
    }

    /// <summary>
    /// Takes an adapter out of use: nothing new may be handed in under it; when the last that was has ended and what was computed under it is dropped, the
    /// task completes and the adapter may be disposed.
    /// </summary>
    public Task RetireAsync(LoadedAdapter adapter)
    {
        lock (gate)
        {
            if (disposed) return Task.CompletedTask;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            retiring.Add((adapter, done));
            retired.AddOrUpdate(adapter, done);
            work.Set();
            return done.Task;
        }
    }

    /// <summary>Takes nothing new, lets what was handed in end for so long, then breaks it off and frees the model.</summary>
    public async Task ShutdownAsync(TimeSpan grace)
    {
        lock (gate)
        {
            if (disposed) return;
            closing = true;
            work.Set();
        }

        try
        {
            await idleAfterClosing.Task.WaitAsync(grace).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // What is still under way learns from Dispose that it is over.
        }

        Dispose();
    }

    /// <summary>Breaks off what is under way and frees the model.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (disposed) return;
            disposed = true;
            work.Set();
        }

        thread.Join();
        round.Dispose();
        work.Dispose();
    }

    private void Work()
    {
        while (!disposed)
        {
            work.Reset();
            DropCancelled();
            FreeEnded();
            Admit();
            Retire();
            if (round.Slots.All(slot => slot is null))
            {
                if (!disposed) work.Wait();
                continue;
            }

            round.Run();
            FreeEnded();
        }

        var gone = new ObjectDisposedException(nameof(DecodingEngine), "The chat model was unloaded while it was answering.");
        lock (gate)
        {
            foreach (var sequence in waiting.RemoveAll(_ => true).Concat(round.Slots.OfType<Sequence>())) sequence.Fail(gone);
            foreach (var (_, done) in retiring) done.TrySetResult();
            idleAfterClosing.TrySetResult();
        }
    }

    private void DropCancelled()
    {
        lock (gate)
        {
            foreach (var sequence in waiting.RemoveAll(sequence => sequence.CancellationToken.IsCancellationRequested))
            {
                Cancel(sequence);
                if (sequence is Generation) answers--;
            }
        }

        foreach (var sequence in round.Slots)
            if (sequence is { CancellationToken.IsCancellationRequested: true }) Cancel(sequence);

        static void Cancel(Sequence sequence) => sequence.Fail(new OperationCanceledException(sequence.CancellationToken));
    }

    private void Admit()
    {
        lock (gate)
        {
            while (round.Slots.Any(slot => slot is null) && waiting.Dequeue(MayEnter) is { } next) round.Admit(next);
            if (closing && waiting.Count == 0 && round.Slots.All(slot => slot is null)) idleAfterClosing.TrySetResult();
        }

        bool MayEnter(Sequence sequence) => sequence is Generation || !round.Slots.Any(slot => slot is Scoring);
    }

    private void Retire()
    {
        lock (gate)
        {
            for (var i = retiring.Count - 1; i >= 0; i--)
            {
                var (adapter, done) = retiring[i];
                if (waiting.Waiters.Concat(round.Slots.OfType<Sequence>()).Any(sequence => sequence.Adapter == adapter)) continue;
                round.Forget(adapter);
                retiring.RemoveAt(i);
                done.TrySetResult();
            }
        }
    }

    private void FreeEnded()
    {
        var ended = round.FreeEnded();
        if (ended.Count == 0) return;
        lock (gate) answers -= ended.Count(sequence => sequence is Generation);
    }

    private void CheckOpen(LoadedAdapter? adapter)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (closing) throw new ChatModelClosingException();
        if (adapter is not null && retired.TryGetValue(adapter, out _))
            throw new InvalidOperationException($"The adapter '{adapter.Name}' was unloaded. Ask for one that is loaded.");
    }
}
