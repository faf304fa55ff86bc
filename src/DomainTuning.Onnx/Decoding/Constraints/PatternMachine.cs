namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>
/// A pattern as an automaton over the bytes of a JSON string's content. Every character has exactly one spelling (its UTF-8 bytes, or the
/// shortest escape where JSON demands one), so patterns and lengths hold for the text, not for how it is written.
/// </summary>
internal sealed class PatternMachine
{
    private readonly List<List<int>> freely = [];
    private readonly List<List<(int Low, int High, int Next)>> byBytes = [];
    private readonly List<bool> between = [];

    /// <summary>Any text.</summary>
    public static ByteMachine Anything { get; } = Build(new Pattern.Repeated(new Pattern.OneOf(CharacterSet.Text), 0, null));

    /// <exception cref="MachineTooLargeException">It needs too many states.</exception>
    public static ByteMachine Build(Pattern pattern)
    {
        var machine = new PatternMachine();
        var start = machine.Add();
        var end = machine.Add();
        machine.Connect(pattern, start, end);
        return machine.Determine(start, end);
    }

    private int Add(bool isBetween = true)
    {
        if (between.Count == 40 * MachineDraft.MostStates) throw new MachineTooLargeException();
        freely.Add([]);
        byBytes.Add([]);
        between.Add(isBetween);
        return between.Count - 1;
    }

    private void Connect(Pattern pattern, int from, int to)
    {
        switch (pattern)
        {
            case Pattern.OneOf { Characters: var set }:
                foreach (var (first, last) in set.Ranges) ConnectCharacters(first, last, from, to);
                break;
            case Pattern.InTurn { Parts: var parts }:
                foreach (var part in parts)
                {
                    var next = Add();
                    Connect(part, from, next);
                    from = next;
                }

                freely[from].Add(to);
                break;
            case Pattern.Either { Alternatives: var alternatives }:
                foreach (var alternative in alternatives) Connect(alternative, from, to);
                break;
            case Pattern.Repeated { Part: var part, Least: var least, Most: var most }:
                for (var i = 0; i < (most ?? least); i++)
                {
                    if (i >= least) freely[from].Add(to);
                    var next = Add();
                    Connect(part, from, next);
                    from = next;
                }

                if (most is null)
                {
                    var loop = Add();
                    freely[from].Add(loop);
                    Connect(part, loop, loop);
                    from = loop;
                }

                freely[from].Add(to);
                break;
        }
    }

    private void ConnectCharacters(int first, int last, int from, int to)
    {
        const string Short = "\"\\\b\f\n\r\t", Letters = "\"\\bfnrt";
        for (; first <= last && first < ' '; first++)
            if (Short.Contains((char)first, StringComparison.Ordinal)) Escape(Letters[Short.IndexOf((char)first, StringComparison.Ordinal)].ToString());
            else Escape($"u{first:x4}");
        foreach (var quoted in "\"\\")
            if (first <= quoted && quoted <= last)
            {
                Escape(quoted.ToString());
                ConnectBytes(first, quoted - 1, from, to);
                first = quoted + 1;
            }
        ConnectBytes(first, last, from, to);

        void Escape(string letters)
        {
            var at = Add(isBetween: false);
            byBytes[from].Add(('\\', '\\', at));
            for (var i = 0; i < letters.Length; i++)
            {
                var next = i == letters.Length - 1 ? to : Add(isBetween: false);
                byBytes[at].Add((letters[i], letters[i], next));
                at = next;
            }
        }
    }

    /// <summary>A range of characters as ranges of UTF-8 bytes, split where a prefix changes (as in Russ Cox, "Regular Expression Matching in the Wild").</summary>
    private void ConnectBytes(int first, int last, int from, int to)
    {
        if (first > last) return;
        foreach (var limit in new[] { 0x7F, 0x7FF, 0xFFFF })
            if (first <= limit && limit < last)
            {
                ConnectBytes(first, limit, from, to);
                ConnectBytes(limit + 1, last, from, to);
                return;
            }

        Span<byte> low = stackalloc byte[4], high = stackalloc byte[4];
        var length = new System.Text.Rune(first).EncodeToUtf8(low);
        for (var i = 1; i < length; i++)
        {
            var tail = (1 << (6 * i)) - 1;
            if ((first & ~tail) == (last & ~tail)) continue;
            var split = (first & tail) != 0 ? first | tail : (last & tail) != tail ? (last & ~tail) - 1 : -1;
            if (split < 0) continue;
            ConnectBytes(first, split, from, to);
            ConnectBytes(split + 1, last, from, to);
            return;
        }

        new System.Text.Rune(last).EncodeToUtf8(high);
        for (var i = 0; i < length; i++)
        {
            var next = i == length - 1 ? to : Add(isBetween: false);
            byBytes[from].Add((low[i], high[i], next));
            from = next;
        }
    }

    private ByteMachine Determine(int start, int end)
    {
        var draft = new MachineDraft();
        var states = new Dictionary<string, int>(StringComparer.Ordinal);
        var queue = new Queue<(int State, List<int> Members)>();
        Visit([start]);
        while (queue.TryDequeue(out var at))
        {
            var edges = at.Members.SelectMany(member => byBytes[member]).ToList();
            int[] cuts = [.. edges.SelectMany(edge => new[] { edge.Low, edge.High + 1 }).Distinct().Order()];
            for (var i = 0; i + 1 < cuts.Length; i++)
            {
                List<int> targets = [.. edges.Where(edge => edge.Low <= cuts[i] && cuts[i] <= edge.High).Select(edge => edge.Next).Distinct()];
                if (targets.Count == 0) continue;
                var next = Visit(targets);
                for (var value = cuts[i]; value < cuts[i + 1]; value++) draft[at.State, value] = next;
            }
        }

        return draft.Build();

        int Visit(List<int> seeds)
        {
            var members = Closure(seeds);
            var key = string.Join(',', members);
            if (states.TryGetValue(key, out var known)) return known;
            var state = states[key] = draft.Add(members.Contains(end), members.Exists(member => between[member]));
            queue.Enqueue((state, members));
            return state;
        }
    }

    private List<int> Closure(List<int> seeds)
    {
        var seen = new HashSet<int>(seeds);
        var open = new Stack<int>(seeds);
        while (open.TryPop(out var state))
            foreach (var next in freely[state])
                if (seen.Add(next)) open.Push(next);

        // Only what has bytes to offer, or is the end, tells states apart.
        return [.. seen.Where(state => byBytes[state].Count > 0 || state == 1).Order()];
    }
}
