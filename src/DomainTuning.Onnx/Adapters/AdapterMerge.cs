using System.Globalization;
using DomainTuning.Adapters;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Decoders;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Onnx.Adapters;

/// <summary>An adapter and its weight in a sum, which may be negative.</summary>
public sealed record WeightedAdapter(AdapterPlace Place, double Weight = 1)
{
    public override string ToString() => Weight == 1 ? Place.Name : string.Create(CultureInfo.InvariantCulture, $"{Weight} · {Place.Name}");
}

/// <summary>
/// Merges adapters: a weighted sum of them into one adapter, as PEFT's add_weighted_adapter does ("cat", or "svd" with a rank), or into the weights of their
/// base, as a folder that transformers and the model library open. Either is checked against the adapters over their base before it gets its name.
/// </summary>
public static class AdapterMerge
{
    /// <summary>Writes the weighted sum of adapters as a new PEFT folder with a card and parity.json.</summary>
    /// <param name="rank">Null: the exact sum, whose rank is the sum of the ranks. Else the closest adapter of that rank.</param>
    /// <param name="folder">Must not exist.</param>
    /// <exception cref="AdapterException">An adapter cannot be used or has no weighted sum with others, the folder exists, or the check failed.</exception>
    public static ParityReport IntoAdapter(BaseModel model, IReadOnlyList<WeightedAdapter> parts, int? rank, string folder, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (rank < 1) throw new AdapterException($"The rank {rank} was asked for; it must be above 0.");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(folder))!);
        using var staged = new StagedFolder(folder);
        var sum = rank is { } kept ? Named(AdapterMix.Truncate("", Mixed(model, parts, cancellationToken), kept), parts) : Sum(model, parts, cancellationToken);
        if (parts is [{ Weight: 1 } only] && rank is null)
            foreach (var name in new[] { PeftConfig.FileName, PeftFolder.TensorsName }) File.Copy(Path.Combine(only.Place.Path, name), staged[name]);
        else
            PeftExport.Write(sum, staged.Path, model.Id, model.Checkpoint.Shape);
        Card(model, parts, sum, rank, cancellationToken).Write(staged.Path);
        ParityReport report;
        using (var check = new ParityCheck(model, sum, staged["check"], cancellationToken))
            report = check.Compare(PeftFolder.Read(staged.Path, model.Checkpoint.Shape), "the sum in memory and the new adapter, read again").OrThrow();
        File.WriteAllText(staged[ParityReport.FileName], report.ToJson());
        staged.Commit();
        return report;
    }

    /// <summary>Writes the base with adapters merged into its weights: config.json, safetensors, tokenizer, template, parity.json.</summary>
    /// <param name="float32">Keeps all digits. Else the base's own type of floats; 16-bit ones for a GGUF file.</param>
    /// <param name="folder">Must not exist.</param>
    /// <param name="progress">Told the share of the weights that is written.</param>
    /// <exception cref="AdapterException">An adapter cannot be used, the folder exists, or the check failed.</exception>
    /// <exception cref="CheckpointException">The base cannot be written as such a folder; the message says why.</exception>
    public static ParityReport IntoModel(
        BaseModel model, IReadOnlyList<WeightedAdapter> parts, bool float32, string folder, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(folder))!);
        using var staged = new StagedFolder(folder);
        var checkpoint = model.Checkpoint;
        var sum = Sum(model, parts, cancellationToken);
        var type = float32 ? TensorType.F32 : OwnType(checkpoint);
        var merged = new MergedWeights(checkpoint.Weights, sum);
        CheckBiases(checkpoint, sum);
        File.WriteAllText(staged["config.json"], DecoderConfig.Text(checkpoint, merged.Shape, model.Chat, type));
        ChatFiles.Write(checkpoint, model.Chat, staged.Path);
        DecoderFolder.Write(merged, checkpoint.ModelType, staged.Path, type, done => progress?.Report(done), cancellationToken: cancellationToken);
        ParityReport report;
        using (var check = new ParityCheck(model, sum, staged["check"], cancellationToken))
        using (var back = DecoderCheckpoint.Open(staged.Path))
            report = check.Compare(back, $"the base with the adapter and the merged model in {type}, read again", type).OrThrow();
        File.WriteAllText(staged[ParityReport.FileName], report.ToJson());
        staged.Commit();
        return report;
    }

    /// <summary>One adapter as it is, whatever it has; of several, or with a weight, their sum.</summary>
    internal static LoraAdapter Sum(BaseModel model, IReadOnlyList<WeightedAdapter> parts, CancellationToken cancellationToken) => Named(
        parts is [{ Weight: 1 } only] ? model.Read(only.Place, cancellationToken) : AdapterMix.Concatenate("", Mixed(model, parts, cancellationToken)), parts);

    private static List<MixPart> Mixed(BaseModel model, IReadOnlyList<WeightedAdapter> parts, CancellationToken cancellationToken) =>
        [.. parts.Select(part => new MixPart(model.Read(part.Place, cancellationToken), part.Weight))];

    private static LoraAdapter Named(LoraAdapter adapter, IReadOnlyList<WeightedAdapter> parts) => adapter with { Name = string.Join(" + ", parts) };

    /// <summary>A sum is bound to a template and a tokenizer where all its parts are.</summary>
    private static AdapterCard Card(BaseModel model, IReadOnlyList<WeightedAdapter> parts, LoraAdapter sum, int? rank, CancellationToken cancellationToken)
    {
        var cards = parts.Select(part => AdapterCard.Read(part.Place.Path)).ToList();
        string Common(Func<AdapterCard, string> hash) => cards.TrueForAll(card => card is not null) && cards.Select(card => hash(card!)).Distinct().ToList() is [var only] ? only : AdapterCard.Unknown;
        var unchanged = parts is [{ Weight: 1 }] && rank is null;
        return new AdapterCard
        {
            BaseModel = model.Id,
            BaseSha256 = model.Sha256(cancellationToken),
            TemplateSha256 = Common(card => card.TemplateSha256),
            TokenizerSha256 = Common(card => card.TokenizerSha256),
            Method = unchanged ? PeftConfig.Read(parts[0].Place.Path).Method : "lora",
            Rank = sum.LargestRank,
            Targets = Targets(sum),
            Origin = $"merged: {sum.Name}{(rank is null ? "" : string.Create(CultureInfo.InvariantCulture, $", cut to rank {rank}"))}",
        };
    }

    internal static IReadOnlyList<string> Targets(LoraAdapter adapter) =>
        [.. adapter.Modules.Keys.Select(name => name[(name.LastIndexOf('.') + 1)..]).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Biases that a family's checkpoints have no tensor for; PEFT does not merge these either.</summary>
    private static void CheckBiases(DecoderCheckpoint checkpoint, LoraAdapter adapter)
    {
        var hasBias = checkpoint.Weights.Layer(0).Qkv.Bias is not null;
        foreach (var module in adapter.Modules.Values)
            if ((module.Bias is not null || module.UpdateBias is not null) && (module.Place.Site != AdapterSite.Qkv || !hasBias))
                throw new AdapterException($"The adapter '{adapter.Name}' gives {module.Place.Name} a bias, which the base has not and a checkpoint of its family cannot hold. Serve the adapter beside its base instead.");
    }

    private static TensorType OwnType(DecoderCheckpoint checkpoint) => checkpoint.Weights.Layer(0).Down.StoredType switch
    {
        TensorType.BF16 => TensorType.BF16,
        TensorType.F32 or TensorType.F64 => TensorType.F32,
        _ => TensorType.F16, // whatever a GGUF file packs its weights into has fewer digits
    };
}
