using static TorchSharp.torch;

namespace DomainTuning.Trainer.Model;

/// <summary>
/// A packed batch as the model computes it: its tokens in one line, without padding, and where in that line each example lies. Attention runs within an
/// example (block-diagonal), everything else runs over the whole line.
/// </summary>
internal sealed class TokenLayout : IDisposable
{
    public TokenLayout(PackedBatch batch)
    {
        var (ids, positions, labels, places, lengths) = (new List<long>(), new List<long>(), new List<long>(), new List<long>(), new List<long>());
        for (var at = 0; at < batch.Segments.Length; at++)
        {
            if (batch.Segments[at] == 0) continue;
            var starts = at % batch.Length == 0 || batch.Segments[at] != batch.Segments[at - 1];
            if (starts) lengths.Add(0);
            lengths[^1]++;
            ids.Add(batch.Ids[at]);
            positions.Add(batch.Positions[at]);
            if (batch.Labels[at] != PackedBatch.NoLabel)
            {
                places.Add(ids.Count - 1);
                labels.Add(batch.Labels[at]);
            }
        }

        Tokens = ids.Count;
        Lengths = [.. lengths];
        Positions = [.. positions];
        LabelTokens = labels.Count;
        Ids = tensor(ids.ToArray()).DetachFromDisposeScope();
        Labels = tensor(labels.ToArray()).DetachFromDisposeScope();
        LabelPlaces = tensor(places.ToArray()).DetachFromDisposeScope();
    }

    /// <summary>Tokens in the line.</summary>
    public int Tokens { get; }

    /// <summary>Tokens of each example, in the order of the line.</summary>
    public long[] Lengths { get; }

    /// <summary>[tokens], from 0 in each example.</summary>
    public long[] Positions { get; }

    public int LabelTokens { get; }

    /// <summary>[tokens]</summary>
    public Tensor Ids { get; }

    /// <summary>[labels]</summary>
    public Tensor Labels { get; }

    /// <summary>[labels], places in the line.</summary>
    public Tensor LabelPlaces { get; }

    public void Dispose()
    {
        Ids.Dispose();
        Labels.Dispose();
        LabelPlaces.Dispose();
    }
}
