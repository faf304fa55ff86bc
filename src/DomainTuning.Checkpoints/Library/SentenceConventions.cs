namespace DomainTuning.Checkpoints.Library;

/// <summary>
/// How the sentence-transformers library writes down pooling, normalisation, length and prefixes: modules.json, 1_Pooling/config.json,
/// sentence_bert_config.json, config_sentence_transformers.json (https://www.sbert.net). Modules that change the vector and are not known here
/// are refused; pooling is never guessed.
/// </summary>
internal static class SentenceConventions
{
    private static readonly (string Key, string Pooling)[] PoolingModes =
    [
        ("pooling_mode_cls_token", "cls"), ("pooling_mode_mean_tokens", "mean"), ("pooling_mode_lasttoken", "last"),
        ("pooling_mode_max_tokens", "max"), ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len"), ("pooling_mode_weightedmean_tokens", "weightedmean"),
    ];

    public static ModelCard Complete(ModelCard card, RepositoryListing listing, ConfigJson config, AddModelOptions options)
    {
        var (pooling, normalise) = PoolingAndNormalisation(listing, options);
        var (query, passage) = Prefixes(listing);
        return card with
        {
            Dimensions = config.Integer("hidden_size") ?? throw new CheckpointException($"{config.Where} lacks \"hidden_size\", the length of a vector. Correct it or choose another model."),
            Pooling = pooling,
            Normalise = options.Normalise ?? normalise,
            QueryPrefix = options.QueryPrefix ?? query,
            PassagePrefix = options.PassagePrefix ?? passage,
        };
    }

    /// <summary>The sentence configuration wins over the tokenizer's, which wins over the number of positions.</summary>
    public static int MaxTokens(RepositoryListing listing, ConfigJson config, string architecture)
    {
        var sentence = listing.Texts.Keys.Where(path => path.StartsWith("sentence_", StringComparison.Ordinal)).Select(listing.Json).FirstOrDefault();
        if (sentence?.Integer("max_seq_length") is { } stated) return stated;
        var positions = config.Integer("max_position_embeddings")
            ?? throw new CheckpointException($"{config.Where} does not say how long an input may be (\"max_position_embeddings\"). Say it with --max-tokens.");
        // RoBERTa counts positions from pad_token_id + 1, so 514 positions hold 512 tokens.
        if (architecture is "xlm-roberta" or "roberta") positions -= (config.Integer("pad_token_id") ?? 1) + 1;
        var tokenizer = listing.Json("tokenizer_config.json")?.Number("model_max_length") ?? double.MaxValue;
        return (int)Math.Min(positions, tokenizer);
    }

    private static (string Pooling, bool Normalise) PoolingAndNormalisation(RepositoryListing listing, AddModelOptions options)
    {
        if (options.Pooling is { } chosen && !SupportedArchitectures.Poolings.Contains(chosen))
            throw new CheckpointException($"Pooling '{chosen}' is not supported; choose one of {string.Join(", ", SupportedArchitectures.Poolings)}.");
        if (!listing.Texts.TryGetValue("modules.json", out var text))
        {
            return options.Pooling is { } pooling
                ? (pooling, options.Normalise ?? true)
                : throw new CheckpointException(
                    $"{listing.Where} has no modules.json, so it does not say how token vectors become one. Look it up in the model's description and say --pooling cls, mean or last (bge, gte-v1.5: cls; e5, MiniLM: mean).");
        }

        var modules = ConfigJson.ParseList(text, $"{listing.Where}: modules.json");
        var normalise = false;
        string? poolingFolder = null;
        foreach (var module in modules)
        {
            var type = module.String("type") ?? "";
            switch (type[(type.LastIndexOf('.') + 1)..])
            {
                case "Transformer": break;
                case "Pooling": poolingFolder = module.String("path") ?? ""; break;
                case "Normalize": normalise = true; break;
                default:
                    throw new CheckpointException($"{listing.Where} applies the module '{type}' to its vectors, which is not supported; known are Transformer, Pooling and Normalize. Choose another model.");
            }
        }

        return (options.Pooling ?? ReadPooling(listing, poolingFolder), normalise);
    }

    private static string ReadPooling(RepositoryListing listing, string? folder)
    {
        var config = folder is null ? null : listing.Json($"{folder}/config.json");
        if (config is null)
            throw new CheckpointException($"{listing.Where} lacks {folder ?? "1_Pooling"}/config.json, which says how token vectors become one. Look it up in the model's description and say --pooling cls, mean or last.");
        var modes = config.String("pooling_mode") is { } named
            ? [named]
            : PoolingModes.Where(mode => config.Bool(mode.Key) ?? false).Select(mode => mode.Pooling).ToArray();
        if (modes is ["lasttoken"]) modes = ["last"];
        if (modes is not [var pooling] || !SupportedArchitectures.Poolings.Contains(pooling))
            throw new CheckpointException(
                $"{config.Where} asks for the pooling {(modes.Length == 0 ? "(none)" : string.Join(" + ", modes))}; supported is one of {string.Join(", ", SupportedArchitectures.Poolings)}. Choose another model.");
        if (config.Bool("include_prompt") == false)
            throw new CheckpointException($"{config.Where} leaves prefixes out of the pooling (\"include_prompt\": false), which is not supported. Choose another model.");
        return pooling;
    }

    /// <summary>From config_sentence_transformers.json; where that is silent, from what the publisher of a known family documents.</summary>
    private static (string Query, string Passage) Prefixes(RepositoryListing listing)
    {
        var settings = listing.Json("config_sentence_transformers.json");
        var prompts = settings?.Object("prompts");
        if (prompts is null || !prompts.Keys.Any(name => prompts.String(name) is { Length: > 0 })) return PublishedPrefixes.For(listing.Name);
        var standard = settings!.String("default_prompt_name") is { } name ? prompts.String(name) : null;
        // An empty "document" is the library's own preset; it must not hide a "passage".
        string[] passageNames = ["document", "passage", "corpus"];
        return (prompts.String("query") ?? standard ?? "", passageNames.Select(prompts.String).FirstOrDefault(text => text is { Length: > 0 }) ?? standard ?? "");
    }
}
