using System.Runtime.CompilerServices;

namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>
/// What each state of a terminal allows of a vocabulary, computed once and kept as long as the terminal's machine lives. The part of a mask
/// that depends on what comes after a terminal is small, and is walked anew (the split is that of XGrammar, arXiv 2411.15100). Thread-safe.
/// </summary>
internal sealed class VocabularyMasks(VocabularyTrie trie)
{
    /// <summary>Masks kept for one machine: some 6 to 20 kilobytes each.</summary>
    private const int MostKept = 256;

    private readonly ConditionalWeakTable<ByteMachine, Dictionary<(int State, int Left), TerminalMask>> kept = [];

    public VocabularyTrie Trie => trie;

    public int Words => (trie.Size + 63) / 64;

    public TerminalMask Of(ByteMachine machine, int state, int left)
    {
        // With more characters left than any token can use up, all numbers are alike.
        var enough = machine.Farthest + trie.Longest;
        var key = (state, Math.Min(left, enough));
        var masks = kept.GetOrCreateValue(machine);
        lock (masks)
            if (masks.TryGetValue(key, out var known)) return known;

        var mask = left < enough && left >= machine.Farthest + VocabularyTrie.LongFrom ? Shortened(Of(machine, state, enough), machine, state, left) : Walked(machine, state, key.Item2);
        lock (masks)
        {
            if (masks.Count >= MostKept) masks.Clear();
            masks[key] = mask;
        }

        return mask;
    }

    private TerminalMask Walked(ByteMachine machine, int state, int left)
    {
        var allowed = new ulong[Words];
        var exits = new List<int>();
        trie.Walk(machine, state, left, 0, allowed, exits);
        return new TerminalMask(allowed, [.. exits]);
    }

    /// <summary>The mask for plenty of characters, without the few long tokens that are too long for those left. (An exit is a token's node or lies on the way to one.)</summary>
    private TerminalMask Shortened(TerminalMask plenty, ByteMachine machine, int state, int left)
    {
        var allowed = (ulong[])plenty.Allowed.Clone();
        foreach (var (node, text) in trie.Long)
        {
            if (text.Length + machine.Farthest <= left) break;
            var (next, room) = (state, left);
            foreach (var value in text)
                if (!machine.Step(ref next, ref room, value))
                {
                    trie.SetTokens(node, allowed, value: false);
                    break;
                }
        }

        return new TerminalMask(allowed, [.. plenty.Exits.Where(exit => trie.Depth(exit) + machine.Farthest <= left || IsWithin(exit))]);

        bool IsWithin(int exit)
        {
            var (next, room) = (state, left);
            foreach (var value in trie.PathTo(exit))
                if (!machine.Step(ref next, ref room, value)) return false;
            return true;
        }
    }
}

/// <param name="Allowed">One bit for each token that lies wholly inside the terminal.</param>
/// <param name="Exits">Nodes of the trie at which the terminal may end, with more of a token behind it or not.</param>
internal sealed record TerminalMask(ulong[] Allowed, int[] Exits);
