using DomainTuning.Adapters;
using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Onnx.Decoding;

/// <summary>How a local chat model is loaded and shared.</summary>
public sealed record ChatEngineOptions
{
    /// <summary>Form of weights. Default Auto: what suits the processor and passes its check.</summary>
    public WeightForm Form { get; init; } = WeightForm.Auto;

    /// <summary>Prompt and answer together, in tokens; cut to what the model was trained for. Default 8192, the shipped model's own limit.</summary>
    public int ContextTokens { get; init; } = 8192;

    /// <summary>Answers written at once; each holds a cache, of which the system hands out only what is used. Default 8: a step of eight costs two to three single ones.</summary>
    public int ParallelRequests { get; init; } = 8;

    /// <summary>Requests that may wait for a place; further ones are refused with <see cref="ChatModelBusyException"/>. Default 64: about a minute's work on two cores.</summary>
    public int WaitingRequests { get; init; } = 64;

    /// <summary>Memory for the state of prompts read before, which are then not read again; 0 keeps none. Default 512 MB: eleven thousand tokens of the shipped model, a dozen conversations.</summary>
    public long PrefixCacheBytes { get; init; } = 512L << 20;

    /// <summary>How keys and values are kept, those of <see cref="PrefixCacheBytes"/> included.</summary>
    public KeyValueForm KeyValues { get; init; } = KeyValueForm.Float32;

    /// <summary>
    /// Proposes tokens copied from the prompt and checks several in one run, where that is measured to pay. Exact in <see cref="WeightForm.Float32"/>; in 8-bit
    /// forms a run of several tokens rounds otherwise than single ones, so where two tokens are nearly equal the answer may take the other. Default true.
    /// </summary>
    public bool Drafting { get; init; } = true;

    /// <summary>Where this model's adapters lie. Default null: it has none.</summary>
    public AdapterFolders? Adapters { get; init; }

    /// <summary>Threads of a step. Default 0: one for each processor that this process may use.</summary>
    public int Threads { get; init; }

    /// <summary>Longest answer when a request does not say, in tokens. Default 512: a page and a half.</summary>
    public int MaxOutputTokens { get; init; } = 512;

    /// <summary>Temperature when a request does not say. Default 0, always the likeliest token: an answer from documents should be the same tomorrow.</summary>
    public float Temperature { get; init; }

    internal void Validate()
    {
        if (ContextTokens < 16 || ParallelRequests < 1 || WaitingRequests < 0 || PrefixCacheBytes < 0 || Threads < 0 || MaxOutputTokens < 1 || !(Temperature >= 0))
            throw new ArgumentException(
                $"{this} cannot be used: at least 16 context tokens, 1 parallel request, 0 waiting requests, 0 bytes of prefix cache, 0 threads (all processors), 1 output token and temperature 0 are needed.");
    }
}
