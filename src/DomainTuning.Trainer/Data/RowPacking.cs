namespace DomainTuning.Trainer.Data;

/// <summary>
/// Several examples in one row, so that short ones cost no calls of their own (arXiv 2107.02027): first-fit decreasing within windows of the shuffled
/// order, so that rows are nearly full and yet mix what the shuffle mixed. A row is a batch of its own and as long as its examples: on a CPU, which a
/// few hundred tokens keep busy, padding would only be work.
/// </summary>
internal static class RowPacking
{
    /// <summary>Up to this many tokens in a row, unless one example alone is longer. Default 512: from there on products run at full speed, and attention grows with the square.</summary>
    public const int RowTokens = 512;

    private const int Window = 128;

    /// <summary>Every example once, as rows of indices.</summary>
    public static List<int[]> Pack(IReadOnlyList<int> order, IReadOnlyList<EncodedExample> examples, int rowTokens = RowTokens)
    {
        var rows = new List<int[]>();
        foreach (var window in order.Chunk(Window))
        {
            var open = new List<(List<int> Examples, int Room)>();
            foreach (var index in window.OrderByDescending(index => examples[index].Ids.Count)) // a stable sort: ties keep the shuffle's order
            {
                var length = examples[index].Ids.Count;
                var first = open.FindIndex(row => row.Room >= length);
                if (first < 0) open.Add(([index], rowTokens - length));
                else
                {
                    open[first].Examples.Add(index);
                    open[first] = (open[first].Examples, open[first].Room - length);
                }
            }

            rows.AddRange(open.Select(row => row.Examples.ToArray()));
        }

        return rows;
    }

    /// <summary>One row as a batch, without padding.</summary>
    public static PackedBatch Batch(IEnumerable<EncodedExample> examples)
    {
        List<long> ids = [], positions = [], labels = [];
        List<int> segments = [];
        var segment = 0;
        foreach (var example in examples)
        {
            segment++;
            for (var i = 0; i < example.Ids.Count; i++)
            {
                ids.Add(example.Ids[i]);
                positions.Add(i);
                segments.Add(segment);
                labels.Add(i + 1 >= example.PromptTokens && i + 1 < example.Ids.Count ? example.Ids[i + 1] : PackedBatch.NoLabel);
            }
        }

        return new PackedBatch(1, ids.Count, [.. ids], [.. positions], [.. segments], [.. labels]);
    }
}
