using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Qdrant;

/// <summary>What one call may ask for: our own sizes, cut to what the collection's strict mode allows.</summary>
/// <param name="Page">Points of a page or a search.</param>
/// <param name="Upsert">Points of an upsert.</param>
/// <param name="Searches">Searches of a batch.</param>
/// <param name="Values">Values of one condition.</param>
internal sealed record ServerLimits(int Page, int Upsert, int Searches, int Values)
{
    /// <summary>Most results of one search without strict mode.</summary>
    private const int MostResults = 10_000;

    public int Results { get; private init; } = MostResults;

    /// <summary>True where searches go over small copies of the vectors first.</summary>
    public bool IsQuantised { get; private init; }

    public static ServerLimits Of(CollectionInfo info, QdrantOptions options)
    {
        var own = new ServerLimits(options.Batch, options.Batch, 2, 256)
        {
            IsQuantised = info.Config.Params.VectorsConfig?.ParamsMap?.Map.TryGetValue(CollectionLayout.Dense, out var dense) == true && dense.QuantizationConfig is not null,
        };
        if (info.Config.StrictModeConfig is not { Enabled: true } strict) return own;
        return own with
        {
            Page = strict.HasMaxQueryLimit ? Math.Min(own.Page, (int)strict.MaxQueryLimit) : own.Page,
            Results = strict.HasMaxQueryLimit ? Math.Min(own.Results, (int)strict.MaxQueryLimit) : own.Results,
            Upsert = strict.HasUpsertMaxBatchsize ? (int)Math.Min((ulong)own.Upsert, strict.UpsertMaxBatchsize) : own.Upsert,
            Searches = strict.HasSearchMaxBatchsize ? (int)Math.Min((ulong)own.Searches, strict.SearchMaxBatchsize) : own.Searches,
            Values = strict.HasConditionMaxSize ? (int)Math.Min((ulong)own.Values, strict.ConditionMaxSize) : own.Values,
        };
    }
}
