namespace DomainTuning.Checkpoints.Library;

/// <summary>How a model is added. What is null is taken from the publisher's files; where these are silent, the model is refused with what is missing.</summary>
public sealed record AddModelOptions
{
    /// <summary>Name in the library. Default: the publisher's name in lower case, without "-GGUF".</summary>
    public string? Id { get; init; }

    /// <summary>Which weights, where a repository offers several: a path, or a part of one that only one file has, such as "Q4_K_M" or "onnx/model_int8.onnx"; a name that ends in ".safetensors" takes these where a repository has GGUF files too.</summary>
    public string? File { get; init; }

    /// <summary>Encoders: "cls", "mean" or "last".</summary>
    public string? Pooling { get; init; }

    /// <summary>Encoders: scale vectors to length 1.</summary>
    public bool? Normalise { get; init; }

    /// <summary>Encoders: put before every question.</summary>
    public string? QueryPrefix { get; init; }

    /// <summary>Encoders: put before every passage.</summary>
    public string? PassagePrefix { get; init; }

    /// <summary>Encoders and rerankers: longest input in tokens.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Refuse to open a connection. Default false.</summary>
    public bool Offline { get; init; }

    /// <summary>The hub's address. Default: the variable HF_ENDPOINT, otherwise https://huggingface.co.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Access token for private or gated models. Default: the variable HF_TOKEN.</summary>
    public string? Token { get; init; }

    /// <summary>How often a download that breaks off is taken up again without getting any further. Default 5.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>Wait before the first retry; doubled for each further one. Default 1 s.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A connection that gives nothing for so long counts as broken. Default 60 s.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>How far an addition has come.</summary>
/// <param name="File">The file at work.</param>
/// <param name="Bytes">Bytes of all files that are there so far.</param>
/// <param name="TotalBytes">Bytes of all files.</param>
public readonly record struct AddProgress(string File, long Bytes, long TotalBytes);
