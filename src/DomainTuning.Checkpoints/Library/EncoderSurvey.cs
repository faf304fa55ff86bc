namespace DomainTuning.Checkpoints.Library;

/// <summary>
/// Encoders and rerankers as Hugging Face repositories ship them: config.json (architecture), an ONNX file, tokenizer.json, and for sentence encoders
/// modules.json with <see cref="SentenceConventions"/>. What these files do not say must be said by the user.
/// </summary>
internal static class EncoderSurvey
{
    private static readonly string[] SmallFiles =
    [
        "config.json", "tokenizer_config.json", "special_tokens_map.json", "modules.json", "config_sentence_transformers.json", "sentence_bert_config.json",
    ];

    public static SurveyedModel Examine(RepositoryListing listing, ConfigJson config, AddModelOptions options)
    {
        var architecture = config.String("model_type")
            ?? throw new CheckpointException($"{config.Where} does not say which architecture the model has (\"model_type\"). Name another model.");
        var isReranker = config.Strings("architectures").Any(name => name.EndsWith("ForSequenceClassification", StringComparison.Ordinal));
        var supported = isReranker ? SupportedArchitectures.Rerankers : SupportedArchitectures.Encoders;
        if (!supported.Contains(architecture))
            throw new CheckpointException(
                $"{listing.Where} is {(isReranker ? "a reranker" : "an encoder")} of the architecture '{architecture}', which cannot run here; supported are {string.Join(", ", supported)}. Choose a model of one of these.");
        if (isReranker) CheckOneLabel(listing, config);

        var weights = ChooseOnnx(listing, options);
        var tokenizer = listing.File("tokenizer.json")
            ?? throw new CheckpointException($"{listing.Where} lacks tokenizer.json, which the model's tokenizer is read from. Save it with the tokenizers library, or choose a repository that has it.");
        var small = listing.Files.Where(file => SmallFiles.Contains(file.Path) || ChatSurvey.IsLicence(file.Path) || (RepositoryListing.IsTelling(file) && file.Path.Contains('/', StringComparison.Ordinal)));
        var card = new ModelCard
        {
            Id = ModelSurvey.IdFor(listing, options),
            Kind = isReranker ? ModelKind.Reranker : ModelKind.Encoder,
            Architecture = architecture,
            Languages = listing.Languages,
            MaxTokens = options.MaxTokens ?? SentenceConventions.MaxTokens(listing, config, architecture),
            Quantisation = Quantisation(weights.Path),
            Licence = listing.Licence ?? "unknown",
            Source = listing.Source,
        };
        if (!isReranker) card = SentenceConventions.Complete(card, listing, config, options);
        return new SurveyedModel(card, [weights, .. ExternalData(listing, weights), tokenizer, .. small]);
    }

    /// <summary>The unquantised graph unless the user names another; the root before onnx/.</summary>
    private static OfferedFile ChooseOnnx(RepositoryListing listing, AddModelOptions options)
    {
        var graphs = listing.Files.Where(ModelSurvey.IsOnnx).ToList();
        if (graphs.Count == 0)
            throw new CheckpointException(
                $"{listing.Where} has no ONNX file (looked for model.onnx, onnx/model.onnx and any other .onnx file). Choose a repository that ships one, or export it with optimum-cli export onnx and add the folder.");
        if (options.File is null && (listing.File("model.onnx") ?? listing.File("onnx/model.onnx")) is { } plain) return plain;
        return ModelSurvey.Choose(listing, graphs, options.File, $"'{listing.Name}:{graphs[0].Path}'");
    }

    /// <summary>Weights beside the graph: model.onnx_data, model.onnx.data, model.onnx_data_1, ….</summary>
    private static IEnumerable<OfferedFile> ExternalData(RepositoryListing listing, OfferedFile graph) =>
        listing.Files.Where(file => file.Path.StartsWith(graph.Path + "_data", StringComparison.Ordinal) || file.Path.StartsWith(graph.Path + ".data", StringComparison.Ordinal));

    private static void CheckOneLabel(RepositoryListing listing, ConfigJson config)
    {
        // Without either key the convention is two labels.
        var labels = config.Object("id2label")?.Keys.Count() ?? config.Integer("num_labels") ?? 2;
        if (labels != 1)
            throw new CheckpointException($"{listing.Where} is a classifier with {labels} labels; a reranker has one. Choose a cross-encoder such as BAAI/bge-reranker-base.");
    }

    private static string? Quantisation(string path)
    {
        string[] known = ["qint8", "quint8", "int8", "uint8", "quantized", "fp16", "q4f16", "q4", "bnb4"];
        return known.FirstOrDefault(name => path.Contains("_" + name, StringComparison.OrdinalIgnoreCase));
    }
}
