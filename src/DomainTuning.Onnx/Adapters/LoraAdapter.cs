namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// What an adapter does to one module: W becomes W + scaling · B A, with <see cref="Magnitude"/> each row scaled to that length (DoRA), and the bias changes.
/// For an embedding A is [rank, vocabulary] and B [hidden, rank]: the update of the matrix is transposed.
/// </summary>
internal sealed record LoraModule(ModulePlace Place)
{
    /// <summary>0 where only a bias changes.</summary>
    public int Rank { get; init; }

    /// <summary>[rank, in]</summary>
    public float[] A { get; init; } = [];

    /// <summary>[out, rank]</summary>
    public float[] B { get; init; } = [];

    public double Scaling { get; init; } = 1;

    /// <summary>[out], of a DoRA module.</summary>
    public float[]? Magnitude { get; init; }

    /// <summary>[out], multiplied with the scaling like B A.</summary>
    public float[]? UpdateBias { get; init; }

    /// <summary>[out], in place of the base's bias.</summary>
    public float[]? Bias { get; init; }

    /// <summary>Length of what A reads.</summary>
    public int In => Place.Site == AdapterSite.Embedding ? Place.Rows : Place.Columns;

    /// <summary>Length of what B gives.</summary>
    public int Out => Place.Site == AdapterSite.Embedding ? Place.Columns : Place.Rows;

    /// <summary>Adds scaling · B A to a row of W: module row, values [columns].</summary>
    public void AddUpdate(int row, Span<float> values)
    {
        // An embedding's row is a token: (B A)ᵀ.
        var embedding = Place.Site == AdapterSite.Embedding;
        for (var k = 0; k < Rank; k++)
        {
            var factor = (float)(Scaling * (embedding ? A[k * In + row] : B[row * Rank + k]));
            if (factor == 0) continue;
            if (embedding)
                for (var column = 0; column < values.Length; column++) values[column] += factor * B[column * Rank + k];
            else
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(A.AsSpan(k * In, In), factor, values, values);
        }
    }
}

/// <summary>A LoRA, rsLoRA or DoRA adapter in memory, in the modules of the published model; it fits any form of the weights.</summary>
/// <param name="Modules">By the module's name.</param>
internal sealed record LoraAdapter(string Name, IReadOnlyDictionary<string, LoraModule> Modules)
{
    /// <summary>[vocabulary, hidden] in place of the base's embedding; the output matrix of a tied model stays the base's.</summary>
    public float[]? Embedding { get; init; }

    /// <summary>[vocabulary, hidden] in place of the base's output matrix.</summary>
    public float[]? Head { get; init; }

    /// <summary>What was stored as the base's own embedding or output matrix, and must be that.</summary>
    public IReadOnlyDictionary<string, float[]> Claimed { get; init; } = new Dictionary<string, float[]>();

    /// <summary>The base's float weights are needed to serve it.</summary>
    public bool NeedsBase => Claimed.Count > 0 || Modules.Values.Any(module => module.Magnitude is not null || module.Bias is not null);

    public int LargestRank => Modules.Values.Select(module => module.Rank).DefaultIfEmpty().Max();
}
