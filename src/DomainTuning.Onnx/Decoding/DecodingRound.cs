using System.Diagnostics;
using DomainTuning.Onnx.Adapters;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Decoding;

/// <summary>A run that was made, for whoever watches the engine.</summary>
/// <param name="Sequences">Whose tokens it ran.</param>
/// <param name="Steps">Tokens of each.</param>
/// <param name="IsReading">It read a prompt or a text, rather than writing.</param>
internal sealed record EngineRun(IReadOnlyList<Sequence> Sequences, int Steps, bool IsReading);

/// <summary>
/// What happens between one token and the next, over the slots: every answer under way gets a token, or several when a draft comes true, and one prompt
/// is read by one chunk. The graph takes one adapter a run, so answers under different adapters are written by different runs: gathering each row's
/// own A and B would multiply the adapter's cost by the rows, while what a run of its own costs is known and bounded. Not thread-safe.
/// </summary>
internal sealed class DecodingRound : IDisposable
{
    /// <summary>Tokens read at once when nobody else is here: large enough for full speed.</summary>
    public const int Chunk = 512;

    /// <summary>Tokens read at once beside others: some ten single steps on a small model.</summary>
    public const int ChunkBesideOthers = 128;

    private const int MostLogits = 128; // rows a run when a text is scored: 25 MB with a vocabulary of 49,152

    private readonly DecoderSession session;
    private readonly PrefixCache? prefixes;
    private readonly RunCosts? costs;
    private readonly Sequence?[] slots;
    private int nextToRead;

    /// <param name="session">Owned from here on.</param>
    /// <param name="prefixCacheBytes">0 keeps no prefixes.</param>
    /// <param name="costs">What decides whether drafts pay; null for no drafts.</param>
    public DecodingRound(DecoderSession session, long prefixCacheBytes, RunCosts? costs)
    {
        this.session = session;
        this.costs = costs;
        slots = new Sequence?[session.Cache.Slots];
        if (prefixCacheBytes > 0) prefixes = new PrefixCache(session.Cache, prefixCacheBytes);
    }

    public IReadOnlyList<Sequence?> Slots => slots;

    public Action<EngineRun>? Watch { get; set; }

    private int Capacity => session.Cache.Capacity;

    /// <summary>Gives a sequence a slot; one must be free.</summary>
    public void Admit(Sequence sequence)
    {
        sequence.Slot = SlotOrder.Place(Groups(), GroupOf(sequence));
        slots[sequence.Slot] = sequence;
    }

    public void Run()
    {
        var writing = slots.OfType<Generation>().Where(answer => !answer.IsReading).ToList();
        if (Drafts(writing) is { } drafts)
        {
            foreach (var (answer, draft) in drafts) Guard([answer], () => Check(answer, draft));
        }
        else if (writing.Count > 0)
        {
            LieTogether();
            foreach (var group in writing.GroupBy(answer => answer.Adapter)) Guard([.. group], () => WriteOneToken([.. group.OrderBy(answer => answer.Slot)]));
        }

        ReadOneChunk();
    }

    /// <summary>Frees the slots of all that has ended, and keeps what they hold for the next who begin alike.</summary>
    public IReadOnlyList<Sequence> FreeEnded()
    {
        var ended = slots.Where(sequence => sequence is { HasEnded: true }).ToList();
        foreach (var sequence in ended)
        {
            if (sequence is Generation) prefixes?.Store(sequence.Adapter, sequence.Tokens[..sequence.Cached], sequence.Slot);
            slots[sequence!.Slot] = null;
        }

        return ended!;
    }

    /// <summary>Drops what was computed under an adapter.</summary>
    public void Forget(LoadedAdapter adapter) => prefixes?.Forget(adapter);

    public void Dispose()
    {
        prefixes?.Dispose();
        session.Dispose();
    }

    /// <summary>
    /// A draft for each answer (some empty), each to be checked by a run of its own, since a run of several rows takes one token each; or null where a
    /// plain step is better for any of them. So nobody's answer is slowed by another's draft.
    /// </summary>
    private List<(Generation Answer, int[] Draft)>? Drafts(List<Generation> writing)
    {
        if (costs is null || writing.Count == 0) return null;
        var lengths = new int[writing.Count];
        var (drafted, plain) = (0.0, writing.GroupBy(answer => answer.Adapter).Sum(group => costs.OfRows(group.Count())));
        for (var i = 0; i < lengths.Length; i++)
        {
            var answer = writing[i];
            answer.Drafter.Look(answer.Tokens);
            lengths[i] = answer.Drafter.BestLength(costs, answer.Tokens.Length, Math.Min(answer.Remaining, Capacity - answer.Cached) - 1);
            drafted += costs.OfSteps(lengths[i] + 1);
        }

        if (Array.TrueForAll(lengths, length => length == 0)) return null;
        for (var i = 0; i < lengths.Length; i++)
            if (writing[i].Drafter.Yield(lengths[i]) / drafted < 1 / plain) return null;
        return [.. writing.Zip(lengths, (answer, length) => (answer, length == 0 ? [] : answer.Drafter.Draft(answer.Tokens, length)))];
    }

    /// <summary>
    /// Runs the last token and a draft behind it. The sampler draws from the logits after each as it would without a draft; the draft has come true as
    /// far as the draws agree with it. So the answer is the very one that plain decoding with the same random numbers writes, and drawing until
    /// the first disagreement is the rejection rule of arXiv 2302.01318 for a draft that is certain of itself: a token x is accepted with p(x), and else the
    /// draw is from p without x. What the slot holds of the rest is overwritten by the next run.
    /// </summary>
    private void Check(Generation answer, int[] draft)
    {
        var start = Stopwatch.GetTimestamp();
        var first = answer.Cached;
        Watch?.Invoke(new EngineRun([answer], draft.Length + 1, IsReading: false));
        var logits = session.Run(answer.Slot, [answer.Pending, .. draft], [first + draft.Length + 1], [.. Enumerable.Range(0, draft.Length + 1)], answer.Adapter);
        for (var i = 0; i <= draft.Length; i++)
        {
            answer.Cached++;
            answer.Take(first + i, Row(logits, i), Capacity);
            var agrees = i < draft.Length && answer.Pending == draft[i];
            if (agrees && !answer.HasEnded) continue;
            if (draft.Length == 0) answer.Drafter.Saw(answer.Pending);
            else answer.Drafter.Checked(draft.Length, agrees ? i + 1 : i, refuted: !agrees && i < draft.Length);
            break;
        }

        costs?.Record(1, draft.Length + 1, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>One token for each answer of a group. Neighbours that are still being read are run along: what that writes is overwritten by their next chunk.</summary>
    private void WriteOneToken(List<Generation> group)
    {
        var start = Stopwatch.GetTimestamp();
        var first = group[0].Slot;
        var count = group[^1].Slot - first + 1;
        Span<int> tokens = stackalloc int[count], totals = stackalloc int[count];
        for (var row = 0; row < count; row++) totals[row] = slots[first + row]!.Cached + 1;
        foreach (var answer in group) tokens[answer.Slot - first] = answer.Pending;

        Watch?.Invoke(new EngineRun(group, 1, IsReading: false));
        var logits = session.Run(first, tokens, totals, [.. group.Select(answer => answer.Slot - first)], group[0].Adapter);
        for (var i = 0; i < group.Count; i++)
        {
            var answer = group[i];
            answer.Take(answer.Cached++, Row(logits, i), Capacity);
            answer.Drafter.Saw(answer.Pending);
        }

        costs?.Record(count, 1, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Reads the next chunk of one sequence, each in its turn.</summary>
    private void ReadOneChunk()
    {
        for (var i = 0; i < slots.Length; i++)
        {
            var slot = (nextToRead + i) % slots.Length;
            if (slots[slot] is not { IsReading: true, HasEnded: false } sequence) continue;
            nextToRead = slot + 1;
            Guard([sequence], () => Read(sequence));
            return;
        }
    }

    private void Read(Sequence sequence)
    {
        if (prefixes is not null)
        {
            var known = prefixes.Load(sequence.Adapter, sequence.Tokens[..sequence.FirstWanted], sequence.Slot, sequence.Cached);
            sequence.Reused += known - sequence.Cached;
            sequence.Cached = known;
        }

        var first = sequence.Cached;
        var alone = Array.TrueForAll(slots, other => other is null || other == sequence);
        var length = Math.Min(sequence.PromptLength - first, alone ? Chunk : ChunkBesideOthers);
        length = Math.Min(length, Math.Max(sequence.FirstWanted - first, 0) + MostLogits);
        var skipped = Math.Clamp(sequence.FirstWanted - first, 0, length - 1); // where nothing is wanted, one pick is still needed
        Watch?.Invoke(new EngineRun([sequence], length, IsReading: true));
        var logits = session.Run(sequence.Slot, sequence.Tokens.Slice(first, length), [first + length], [.. Enumerable.Range(skipped, length - skipped)], sequence.Adapter);
        sequence.Cached += length;
        prefixes?.Store(sequence.Adapter, sequence.Tokens[..Math.Min(sequence.Cached, sequence.FirstWanted)], sequence.Slot);
        for (var step = skipped; step < length; step++)
            if (first + step >= sequence.FirstWanted) sequence.Take(first + step, Row(logits, step - skipped), Capacity);
    }

    private void LieTogether()
    {
        foreach (var (a, b) in SlotOrder.Exchanges(Groups()))
        {
            if (slots[a] is { } x && slots[b] is { } y) session.Cache.Swap(a, b, Math.Max(x.Cached, y.Cached));
            else if (slots[a] is { } only) session.Cache.Move(a, b, only.Cached);
            else session.Cache.Move(b, a, slots[b]!.Cached);
            (slots[a], slots[b]) = (slots[b], slots[a]);
            if (slots[a] is { } here) here.Slot = a;
            if (slots[b] is { } there) there.Slot = b;
        }
    }

    private ReadOnlySpan<float> Row(ReadOnlySpan<float> logits, int row) => logits.Slice(row * session.Shape.Vocabulary, session.Shape.Vocabulary);

    private object?[] Groups() => [.. slots.Select(sequence => sequence is null ? null : GroupOf(sequence))];

    /// <summary>Answers under one adapter are written together; a text that is scored never is.</summary>
    private object GroupOf(Sequence sequence) => sequence is Scoring ? sequence : (object?)sequence.Adapter ?? this;

    /// <summary>Whatever a run throws ends the sequences it was for, never the engine.</summary>
    private static void Guard(IReadOnlyList<Sequence> sequences, Action run)
    {
        try
        {
            run();
        }
        catch (Exception error)
        {
            foreach (var sequence in sequences) sequence.Fail(error);
        }
    }
}
