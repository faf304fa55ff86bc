using DomainTuning.Onnx.Adapters;
using DomainTuning.Training;

namespace DomainTuning.Tuning.Runs;

/// <summary>What a training came to.</summary>
public sealed record TrainingResult
{
    public required TrainingFolder Folder { get; init; }

    /// <summary>The model id that serves it, "model:name"; null when it was not published.</summary>
    public string? Model { get; init; }

    /// <summary>The adapter's folder that serving reads; null when it was not published.</summary>
    public string? Adapter { get; init; }

    /// <summary>The trained model beside the served one; null when it did not come so far.</summary>
    public AdapterParity? Parity { get; init; }

    /// <summary>The trainer's last word.</summary>
    public TrainingProgress? Last { get; init; }

    /// <summary>Why there is no adapter, with what to do; null when there is.</summary>
    public string? Problem { get; init; }
}
