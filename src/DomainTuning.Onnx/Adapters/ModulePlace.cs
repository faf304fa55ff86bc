using DomainTuning.Checkpoints.Decoders;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// Where a module of the published model lies in the graph, which computes some modules together (query, key, value; gate, up) and may fill heads up
/// with zeros.
/// </summary>
/// <param name="Name">As transformers has it: "model.layers.0.self_attn.q_proj".</param>
/// <param name="FirstRow">Of the module within its linear layer.</param>
/// <param name="RowOrigins">For each of its rows in the graph, the module's row, or below 0 for zeros.</param>
/// <param name="ColumnOrigins">For each column in the graph, the module's column.</param>
/// <param name="Rows">The module's own, as in the checkpoint.</param>
/// <param name="Columns">The module's own.</param>
internal sealed record ModulePlace(string Name, AdapterSite Site, int Layer, int FirstRow, int[] RowOrigins, int[] ColumnOrigins, int Rows, int Columns)
{
    public const string EmbeddingName = "model.embed_tokens", HeadName = "lm_head";

    /// <summary>All modules of a model that can be adapted.</summary>
    /// <param name="fused">The published model keeps q, k, v and gate, up in one module each (Phi-3).</param>
    public static IReadOnlyList<ModulePlace> All(DecoderShape shape, bool fused)
    {
        var (hidden, feedForward, width) = (shape.Hidden, shape.FeedForward, shape.HeadDimensions);
        int[] queries = Spread(shape, shape.Heads, rotary: true), keys = Spread(shape, shape.KeyValueHeads, rotary: true), values = Spread(shape, shape.KeyValueHeads, rotary: false);
        int[] mix = Spread(shape, shape.Heads, rotary: false), straight = Straight(hidden), wide = Straight(feedForward);
        var (queryRows, keyRows) = (shape.Heads * shape.HeadValues, shape.KeyValueHeads * shape.HeadValues);
        var places = new List<ModulePlace>
        {
            new(EmbeddingName, AdapterSite.Embedding, 0, 0, Straight(shape.Vocabulary), straight, shape.Vocabulary, hidden),
            new(HeadName, AdapterSite.Head, 0, 0, Straight(shape.Vocabulary), straight, shape.Vocabulary, hidden),
        };
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = $"model.layers.{i}.";
            if (fused)
            {
                int[] all = [.. queries, .. keys.Select(row => Shift(row, queryRows)), .. values.Select(row => Shift(row, queryRows + keyRows))];
                places.Add(new(layer + "self_attn.qkv_proj", AdapterSite.Qkv, i, 0, all, straight, queryRows + 2 * keyRows, hidden));
                places.Add(new(layer + "mlp.gate_up_proj", AdapterSite.GateUp, i, 0, Straight(2 * feedForward), straight, 2 * feedForward, hidden));
            }
            else
            {
                places.Add(new(layer + "self_attn.q_proj", AdapterSite.Qkv, i, 0, queries, straight, queryRows, hidden));
                places.Add(new(layer + "self_attn.k_proj", AdapterSite.Qkv, i, shape.Heads * width, keys, straight, keyRows, hidden));
                places.Add(new(layer + "self_attn.v_proj", AdapterSite.Qkv, i, (shape.Heads + shape.KeyValueHeads) * width, values, straight, keyRows, hidden));
                places.Add(new(layer + "mlp.gate_proj", AdapterSite.GateUp, i, 0, wide, straight, feedForward, hidden));
                places.Add(new(layer + "mlp.up_proj", AdapterSite.GateUp, i, feedForward, wide, straight, feedForward, hidden));
            }

            places.Add(new(layer + "self_attn.o_proj", AdapterSite.Output, i, 0, straight, mix, hidden, queryRows));
            places.Add(new(layer + "mlp.down_proj", AdapterSite.Down, i, 0, straight, wide, hidden, feedForward));
        }

        return places;
    }

    /// <summary>Rows and columns of a linear layer in the graph.</summary>
    public static (int Rows, int Columns) SizeOf(AdapterSite site, DecoderShape shape) => site switch
    {
        AdapterSite.Qkv => (shape.QkvRows, shape.Hidden),
        AdapterSite.Output => (shape.Hidden, shape.Heads * shape.HeadDimensions),
        AdapterSite.GateUp => (2 * shape.FeedForward, shape.Hidden),
        AdapterSite.Down => (shape.Hidden, shape.FeedForward),
        _ => (shape.Vocabulary, shape.Hidden),
    };

    /// <summary>As <see cref="StoredDecoderWeights"/> fills heads: each half of a rotated one, others at their end.</summary>
    private static int[] Spread(DecoderShape shape, int heads, bool rotary)
    {
        var (stored, width) = (shape.HeadValues, shape.HeadDimensions);
        var (half, wide) = (stored / 2, width / 2);
        int Origin(int i) => rotary ? (i % wide >= half ? -1 : i / wide * half + i % wide) : i < stored ? i : -1;
        return [.. Enumerable.Range(0, heads * width).Select(row => Shift(Origin(row % width), row / width * stored))];
    }

    private static int Shift(int row, int by) => row < 0 ? -1 : row + by;

    private static int[] Straight(int count) => [.. Enumerable.Range(0, count)];
}
