namespace DomainTuning.Checkpoints.Templates;

/// <summary>Names that are set in one block. Reading looks outward through the enclosing blocks, setting stays inside.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, Value> _names = new(StringComparer.Ordinal);

    public Value? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope._outer)
            if (scope._names.TryGetValue(name, out var value)) return value;
        return null;
    }

    public void Set(string name, Value value) => _names[name] = value;

    private readonly Scope? _outer = outer;
}
