using DomainTuning.Onnx.Graphs;

namespace DomainTuning.Cli;

/// <summary>Says once a stage that a chat model is being converted, which happens at its first use only.</summary>
internal sealed class ConversionLines(TextWriter error) : IProgress<ConversionProgress>
{
    private readonly Lock one = new();
    private string? stage;

    public void Report(ConversionProgress value)
    {
        lock (one)
        {
            if (value.Stage == stage) return;
            stage = value.Stage;
            error.WriteLine($"Preparing the chat model (first use only): {stage} …");
        }
    }
}
