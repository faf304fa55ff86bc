namespace DomainTuning.Onnx.Adapters;

/// <summary>What an adapter turned out to be when it was loaded.</summary>
/// <param name="Inputs">Inputs of the graph that it is bound to.</param>
/// <param name="Values">Numbers in them; the blocks of zeros between modules that share an input are counted.</param>
/// <param name="Bytes">Memory that they take.</param>
public sealed record AdapterFacts(int Inputs, long Values, long Bytes)
{
    internal static AdapterFacts Of(LoadedAdapter adapter) => new(adapter.Inputs.Count, adapter.Inputs.Sum(input => (long)input.Values.Length), adapter.Bytes);
}
