namespace DomainTuning.Onnx.Decoding;

/// <summary>Several lines of waiters, served in turn: one from each, first come first served within a line. So a long line delays nobody in another. Not thread-safe.</summary>
internal sealed class FairQueue<T> where T : class
{
    private readonly List<(object Key, LinkedList<T> Waiters)> lines = []; // the next to be served first

    public int Count => lines.Sum(line => line.Waiters.Count);

    public IEnumerable<T> Waiters => lines.SelectMany(line => line.Waiters);

    /// <param name="key">The line, told apart by reference.</param>
    public void Enqueue(object key, T waiter)
    {
        foreach (var (other, waiters) in lines)
        {
            if (!ReferenceEquals(other, key)) continue;
            waiters.AddLast(waiter);
            return;
        }

        lines.Add((key, new LinkedList<T>([waiter])));
    }

    /// <summary>The next waiter that may go, or null. Lines whose first may not are passed over and keep their turn.</summary>
    public T? Dequeue(Func<T, bool> may)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i];
            if (!may(line.Waiters.First!.Value)) continue;
            var waiter = line.Waiters.First.Value;
            line.Waiters.RemoveFirst();
            lines.RemoveAt(i);
            if (line.Waiters.Count > 0) lines.Add(line);
            return waiter;
        }

        return null;
    }

    /// <summary>Takes out all that match, and gives them.</summary>
    public IReadOnlyList<T> RemoveAll(Func<T, bool> matches)
    {
        var removed = Waiters.Where(matches).ToList();
        foreach (var waiter in removed)
            foreach (var (_, waiters) in lines)
                if (waiters.Remove(waiter)) break;
        lines.RemoveAll(line => line.Waiters.Count == 0);
        return removed;
    }
}
