using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>
/// All texts of a vocabulary as one tree of bytes, stored depth first: a subtree is a stretch of the arrays, and what a machine does not allow
/// is skipped in one jump. Control tokens are not in it. Immutable.
/// </summary>
internal sealed class VocabularyTrie
{
    private readonly byte[] values;
    private readonly int[] ends;
    private readonly int[] depths;
    private readonly int[] tokens;
    private readonly int[] same;

    public VocabularyTrie(ChatTokenizer tokenizer)
    {
        Size = tokenizer.VocabularySize;
        same = new int[Size];
        Array.Fill(same, -1);
        var texts = new byte[Size][];
        for (var id = 0; id < Size; id++) texts[id] = tokenizer.IsControl(id) ? [] : tokenizer.BytesOf(id).ToArray();
        int[] order = [.. Enumerable.Range(0, Size).Where(id => texts[id].Length > 0)];
        Array.Sort(order, (a, b) => texts[a].AsSpan().SequenceCompareTo(texts[b]));

        var nodes = new List<(byte Value, int Depth, int Token)> { (0, 0, -1) };
        var path = new List<int> { 0 };
        var endOf = new List<int> { 0 };
        byte[] previous = [];
        foreach (var id in order)
        {
            var text = texts[id];
            if (text.AsSpan().SequenceEqual(previous))
            {
                (same[id], nodes[^1]) = (nodes[^1].Token, nodes[^1] with { Token = id });
                continue;
            }

            var common = text.AsSpan().CommonPrefixLength(previous);
            Close(common + 1);
            for (var i = common; i < text.Length; i++)
            {
                path.Add(nodes.Count);
                nodes.Add((text[i], i + 1, i == text.Length - 1 ? id : -1));
                endOf.Add(0);
            }

            previous = text;
        }

        Close(0);
        values = [.. nodes.Select(node => node.Value)];
        depths = [.. nodes.Select(node => node.Depth)];
        tokens = [.. nodes.Select(node => node.Token)];
        ends = [.. endOf];
        Longest = depths.Max();
        Long = [.. Enumerable.Range(0, nodes.Count).Where(node => tokens[node] >= 0 && depths[node] > LongFrom).OrderByDescending(node => depths[node]).Select(node => (node, texts[tokens[node]]))];

        void Close(int keep)
        {
            while (path.Count > keep)
            {
                endOf[path[^1]] = nodes.Count;
                path.RemoveAt(path.Count - 1);
            }
        }
    }

    /// <summary>Bytes up to which a token counts as short.</summary>
    public const int LongFrom = 16;

    /// <summary>Ids run from 0 to this, exclusive.</summary>
    public int Size { get; }

    /// <summary>Bytes of the longest token.</summary>
    public int Longest { get; }

    /// <summary>Tokens of more than <see cref="LongFrom"/> bytes with their nodes, longest first.</summary>
    public IReadOnlyList<(int Node, byte[] Text)> Long { get; }

    public int Depth(int node) => depths[node];

    /// <summary>The bytes from the root to a node.</summary>
    public byte[] PathTo(int node)
    {
        var path = new byte[depths[node]];
        for (var at = node; at > 0; at--)
            if (depths[at] == path.Length || (depths[at] < path.Length && ends[at] > node)) path[depths[at] - 1] = values[at];
        return path;
    }

    /// <summary>Follows a machine through all tokens that go on from a node.</summary>
    /// <param name="allowed">Gets a bit for each token that the machine allows.</param>
    /// <param name="exits">Gets the nodes at which the terminal may end.</param>
    public void Walk(ByteMachine machine, int state, int left, int node, Span<ulong> allowed, List<int> exits)
    {
        var from = depths[node];
        Span<int> states = Longest < 256 ? stackalloc int[257] : new int[Longest + 1];
        Span<int> lefts = Longest < 256 ? stackalloc int[257] : new int[Longest + 1];
        (states[0], lefts[0]) = (state, left);
        for (var i = node + 1; i < ends[node];)
        {
            var above = depths[i] - from - 1;
            var (next, room) = (states[above], lefts[above]);
            if (!machine.Step(ref next, ref room, values[i]))
            {
                i = ends[i];
                continue;
            }

            (states[above + 1], lefts[above + 1]) = (next, room);
            SetTokens(i, allowed);
            if (machine.IsAccepting(next)) exits.Add(i);
            i++;
        }
    }

    /// <summary>Sets or clears the bits of the tokens that end at a node.</summary>
    public void SetTokens(int node, Span<ulong> allowed, bool value = true)
    {
        for (var token = tokens[node]; token >= 0; token = same[token])
            if (value) allowed[token >> 6] |= 1ul << token;
            else allowed[token >> 6] &= ~(1ul << token);
    }
}
