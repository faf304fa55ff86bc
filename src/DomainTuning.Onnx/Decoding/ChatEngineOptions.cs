using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Decoding;

/// <summary>How a local chat model is loaded and shared.</summary>
public sealed record ChatEngineOptions
{
    /// <summary>Form of weights. Default Auto: what suits the processor and passes its check.</summary>
    public WeightForm Form { get; init; } = WeightForm.Auto;

    /// <summary>Prompt and answer together, in tokens; cut to what the model was trained for. Default 8192, the shipped model's own limit.</summary>
    public int ContextTokens { get; init; } = 8192;

    /// <summary>Answers written at once; each holds a cache, of which the system hands out only what is used. Default 4: batched steps gain little beyond on a few cores.</summary>
    public int ParallelRequests { get; init; } = 4;

    /// <summary>Requests that may wait for a place; more wait to be let in. Default 64.</summary>
    public int WaitingRequests { get; init; } = 64;

    /// <summary>Threads of a step. Default 0: one for each processor that this process may use.</summary>
    public int Threads { get; init; }

    /// <summary>Longest answer when a request does not say, in tokens. Default 512: a page and a half.</summary>
    public int MaxOutputTokens { get; init; } = 512;

    /// <summary>Temperature when a request does not say. Default 0, always the likeliest token: an answer from documents should be the same tomorrow.</summary>
    public float Temperature { get; init; }

    internal void Validate()
    {
        if (ContextTokens < 16 || ParallelRequests < 1 || WaitingRequests < 0 || Threads < 0 || MaxOutputTokens < 1 || !(Temperature >= 0))
            throw new ArgumentException(
                $"{this} cannot be used: at least 16 context tokens, 1 parallel request, 0 waiting requests, 0 threads (all processors), 1 output token and temperature 0 are needed.");
    }
}
