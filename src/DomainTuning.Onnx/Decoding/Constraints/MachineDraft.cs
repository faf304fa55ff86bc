using System.Text;

namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>A <see cref="ByteMachine"/> being put together, state by state, and the ways to make one out of others.</summary>
internal sealed class MachineDraft
{
    /// <summary>More states than any sensible pattern needs; a megabyte or two each thousand while it is built.</summary>
    public const int MostStates = 10_000;

    private readonly List<int[]> rows = [];
    private readonly List<bool> accepting = [];
    private readonly List<bool> counts = [];

    public int Add(bool isAccepting = false, bool isCounting = false)
    {
        if (rows.Count == MostStates) throw new MachineTooLargeException();
        var row = new int[256];
        Array.Fill(row, -1);
        rows.Add(row);
        accepting.Add(isAccepting);
        counts.Add(isCounting);
        return rows.Count - 1;
    }

    public int this[int state, int letter]
    {
        get => rows[state][letter];
        set => rows[state][letter] = value;
    }

    public ByteMachine Build() => new(rows, accepting, counts);

    /// <summary>Exactly one of these texts.</summary>
    public static ByteMachine Literals(IEnumerable<string> texts)
    {
        var draft = new MachineDraft();
        draft.Add();
        foreach (var text in texts) draft.accepting[draft.Follow(0, text)] = true;
        return draft.Build();
    }

    /// <summary>A text, then at most one space.</summary>
    public static ByteMachine Punctuation(string text)
    {
        var draft = new MachineDraft();
        var end = draft.Follow(draft.Add(), text);
        draft.accepting[end] = true;
        draft[end, ' '] = draft.Add(isAccepting: true);
        return draft.Build();
    }

    /// <summary>The content of a string between its quotes, with a text before the opening and after the closing one; a space may come before the opening one or at the end.</summary>
    public static ByteMachine Quoted(ByteMachine content, string before = "", bool spaceBefore = false, string after = "", bool spaceAfter = false)
    {
        var draft = new MachineDraft();
        var begin = draft.Follow(draft.Add(), before);
        var offset = draft.rows.Count;
        for (var state = 0; state < content.States; state++) draft.Add(isCounting: content.Counts(state));
        var closed = draft.Add();
        var end = draft.Follow(closed, after);
        draft.accepting[end] = true;
        if (spaceAfter) draft[end, ' '] = draft.Add(isAccepting: true);
        draft[begin, '"'] = offset;
        if (spaceBefore)
        {
            var spaced = draft.Add();
            draft[begin, ' '] = spaced;
            draft[spaced, '"'] = offset;
        }

        for (var state = 0; state < content.States; state++)
        {
            for (var value = 0; value < 256; value++)
                if (content.Next(state, (byte)value) is >= 0 and var next) draft[offset + state, value] = offset + next;
            if (content.IsAccepting(state)) draft[offset + state, '"'] = closed;
        }

        return draft.Build();
    }

    /// <summary>Content that both allow.</summary>
    public static ByteMachine Both(ByteMachine one, ByteMachine other) => Product(one, other, keepWhereOtherFails: false);

    /// <summary>Content that one allows and the other does not.</summary>
    public static ByteMachine Except(ByteMachine one, ByteMachine other) => Product(one, other, keepWhereOtherFails: true);

    /// <summary>Content of at least so many characters.</summary>
    public static ByteMachine AtLeast(ByteMachine content, int characters)
    {
        var draft = new MachineDraft();
        var states = new Dictionary<(int, int), int>();
        var queue = new Queue<(int State, int Count)>();
        Visit((0, 0));
        while (queue.TryDequeue(out var at))
            for (var value = 0; value < 256; value++)
                if (content.Next(at.State, (byte)value) is >= 0 and var next)
                    draft[states[at], value] = Visit((next, content.Counts(at.State) ? Math.Min(at.Count + 1, characters) : at.Count));
        return draft.Build();

        int Visit((int State, int Count) at)
        {
            if (states.TryGetValue(at, out var known)) return known;
            queue.Enqueue(at);
            return states[at] = draft.Add(content.IsAccepting(at.State) && at.Count == characters, content.Counts(at.State));
        }
    }

    private static ByteMachine Product(ByteMachine one, ByteMachine other, bool keepWhereOtherFails)
    {
        var draft = new MachineDraft();
        var states = new Dictionary<(int, int), int>();
        var queue = new Queue<(int One, int Other)>();
        Visit((0, 0));
        while (queue.TryDequeue(out var at))
            for (var value = 0; value < 256; value++)
            {
                if (one.Next(at.One, (byte)value) is not (>= 0 and var next)) continue;
                var beside = at.Other < 0 ? -1 : other.Next(at.Other, (byte)value);
                if (beside >= 0 || keepWhereOtherFails) draft[states[at], value] = Visit((next, beside));
            }
        return draft.Build();

        int Visit((int One, int Other) at)
        {
            if (states.TryGetValue(at, out var known)) return known;
            queue.Enqueue(at);
            var otherAccepts = at.Other >= 0 && other.IsAccepting(at.Other);
            return states[at] = draft.Add(one.IsAccepting(at.One) && otherAccepts != keepWhereOtherFails, one.Counts(at.One));
        }
    }

    /// <summary>The state at the end of a text, which is added where it is not there yet.</summary>
    private int Follow(int state, string text)
    {
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            if (this[state, value] < 0)
            {
                var next = Add();
                this[state, value] = next;
            }

            state = this[state, value];
        }

        return state;
    }
}

/// <summary>A pattern has more states than can be followed quickly.</summary>
internal sealed class MachineTooLargeException() : Exception($"it needs more than {MachineDraft.MostStates} states");
