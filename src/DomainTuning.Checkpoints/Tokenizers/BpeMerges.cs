namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>Which two neighbouring tokens join, into what, and how early.</summary>
internal abstract class BpeMerges
{
    /// <summary>The token that the two make and its rank (the lowest joins first), or false where they stay apart.</summary>
    public abstract bool TryMerge(int left, int right, out int rank, out int merged);

    /// <summary>Joins the tokens of one piece in place, lowest rank first, leftmost among equals, and returns how many are left. n log n.</summary>
    public int Join(Span<int> ids)
    {
        if (ids.Length < 2) return ids.Length;
        var next = new int[ids.Length];
        var previous = new int[ids.Length];
        var queue = new PriorityQueue<(int At, int Left, int Right, int Merged), long>(ids.Length);
        for (var i = 0; i < ids.Length; i++)
        {
            next[i] = i + 1;
            previous[i] = i - 1;
            if (i + 1 < ids.Length) Offer(ids, i, i + 1);
        }

        while (queue.TryDequeue(out var pair, out _))
        {
            var right = next[pair.At];
            // A pair is stale when one of its two tokens has been joined to another in the meantime.
            if (ids[pair.At] != pair.Left || right >= ids.Length || ids[right] != pair.Right) continue;
            ids[pair.At] = pair.Merged;
            ids[right] = -1;
            next[pair.At] = next[right];
            if (next[right] < ids.Length) previous[next[right]] = pair.At;
            if (previous[pair.At] >= 0) Offer(ids, previous[pair.At], pair.At);
            if (next[pair.At] < ids.Length) Offer(ids, pair.At, next[pair.At]);
        }

        var count = 0;
        for (var i = 0; i < ids.Length; i = next[i]) ids[count++] = ids[i];
        return count;

        void Offer(Span<int> tokens, int left, int right)
        {
            if (TryMerge(tokens[left], tokens[right], out var rank, out var merged))
                queue.Enqueue((left, tokens[left], tokens[right], merged), ((long)rank << 32) | (uint)left);
        }
    }
}

/// <summary>Merges listed one by one, as tokenizer.json and GGUF store them.</summary>
internal sealed class ListedMerges : BpeMerges
{
    private readonly Dictionary<long, (int Rank, int Merged)> _pairs;

    public ListedMerges(IReadOnlyList<string> merges, IReadOnlyDictionary<string, int> ids)
    {
        _pairs = new(merges.Count);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var merge = merges[rank];
            var space = merge.IndexOf(' ', StringComparison.Ordinal);
            if (space <= 0 || space == merge.Length - 1 || merge.IndexOf(' ', space + 1) >= 0)
                throw new InvalidDataException($"Merge {rank} is '{merge}', expected two tokens with one space between. The tokenizer is damaged: fetch it again.");
            var (left, right) = (merge[..space], merge[(space + 1)..]);
            // A merge that touches a control token is left out: plain text may never give one.
            if (!ids.TryGetValue(left, out var l) || !ids.TryGetValue(right, out var r) || !ids.TryGetValue(left + right, out var merged)) continue;
            _pairs.TryAdd(Key(l, r), (rank, merged));
        }
    }

    public override bool TryMerge(int left, int right, out int rank, out int merged)
    {
        var found = _pairs.TryGetValue(Key(left, right), out var pair);
        (rank, merged) = pair;
        return found;
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;
}

/// <summary>Every concatenation that is a token is a merge: vocabularies in tiktoken's form, where the id is the rank, and SentencePiece's, which score their pieces.</summary>
/// <param name="ranks">Rank by id; null: the id itself.</param>
internal sealed class RankedMerges(IReadOnlyList<string> tokens, Dictionary<string, int> ids, int[]? ranks = null) : BpeMerges
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids = ids.GetAlternateLookup<ReadOnlySpan<char>>();

    public override bool TryMerge(int left, int right, out int rank, out int merged)
    {
        var (l, r) = (tokens[left], tokens[right]);
        var length = l.Length + r.Length;
        Span<char> both = length <= 256 ? stackalloc char[256] : new char[length];
        l.CopyTo(both);
        r.CopyTo(both[l.Length..]);
        var found = _ids.TryGetValue(both[..length], out merged);
        rank = ranks is null || !found ? merged : ranks[merged];
        return found;
    }
}
