namespace DomainTuning.Onnx.Encoders;

/// <summary>How an encoder or reranker runs, and what overrides its own files where these say too little.</summary>
public sealed record EncoderOptions
{
    /// <summary>Threads of one run, the caller's included. Default: the physical cores that this process may use; hyper-threads slow these kernels down.</summary>
    public int Threads { get; init; } = PhysicalCores.Count;

    /// <summary>Tokens of one run, padding included. Default 1,024: more at once gains nothing on a few cores and costs memory and cache.</summary>
    public int BatchTokens { get; init; } = 1024;

    /// <summary>The ONNX file to run, relative to the model's folder ('/'-separated). Default: the one that card.json names, else the only one in the folder.</summary>
    public string? File { get; init; }

    /// <summary>"cls", "mean" or "last"; overrides the model's files.</summary>
    public string? Pooling { get; init; }

    /// <summary>Put before every question; overrides the model's files.</summary>
    public string? QueryPrefix { get; init; }

    /// <summary>Put before every passage; overrides the model's files.</summary>
    public string? PassagePrefix { get; init; }

    /// <summary>Longest input in tokens, special tokens included; overrides the model's files.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>CUDA device to run on, null for the CPU. Default: 0 in a GPU build (-p:Gpu=true), else null; setting it elsewhere fails.</summary>
#if GPU
    public int? CudaDevice { get; init; } = 0;
#else
    public int? CudaDevice { get; init; }
#endif

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 0, nameof(Threads));
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchTokens, 1, nameof(BatchTokens));
        if (MaxTokens is { } tokens) ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 8, nameof(MaxTokens));
        if (Pooling is not (null or "cls" or "mean" or "last"))
            throw new ArgumentException($"Pooling is '{Pooling}'; it can be \"cls\", \"mean\" or \"last\".", nameof(Pooling));
    }
}
