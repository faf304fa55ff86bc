namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>
/// A deterministic automaton over bytes: one terminal of a grammar (a literal, a number, a string). Every state can still reach the end, so
/// whoever follows it never runs into a wall. Strings also count their characters: see <see cref="Step"/>. Immutable.
/// </summary>
internal sealed class ByteMachine
{
    private const int Dead = -1;
    private readonly byte[] classes = new byte[256];
    private readonly int classCount;
    private readonly int[] table; // [state, class of byte]
    private readonly bool[] accepting;
    private readonly bool[] counts;
    private readonly int[] toEnd;

    /// <param name="rows">Next state by state and byte, -1 for none; the first state is the start.</param>
    /// <param name="accepting">States in which the terminal may end.</param>
    /// <param name="counts">States between two characters of a string: the next byte begins a character, unless it is the closing quote.</param>
    public ByteMachine(IReadOnlyList<int[]> rows, IReadOnlyList<bool> accepting, IReadOnlyList<bool> counts)
    {
        this.accepting = [.. accepting];
        this.counts = [.. counts];
        toEnd = Distances(rows);
        var columns = new Dictionary<string, byte>(StringComparer.Ordinal);
        var firsts = new List<int>();
        var column = new char[rows.Count * 2];
        for (var value = 0; value < 256; value++)
        {
            for (var state = 0; state < rows.Count; state++)
                (column[2 * state], column[2 * state + 1]) = ((char)(rows[state][value] & 0xFFFF), (char)(rows[state][value] >> 16));
            var key = new string(column);
            if (!columns.TryGetValue(key, out classes[value]))
            {
                columns[key] = classes[value] = (byte)firsts.Count;
                firsts.Add(value);
            }
        }

        classCount = firsts.Count;
        table = new int[rows.Count * classCount];
        for (var state = 0; state < rows.Count; state++)
            for (var i = 0; i < classCount; i++)
                table[state * classCount + i] = rows[state][firsts[i]] is >= 0 and var next && toEnd[next] < int.MaxValue ? next : Dead;
        Farthest = toEnd.Where(distance => distance < int.MaxValue).DefaultIfEmpty(0).Max();
    }

    public int States => accepting.Length;

    /// <summary>No text at all gets to the end.</summary>
    public bool IsEmpty => toEnd[0] == int.MaxValue;

    /// <summary>Characters that the shortest text has.</summary>
    public int Shortest => toEnd[0];

    /// <summary>The most characters that the shortest way to the end has, from any state.</summary>
    public int Farthest { get; }

    public bool IsAccepting(int state) => accepting[state];

    public bool Counts(int state) => counts[state];

    /// <summary>The state after a byte, or -1.</summary>
    public int Next(int state, byte value) => table[state * classCount + classes[value]];

    /// <summary>Goes one byte on; false, and nothing is changed, where that is not allowed or the end could not be reached any more with the characters left.</summary>
    /// <param name="state">Where the machine stands; 0 at the start.</param>
    /// <param name="left">Characters that the string may still have.</param>
    public bool Step(ref int state, ref int left, byte value)
    {
        var next = table[state * classCount + classes[value]];
        if (next < 0) return false;
        var remaining = counts[state] && value != (byte)'"' ? left - 1 : left;
        if (toEnd[next] > remaining) return false;
        (state, left) = (next, remaining);
        return true;
    }

    /// <summary>Characters on the shortest way from each state to the end.</summary>
    private int[] Distances(IReadOnlyList<int[]> rows)
    {
        var before = new List<(int State, int Cost)>[rows.Count];
        for (var state = 0; state < rows.Count; state++) before[state] = [];
        for (var state = 0; state < rows.Count; state++)
        {
            var previous = (Target: -1, Cost: -1);
            for (var value = 0; value < 256; value++)
            {
                var edge = (Target: rows[state][value], Cost: counts[state] && value != '"' ? 1 : 0);
                if (edge.Target < 0 || edge == previous) continue;
                before[edge.Target].Add((state, edge.Cost));
                previous = edge;
            }
        }

        var distances = new int[rows.Count];
        Array.Fill(distances, int.MaxValue);
        var queue = new PriorityQueue<int, int>();
        for (var state = 0; state < rows.Count; state++)
            if (accepting[state])
            {
                distances[state] = 0;
                queue.Enqueue(state, 0);
            }

        while (queue.TryDequeue(out var state, out var distance))
        {
            if (distance > distances[state]) continue;
            foreach (var (earlier, cost) in before[state])
                if (distance + cost < distances[earlier])
                {
                    distances[earlier] = distance + cost;
                    queue.Enqueue(earlier, distance + cost);
                }
        }

        return distances;
    }
}
