using Microsoft.ML.OnnxRuntime;

namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// An adapter in memory, as values for a decoder graph's optional inputs. Two loadings of the same folder are two adapters: what was computed under one
/// (keys and values of a prefix) is never used under the other.
/// </summary>
internal sealed class LoadedAdapter(string name, IReadOnlyList<string> inputNames, IReadOnlyList<OrtValue> values) : IDisposable
{
    /// <summary>As in the model id "model:name".</summary>
    public string Name => name;

    public IReadOnlyList<string> InputNames => inputNames;

    public IReadOnlyList<OrtValue> Values => values;

    public void Dispose()
    {
        foreach (var value in values) value.Dispose();
    }
}
