using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Decoding;

/// <summary>
/// Writes several answers at once with one model. One thread runs all steps: in each round every answer under way gets one token, all in one batch,
/// and one waiting prompt is read by one chunk, so a long prompt delays the others by no more than that chunk. Thread-safe.
/// </summary>
internal sealed class DecodingEngine : IDisposable
{
    /// <summary>Prompt tokens a round when nobody waits for a token: large enough for full speed.</summary>
    public const int Chunk = 512;

    /// <summary>Prompt tokens a round beside others: some ten single steps on a small model.</summary>
    public const int ChunkBesideOthers = 128;

    private readonly DecoderSession session;
    private readonly Generation?[] slots;
    private readonly Lock gate = new();
    private readonly List<Generation> waiting = [];
    private readonly SemaphoreSlim places;
    private readonly ManualResetEventSlim work = new();
    private readonly Thread thread;
    private int nextPrefill;
    private volatile bool disposed;

    /// <param name="session">Owned from here on. Its slots are the answers written at once.</param>
    /// <param name="waitingRequests">Answers that may wait for a slot.</param>
    public DecodingEngine(DecoderSession session, int waitingRequests)
    {
        this.session = session;
        slots = new Generation?[session.Cache.Slots];
        places = new SemaphoreSlim(slots.Length + waitingRequests);
        thread = new Thread(Work) { IsBackground = true, Name = "DomainTuning decoding" };
        thread.Start();
    }

    /// <summary>Tokens that prompt and answer may have together.</summary>
    public int Capacity => session.Cache.Capacity;

    /// <summary>Answers that have a place, waiting ones included.</summary>
    public int Places
    {
        get
        {
            lock (gate) return waiting.Count + slots.Count(slot => slot is not null);
        }
    }

    /// <summary>Hands in an answer to be written; waits while all places are taken.</summary>
    /// <exception cref="ContextLengthException">The prompt leaves no room for an answer.</exception>
    public async Task SubmitAsync(Generation generation)
    {
        if (generation.Prompt.Count == 0) throw new ArgumentException("The prompt has no tokens.", nameof(generation));
        if (generation.Prompt.Count >= Capacity) throw new ContextLengthException(generation.Prompt.Count, Capacity);
        ObjectDisposedException.ThrowIf(disposed, this);
        await places.WaitAsync(generation.CancellationToken).ConfigureAwait(false);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            waiting.Add(generation);
            work.Set();
        }
    }

    /// <summary>Breaks off what is under way and frees the model.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (disposed) return;
            disposed = true;
        }

        work.Set();
        thread.Join();
        places.Release(1 << 20); // whoever still waits to be let in learns that the engine is gone
        session.Dispose();
        work.Dispose();
    }

    private void Work()
    {
        while (!disposed)
        {
            work.Reset();
            DropCancelled();
            Admit();
            if (Array.TrueForAll(slots, slot => slot is null))
            {
                if (!disposed) work.Wait();
                continue;
            }

            try
            {
                DecodeOneToken();
                PrefillOneChunk();
            }
            catch (Exception error) // whatever a run throws ends the answers it was for, never the engine
            {
                foreach (var generation in slots) generation?.Finish(GenerationEnd.Broken, error);
            }

            FreeFinished();
        }

        var gone = new ObjectDisposedException(nameof(DecodingEngine), "The chat model was unloaded while it was answering.");
        lock (gate)
        {
            foreach (var generation in waiting) generation.Finish(GenerationEnd.Broken, gone);
            waiting.Clear();
        }

        foreach (var generation in slots) generation?.Finish(GenerationEnd.Broken, gone);
    }

    private void DropCancelled()
    {
        lock (gate)
        {
            foreach (var generation in waiting.Where(generation => generation.CancellationToken.IsCancellationRequested)) Cancel(generation);
            if (waiting.RemoveAll(generation => generation.End is not null) is > 0 and var dropped) places.Release(dropped);
        }

        foreach (var generation in slots)
            if (generation is { CancellationToken.IsCancellationRequested: true }) Cancel(generation);
        FreeFinished();

        static void Cancel(Generation generation) => generation.Finish(GenerationEnd.Broken, new OperationCanceledException(generation.CancellationToken));
    }

    private void Admit()
    {
        lock (gate)
        {
            for (var slot = 0; slot < slots.Length && waiting.Count > 0; slot++)
            {
                if (slots[slot] is not null) continue;
                slots[slot] = waiting[0];
                waiting[0].Slot = slot;
                waiting.RemoveAt(0);
            }
        }
    }

    /// <summary>One token for every answer whose prompt is read. Rows between them that have none of their own are run along: what they write is overwritten by their next chunk.</summary>
    private void DecodeOneToken()
    {
        var first = Array.FindIndex(slots, slot => slot is { IsPrefilling: false });
        if (first < 0) return;
        var count = Array.FindLastIndex(slots, slot => slot is { IsPrefilling: false }) - first + 1;
        Span<int> tokens = stackalloc int[count], totals = stackalloc int[count];
        var wanted = new List<int>(count);
        for (var row = 0; row < count; row++)
        {
            var generation = slots[first + row];
            totals[row] = (generation?.Cached ?? 0) + 1;
            if (generation is not { IsPrefilling: false }) continue;
            tokens[row] = generation.Pending;
            wanted.Add(row);
        }

        var logits = session.Run(first, tokens, totals, wanted.ToArray());
        for (var i = 0; i < wanted.Count; i++)
        {
            var generation = slots[first + wanted[i]]!;
            generation.Cached++;
            generation.Accept(logits.Slice(i * session.Shape.Vocabulary, session.Shape.Vocabulary), Capacity);
        }
    }

    private void PrefillOneChunk()
    {
        for (var i = 0; i < slots.Length; i++)
        {
            var slot = (nextPrefill + i) % slots.Length;
            if (slots[slot] is not { IsPrefilling: true, End: null } generation) continue;
            nextPrefill = slot + 1;
            var alone = Array.TrueForAll(slots, other => other is null || other == generation);
            var length = Math.Min(generation.Prompt.Count - generation.Cached, alone ? Chunk : ChunkBesideOthers);
            int[] tokens = [.. generation.Prompt.Skip(generation.Cached).Take(length)];
            var logits = session.Run(slot, tokens, [generation.Cached + length], [length - 1]);
            generation.Cached += length;
            if (!generation.IsPrefilling) generation.Accept(logits, Capacity);
            return;
        }
    }

    private void FreeFinished()
    {
        for (var slot = 0; slot < slots.Length; slot++)
        {
            if (slots[slot] is not { End: not null }) continue;
            slots[slot] = null;
            places.Release();
        }
    }
}
