namespace DomainTuning.Checkpoints.Templates;

/// <summary>The methods of lists and dicts that only read. Those that would change them exist but may not be called, as in the reference's sandbox.</summary>
internal static class CollectionMethods
{
    private static readonly HashSet<string> ListChanges = ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"];
    private static readonly HashSet<string> MapChanges = ["clear", "pop", "popitem", "setdefault", "update"];

    public static Value? Find(ListValue list, string name)
    {
        if (list.Kind == ListKind.List && ListChanges.Contains(name)) return UndefinedValue.Unsafe(list, name);
        return name switch
        {
            "index" => new FunctionValue(name, (evaluation, arguments) =>
            {
                var what = arguments.Bind(name, "value")[0]!;
                for (var i = 0; i < list.Elements.Count; i++)
                    if (evaluation.Equality.Equals(list.Elements[i], what)) return new IntegerValue(i);
                throw TemplateFault.Value($"{list.TypeName}.index(x): x not in {list.TypeName}");
            }),
            "count" => new FunctionValue(name, (evaluation, arguments) =>
            {
                var what = arguments.Bind(name, "value")[0]!;
                return new IntegerValue(list.Elements.Count(item => evaluation.Equality.Equals(item, what)));
            }),
            "copy" when list.Kind == ListKind.List => new FunctionValue(name, (_, _) => list),
            _ => null,
        };
    }

    public static Value? Find(MapValue map, string name)
    {
        if (MapChanges.Contains(name)) return UndefinedValue.Unsafe(map, name);
        return name switch
        {
            "keys" => new FunctionValue(name, (_, _) => new ListValue([.. map.Entries.Keys], ListKind.Keys)),
            "values" => new FunctionValue(name, (_, _) => new ListValue([.. map.Entries.Values], ListKind.Values)),
            "items" => new FunctionValue(name, (evaluation, _) => new ListValue(Pairs(map, evaluation), ListKind.Items)),
            "get" => new FunctionValue(name, (evaluation, arguments) =>
            {
                var given = arguments.Bind(name, "key", "default");
                return map.Item(given[0] ?? throw TemplateFault.Type("get expected at least 1 argument, got 0"), evaluation) ?? given[1] ?? NoneValue.Instance;
            }),
            "copy" => new FunctionValue(name, (_, _) => map),
            "fromkeys" => new FunctionValue(name, FromKeys),
            _ => null,
        };
    }

    public static List<Value> Pairs(MapValue map, Evaluation evaluation)
    {
        evaluation.Budget.Steps(map.Entries.Count);
        return [.. map.Entries.Select(entry => ListValue.Tuple(entry.Key, entry.Value))];
    }

    public static MapValue FromKeys(Evaluation evaluation, Arguments arguments)
    {
        var given = arguments.Bind("fromkeys", "iterable", "value");
        var entries = MapValue.NewEntries(evaluation);
        foreach (var key in (given[0] ?? NoneValue.Instance).Iterate()) entries[ValueEquality.Hashable(key)] = given[1] ?? NoneValue.Instance;
        return new MapValue(entries);
    }
}
