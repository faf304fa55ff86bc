namespace DomainTuning.Onnx.Decoding;

/// <summary>
/// Where sequences lie so that those of one group are neighbours: a run covers neighbouring slots, and a row between them that has nothing to do would
/// be computed for nothing.
/// </summary>
internal static class SlotOrder
{
    /// <summary>The free slot for a newcomer: beside its group, or else one that parts no other group.</summary>
    /// <param name="groups">The group in each slot; null where it is free.</param>
    public static int Place(IReadOnlyList<object?> groups, object newcomer)
    {
        var free = Enumerable.Range(0, groups.Count).Where(slot => groups[slot] is null).ToList();
        bool Holds(int slot, object? group) => slot >= 0 && slot < groups.Count && ReferenceEquals(groups[slot], group);
        bool Parts(int slot) => slot > 0 && groups[slot - 1] is { } left && Holds(slot + 1, left);
        return free.OrderBy(slot => Holds(slot - 1, newcomer) || Holds(slot + 1, newcomer) ? 0 : Parts(slot) ? 2 : 1).ThenBy(slot => slot).First();
    }

    /// <summary>Exchanges after which every group lies together, to be made in this order; none when it does already.</summary>
    public static List<(int A, int B)> Exchanges(IReadOnlyList<object?> groups)
    {
        var swaps = new List<(int, int)>();
        var now = groups.ToArray();
        var members = now.Where(group => group is not null).Distinct(ReferenceEqualityComparer.Instance).Select(group => (Group: group, Count: now.Count(other => ReferenceEquals(other, group)))).ToList();
        if (members.TrueForAll(m => Array.FindLastIndex(now, g => ReferenceEquals(g, m.Group)) - Array.FindIndex(now, g => ReferenceEquals(g, m.Group)) + 1 == m.Count)) return swaps;

        var start = 0;
        foreach (var (group, count) in members)
        {
            var end = start + count;
            for (var slot = start; slot < end; slot++)
            {
                if (ReferenceEquals(now[slot], group)) continue;
                var other = Array.FindLastIndex(now, g => ReferenceEquals(g, group)); // lies behind the block: all before it is settled
                swaps.Add((slot, other));
                (now[slot], now[other]) = (now[other], now[slot]);
            }

            start = end;
        }

        return swaps;
    }
}
