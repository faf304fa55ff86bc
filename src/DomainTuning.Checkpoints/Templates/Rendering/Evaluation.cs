namespace DomainTuning.Checkpoints.Templates;

/// <summary>One rendering under way: its budget, its clock and the line that it has reached.</summary>
internal sealed class Evaluation(TemplateLimits limits, TimeProvider clock)
{
    public Budget Budget { get; } = new(limits);

    public TimeProvider Clock { get; } = clock;

    public ValueEquality Equality => field ??= new ValueEquality(Budget);

    /// <summary>Chance for the filter 'random', the same in every rendering.</summary>
    public Random Random => field ??= new Random(0);

    public int Line { get; set; } = 1;

    /// <summary>value.name: what the type offers, then the key of that name.</summary>
    public Value Attribute(Value of, string name)
    {
        if (of is UndefinedValue undefined) throw undefined.Fault;
        if (of.Attribute(name, this) is { } found) return found;
        if (name.Length > 4 && name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal)) return UndefinedValue.Unsafe(of, name);
        return of.Item(TextValue.Untrusted(name), this) ?? UndefinedValue.Attribute(of, name);
    }

    /// <summary>value[key]: the key, then what the type offers under that name.</summary>
    public Value Item(Value of, Value key)
    {
        if (of is UndefinedValue undefined) throw undefined.Fault;
        if (of.Item(key, this) is { } found) return found;
        if (key is TextValue name && of.Attribute(name.Text, this) is { } attribute) return attribute;
        return UndefinedValue.Element(of, key, this);
    }
}
