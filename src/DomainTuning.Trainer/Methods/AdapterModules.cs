using DomainTuning.Adapters;
using DomainTuning.Trainer.Model;
using DomainTuning.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace DomainTuning.Trainer.Methods;

/// <summary>
/// An adapter on a model: which modules it stands on, and everything about it that is trained. Read and written as PEFT does it
/// (<see cref="PeftFiles"/>). One adapter at a time; not thread-safe.
/// </summary>
internal sealed class AdapterModules : IDisposable
{
    private readonly DecoderModel model;
    private readonly List<Attachment> attachments = [];
    private readonly List<(Tensor Target, Tensor Base)> merged = [];
    private bool isAttached;

    private AdapterModules(DecoderModel model, PeftConfig config, double dropout, IReadOnlyList<(string Name, Tensor Values)> tensors)
    {
        this.model = model;
        Config = config;
        Dropout = dropout;
        Parameters = new FlatParameters([.. tensors.OrderBy(pair => pair.Name, StringComparer.Ordinal)]);
        var names = Parameters.Names.ToHashSet(StringComparer.Ordinal);
        foreach (var projection in model.Projections) attachments.Add(Attachment.Of(projection, this, names));
        EmbeddingAdapter = Attachment.Embedding(this, names);
        SavedEmbedding = names.Contains(EmbeddingName + ".weight") ? Parameters[EmbeddingName + ".weight"] : null;
        Attach();
    }

    public const string EmbeddingName = "model.embed_tokens", HeadName = "lm_head";

    public PeftConfig Config { get; }

    /// <summary>Share of an adapter's input that is dropped in training.</summary>
    public double Dropout { get; }

    /// <summary>What is trained, by PEFT's names without "base_model.model.".</summary>
    public FlatParameters Parameters { get; }

    /// <summary>Whether the adapter is folded into the base's weights.</summary>
    public bool IsMerged => merged.Count > 0;

    internal LoraEmbedding? EmbeddingAdapter { get; }

    internal Parameter? SavedEmbedding { get; }

    /// <summary>A new adapter on the modules that a recipe names, with PEFT's first values: A uniform in ± 1/√in, B zero, magnitudes the rows' norms.</summary>
    /// <exception cref="AdapterException">A target is no module of the model.</exception>
    public static AdapterModules Apply(DecoderModel model, MethodRecipe method, long seed) => Apply(model, PeftFiles.ConfigOf(method, []), method.Dropout, seed);

    /// <summary>The same, with everything that PEFT's configuration can say about linear layers.</summary>
    public static AdapterModules Apply(DecoderModel model, PeftConfig config, double dropout, long seed)
    {
        using var scope = NewDisposeScope();
        using var random = new Generator((ulong)seed, CPU);
        var tensors = new List<(string, Tensor)>();
        foreach (var projection in model.Projections)
        {
            var isHead = projection.Path == HeadName;
            if (isHead && config.Replaces(HeadName)) tensors.Add(($"{HeadName}.weight", projection.weight));
            if (!config.Adapts(projection.Path, isHead, isEmbedding: false)) continue;
            var rank = config.Of(projection.Path).Rank;
            var bound = 1 / Math.Sqrt(projection.In); // kaiming_uniform with a = √5
            tensors.Add(($"{projection.Path}.lora_A.weight", rand(rank, projection.In, generator: random).mul_(2 * bound).sub_(bound)));
            tensors.Add(($"{projection.Path}.lora_B.weight", zeros(projection.Out, rank)));
            if (config.Dora) tensors.Add(($"{projection.Path}.lora_magnitude_vector", LoraLinear.RowNorms(projection.weight.to_type(ScalarType.Float32))));
        }

        foreach (var name in config.Targets?.Names ?? [])
            if (!model.Projections.Any(projection => PeftTargets.EndsWith(projection.Path, name)))
                throw new AdapterException($"The recipe adapts '{name}', which is no linear layer of this model; its layers are {string.Join(", ", model.Projections.Select(projection => projection.Path[(projection.Path.LastIndexOf('.') + 1)..]).Distinct())}.");
        return tensors.Count > 0 ? new AdapterModules(model, config, dropout, tensors) : throw new AdapterException("The recipe adapts no layer: its targets and layers have nothing in common with this model.");
    }

    /// <summary>An adapter that was saved, here or by PEFT, ready to be trained further.</summary>
    /// <exception cref="AdapterException">It is damaged, or of another model.</exception>
    public static AdapterModules Load(DecoderModel model, string folder)
    {
        using var scope = NewDisposeScope();
        var (config, dropout, tensors) = PeftFiles.Read(folder, model);
        return new AdapterModules(model, config, dropout, tensors);
    }

    /// <summary>Writes adapter_config.json and adapter_model.safetensors; PEFT loads them unchanged.</summary>
    /// <param name="baseModel">For people, and PEFT's automatic classes.</param>
    public void Save(string folder, string baseModel) => PeftFiles.Write(folder, baseModel, Config, Dropout, Parameters);

    /// <summary>Dropout at work, or not.</summary>
    /// <param name="dropout">Another share than <see cref="Dropout"/>.</param>
    public void Train(bool training, double? dropout = null)
    {
        foreach (var attachment in attachments)
            if (attachment.Adapter is { } adapter) (adapter.IsTraining, adapter.Dropout) = (training, dropout ?? Dropout);
    }

    /// <summary>The model computes with the adapter. So it does from the start.</summary>
    public void Attach()
    {
        if (isAttached) return;
        isAttached = true;
        foreach (var attachment in attachments) attachment.Attach();
        model.model.embed_tokens.Adapter = EmbeddingAdapter;
        if (SavedEmbedding is not null) (model.model.embed_tokens.weight, baseEmbedding) = (SavedEmbedding, model.model.embed_tokens.weight);
    }

    private Parameter? baseEmbedding;

    /// <summary>The model computes as if there were no adapter.</summary>
    public void Detach()
    {
        Unmerge();
        if (!isAttached) return;
        isAttached = false;
        foreach (var attachment in attachments) attachment.Detach();
        model.model.embed_tokens.Adapter = null;
        if (baseEmbedding is not null) (model.model.embed_tokens.weight, baseEmbedding) = (baseEmbedding, null);
    }

    /// <summary>Folds the adapter into the base's weights: the same results with nothing beside them. Merging twice equals merging once.</summary>
    public void Merge()
    {
        if (IsMerged) return;
        Attach();
        using var grad = no_grad();
        if (EmbeddingAdapter is not null)
        {
            // A tied head reads the table that is about to change: it gets the one of before.
            var table = model.model.embed_tokens.weight;
            model.model.embed_tokens.weight = new Parameter(EmbeddingAdapter.Merged(table), requires_grad: false);
            model.model.embed_tokens.Adapter = null;
            mergedEmbedding = table;
        }

        foreach (var attachment in attachments) merged.AddRange(attachment.Merge());
        if (merged.Count == 0) merged.Add((zeros(0), zeros(0)));
    }

    private Parameter? mergedEmbedding;

    /// <summary>Puts the base's weights back, bit by bit.</summary>
    public void Unmerge()
    {
        if (!IsMerged) return;
        using var grad = no_grad();
        foreach (var (target, before) in merged)
        {
            target.copy_(before);
            before.Dispose();
        }

        merged.Clear();
        foreach (var attachment in attachments) attachment.Resume();
        if (mergedEmbedding is null) return;
        model.model.embed_tokens.weight.Dispose();
        model.model.embed_tokens.weight = mergedEmbedding;
        model.model.embed_tokens.Adapter = EmbeddingAdapter;
        mergedEmbedding = null;
    }

    public void Dispose()
    {
        Detach();
        Parameters.Dispose();
    }
}
