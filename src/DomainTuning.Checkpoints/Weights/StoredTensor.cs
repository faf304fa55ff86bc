namespace DomainTuning.Checkpoints.Weights;

/// <summary>Where one tensor of a file lies and what it looks like. Its bytes are read through its <see cref="TensorFile"/>.</summary>
/// <param name="Name">As in the file, such as "blk.0.attn_q.weight".</param>
/// <param name="Type">How the values are stored.</param>
/// <param name="Shape">Row-major, slowest first: a linear layer is [out, in]. (GGUF lists the dimensions the other way round.) Empty for a scalar.</param>
/// <param name="Offset">First byte, from the start of the file.</param>
/// <param name="Bytes">Length in bytes.</param>
public sealed record StoredTensor(string Name, TensorType Type, IReadOnlyList<long> Shape, long Offset, long Bytes)
{
    /// <summary>Length of a row: the last dimension, in values. 1 for a scalar.</summary>
    public long Columns => Shape.Count == 0 ? 1 : Shape[^1];

    /// <summary>Number of rows: the product of all dimensions but the last. 1 for a vector or a scalar.</summary>
    public long Rows => Shape.Take(Shape.Count - 1).Aggregate(1L, (product, size) => product * size);

    /// <summary>Number of values.</summary>
    public long Elements => Rows * Columns;

    /// <summary>Bytes of one row.</summary>
    public long RowBytes => Columns / Type.BlockElements() * Type.BlockBytes();

    /// <summary>For messages: "blk.0.attn_q.weight [576, 576] Q4_1".</summary>
    public override string ToString() => $"{Name} [{string.Join(", ", Shape)}] {Type}";
}
