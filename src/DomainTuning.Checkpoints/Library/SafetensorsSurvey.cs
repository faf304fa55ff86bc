using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Library;

/// <summary>
/// Chat models as Hugging Face repositories ship them: config.json, model.safetensors or its parts with their index, and the tokenizer's files.
/// Whether one can run here, which files it needs, and what its card says.
/// </summary>
internal static class SafetensorsSurvey
{
    public const string IndexName = "model.safetensors.index.json";

    private const string SingleName = "model.safetensors";

    private static readonly string[] ExpertCounts = ["num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"];

    public static SurveyedModel Examine(RepositoryListing listing, ConfigJson config, AddModelOptions options)
    {
        var architecture = RefuseUnsupported(listing, config);
        var weights = Weights(listing, config);
        var tokenizer = FolderChat.TokenizerFiles.Select(listing.File).FirstOrDefault(file => file is not null)
            ?? throw new CheckpointException($"{listing.Where} lacks tokenizer.json (and tokenizer.model), which the model's tokenizer is read from. Save it with the tokenizers library, or choose a repository that has it.");
        var small = listing.Files.Where(file => FolderChat.Files.Contains(file.Path) || ChatSurvey.IsLicence(file.Path));
        var card = new ModelCard
        {
            Id = ModelSurvey.IdFor(listing, options),
            Kind = ModelKind.Chat,
            Architecture = architecture,
            Languages = listing.Languages,
            ContextTokens = config.Integer("max_position_embeddings"),
            Quantisation = config.String("torch_dtype") ?? config.String("dtype"),
            ChatTemplate = TemplateFile(listing),
            Licence = listing.Licence ?? "unknown",
            Source = listing.Source,
        };
        return new SurveyedModel(card, [.. weights, tokenizer, .. small]);
    }

    /// <summary>Adds what the tensors themselves say.</summary>
    public static ModelCard Complete(ModelCard card)
    {
        using var file = ShardedTensors.OpenFolder(card.Folder);
        if (file.Tensors.FirstOrDefault(tensor => !Dequantise.CanRead(tensor.Type)) is { } integers)
            throw new CheckpointException($"'{file.Path}' holds {integers}: weights as integers are those of a quantisation that is not supported. Use the model's unquantised files, or a GGUF file of it.");
        return card with { Parameters = file.Tensors.Sum(tensor => tensor.Elements), Quantisation = ChatSurvey.Quantisation(file) };
    }

    /// <summary>The architecture by the name of <see cref="SupportedArchitectures.Chat"/>.</summary>
    private static string RefuseUnsupported(RepositoryListing listing, ConfigJson config)
    {
        var type = config.String("model_type") ?? throw new CheckpointException($"{config.Where} does not say which architecture the model has (\"model_type\"). Name another model.");
        foreach (var key in ExpertCounts)
            if (config.Has(key) && config.Integer(key) is > 1 and var experts)
                throw Refuse(listing, $"is a mixture of {experts} experts, which is not supported");
        foreach (var key in new[] { "quantization_config", "compression_config" })
            if (config.Has(key))
                throw Refuse(listing, $"is quantised by {config.Object(key)!.String("quant_method") ?? "a method of its own"} (\"{key}\"), which is not supported; use the unquantised model, which is quantised here, or a GGUF file of it");
        if (SupportedArchitectures.ChatOfModelType(type) is not { } architecture)
            throw Refuse(listing, $"is a chat model of the type '{type}', which cannot run here; supported are {string.Join(", ", SupportedArchitectures.ChatModelTypes)}");
        if (!config.Strings("architectures").Any(name => name.EndsWith("ForCausalLM", StringComparison.Ordinal)))
            throw Refuse(listing, $"is a {string.Join(", ", config.Strings("architectures"))}, not a …ForCausalLM, which is what writes text here");
        return architecture;
    }

    /// <summary>The one file, or the index and the parts that it names.</summary>
    private static List<OfferedFile> Weights(RepositoryListing listing, ConfigJson config)
    {
        if (listing.Json(IndexName) is { } index)
        {
            var map = index.Object("weight_map") ?? throw new CheckpointException($"{index.Where} has no \"weight_map\" from tensors to file names. Fetch the model again.");
            return
            [
                listing.File(IndexName)!,
                .. map.Keys.Select(tensor => map.String(tensor)!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(part => listing.File(part)
                    ?? throw new CheckpointException($"{listing.Where} lacks the part '{part}' of the weights, which {IndexName} names. Fetch all parts, or choose another repository of the model.")),
            ];
        }

        return listing.File(SingleName) is { } single
            ? [single]
            : throw new CheckpointException(
                $"{listing.Where} is a chat model ({config.String("model_type") ?? "unknown"}) without a .gguf file and without {SingleName} or its parts with {IndexName}. Look for a repository of the same model that has one of these, often one whose name ends in -GGUF.");
    }

    private static string? TemplateFile(RepositoryListing listing) =>
        listing.File("chat_template.jinja") is not null ? "chat_template.jinja"
        : listing.Json("tokenizer_config.json")?.Has("chat_template") == true ? "tokenizer_config.json"
        : listing.File("chat_template.json") is not null ? "chat_template.json"
        : null;

    private static CheckpointException Refuse(RepositoryListing listing, string finding) => new($"{listing.Where} {finding}. Choose another model.");
}
