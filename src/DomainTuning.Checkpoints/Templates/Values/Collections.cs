namespace DomainTuning.Checkpoints.Templates;

internal enum ListKind
{
    List,
    Tuple,
    Keys,
    Values,
    Items,
}

/// <summary>A row of values: a list, a tuple, or what keys(), values() and items() give.</summary>
internal sealed class ListValue(IReadOnlyList<Value> items, ListKind kind = ListKind.List) : Value
{
    public ListKind Kind { get; } = kind;

    public IReadOnlyList<Value> Elements { get; } = items;

    public bool IsSequence => Kind is ListKind.List or ListKind.Tuple;

    public override string TypeName => Kind switch
    {
        ListKind.List => "list",
        ListKind.Tuple => "tuple",
        ListKind.Keys => "dict_keys",
        ListKind.Values => "dict_values",
        _ => "dict_items",
    };

    public override int? Length => Elements.Count;

    public override IEnumerable<Value> Items => Elements;

    public static ListValue Tuple(params Value[] items) => new(items, ListKind.Tuple);

    public override Value? Item(Value key, Evaluation evaluation) =>
        IsSequence && key is IntegerValue index && Indices.Resolve(index, Elements.Count) is { } place ? Elements[place] : null;

    public override Value? Attribute(string name, Evaluation evaluation) => IsSequence ? CollectionMethods.Find(this, name) : null;

    public override void Print(TextBuilder into, bool quoted)
    {
        into.Budget.Enter();
        var (open, close) = Kind switch
        {
            ListKind.List => ("[", "]"),
            ListKind.Tuple => ("(", Elements.Count == 1 ? ",)" : ")"),
            _ => (TypeName + "([", "])"),
        };
        into.Append(open, trusted: false);
        for (var i = 0; i < Elements.Count; i++)
        {
            if (i > 0) into.Append(", ", trusted: false);
            into.Budget.Steps();
            Elements[i].Print(into, quoted: true);
        }
        into.Append(close, trusted: false);
        into.Budget.Leave();
    }
}

/// <summary>A dict: keys in the order in which they were written.</summary>
internal sealed class MapValue(OrderedDictionary<Value, Value> entries) : Value
{
    public OrderedDictionary<Value, Value> Entries { get; } = entries;

    public override string TypeName => "dict";

    public override int? Length => Entries.Count;

    public override IEnumerable<Value> Items => Entries.Keys;

    public static OrderedDictionary<Value, Value> NewEntries(Evaluation evaluation) => new(new ValueEquality(evaluation.Budget));

    public override Value? Item(Value key, Evaluation evaluation) => Entries.GetValueOrDefault(ValueEquality.Hashable(key));

    public override Value? Attribute(string name, Evaluation evaluation) => CollectionMethods.Find(this, name);

    public override void Print(TextBuilder into, bool quoted)
    {
        into.Budget.Enter();
        into.Append('{');
        var first = true;
        foreach (var (key, value) in Entries)
        {
            if (!first) into.Append(", ", trusted: false);
            first = false;
            into.Budget.Steps();
            key.Print(into, quoted: true);
            into.Append(": ", trusted: false);
            value.Print(into, quoted: true);
        }
        into.Append('}');
        into.Budget.Leave();
    }
}

/// <summary>Items that can be looped over once, as filters like map and select give them.</summary>
internal sealed class GeneratorValue(IReadOnlyList<Value> items) : Value
{
    private int _next;

    public override string TypeName => "generator";

    public override bool IsTrue => true;

    public override IEnumerable<Value> Items
    {
        get
        {
            while (_next < items.Count) yield return items[_next++];
        }
    }

    public override void Print(TextBuilder into, bool quoted) => into.Append("<generator object>", trusted: false);
}

/// <summary>range(): at most 100,000 numbers, as in the reference's sandbox.</summary>
internal sealed class RangeValue(int start, int stop, int step) : Value
{
    private readonly int _count = step > 0 ? (int)Math.Max(0, ((long)stop - start + step - 1) / step) : (int)Math.Max(0, ((long)start - stop - step - 1) / -(long)step);

    public override string TypeName => "range";

    public override int? Length => _count;

    public override IEnumerable<Value> Items
    {
        get
        {
            for (var i = 0; i < _count; i++) yield return new IntegerValue(start + ((long)i * step));
        }
    }

    public override Value? Item(Value key, Evaluation evaluation) =>
        key is IntegerValue index && Indices.Resolve(index, _count) is { } place ? new IntegerValue(start + ((long)place * step)) : null;

    public override void Print(TextBuilder into, bool quoted) => into.Append(step == 1 ? $"range({start}, {stop})" : $"range({start}, {stop}, {step})", trusted: false);
}

/// <summary>namespace(): the only value that a template can change.</summary>
internal sealed class NamespaceValue : Value
{
    private readonly Dictionary<string, Value> _attributes = new(StringComparer.Ordinal);

    public override string TypeName => "Namespace";

    public override bool IsTrue => true;

    public override Value? Attribute(string name, Evaluation evaluation) => _attributes.GetValueOrDefault(name);

    public override Value? Item(Value key, Evaluation evaluation) => key is TextValue name ? _attributes.GetValueOrDefault(name.Text) : null;

    public void Set(string name, Value value) => _attributes[name] = name.StartsWith('_')
        ? throw new TemplateFault(TemplateErrorKind.Security, $"Chat templates cannot store underscore-prefixed attributes on a namespace, but got '{name}'. Please rename the attribute.")
        : value;

    public override void Print(TextBuilder into, bool quoted) => into.Append("<Namespace>", trusted: false);
}
