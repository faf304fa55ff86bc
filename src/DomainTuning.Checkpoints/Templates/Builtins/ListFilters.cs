namespace DomainTuning.Checkpoints.Templates;

/// <summary>Filters over rows of values.</summary>
internal static class ListFilters
{
    public static Dictionary<string, Func<Value, Evaluation, Arguments, Value>> All { get; } = new(StringComparer.Ordinal)
    {
        ["list"] = (value, evaluation, _) => new ListValue(Take(value, evaluation)),
        ["join"] = (value, evaluation, arguments) =>
        {
            var given = arguments.Bind("join", "d", "attribute");
            var items = Take(value, evaluation).Select(item => given[1] is null or NoneValue ? item : AttributePath(item, given[1]!, evaluation));
            return TextOperations.Join(items, given[0]?.ToText(evaluation) ?? TextValue.Empty, evaluation);
        },
        ["first"] = (value, _, _) => value.Iterate().FirstOrDefault() ?? new UndefinedValue("No first item, sequence was empty."),
        ["last"] = (value, evaluation, _) => Take(value, evaluation) is { Count: > 0 } items ? items[^1] : new UndefinedValue("No last item, sequence was empty."),
        ["random"] = (value, evaluation, _) => Take(value, evaluation) is { Count: > 0 } items ? items[evaluation.Random.Next(items.Count)] : new UndefinedValue("No random item, sequence was empty."),
        ["reverse"] = (value, evaluation, _) =>
        {
            var items = Take(value, evaluation);
            items.Reverse();
            return value is TextValue ? TextOperations.Join(items, TextValue.Empty, evaluation) : new GeneratorValue(items);
        },
        ["sort"] = (value, evaluation, arguments) =>
        {
            var given = arguments.Bind("sort", "reverse", "case_sensitive", "attribute");
            return new ListValue(Sorted(Take(value, evaluation), item => Key(item, given[2], given[1], evaluation), given[0]?.IsTrue ?? false, evaluation));
        },
        ["unique"] = (value, evaluation, arguments) =>
        {
            var given = arguments.Bind("unique", "case_sensitive", "attribute");
            return new GeneratorValue([.. Take(value, evaluation).DistinctBy(item => ValueEquality.Hashable(Key(item, given[1], given[0], evaluation)), evaluation.Equality)]);
        },
        ["sum"] = (value, evaluation, arguments) =>
        {
            var given = arguments.Bind("sum", "attribute", "start");
            return Take(value, evaluation).Aggregate(given[1] ?? new IntegerValue(0), (total, item) => Arithmetic.Apply("+", total, given[0] is null or NoneValue ? item : AttributePath(item, given[0]!, evaluation), evaluation));
        },
        ["min"] = (value, evaluation, arguments) => Extreme(value, evaluation, arguments, -1),
        ["max"] = (value, evaluation, arguments) => Extreme(value, evaluation, arguments, 1),
        ["map"] = Map,
        ["select"] = (value, evaluation, arguments) => Select(value, evaluation, arguments, byAttribute: false, keeps: true),
        ["reject"] = (value, evaluation, arguments) => Select(value, evaluation, arguments, byAttribute: false, keeps: false),
        ["selectattr"] = (value, evaluation, arguments) => Select(value, evaluation, arguments, byAttribute: true, keeps: true),
        ["rejectattr"] = (value, evaluation, arguments) => Select(value, evaluation, arguments, byAttribute: true, keeps: false),
        ["batch"] = Batch,
        ["slice"] = Slice,
        ["groupby"] = GroupBy,
        ["dictsort"] = (value, evaluation, arguments) =>
        {
            var given = arguments.Bind("dictsort", "case_sensitive", "by", "reverse");
            if (value is not MapValue map) throw TemplateFault.Type($"'{value.TypeName}' object has no items to sort");
            var by = given[1] is TextValue { Text: "value" } ? 1 : 0;
            return new ListValue(Sorted(CollectionMethods.Pairs(map, evaluation), pair => Key(((ListValue)pair).Elements[by], null, given[0], evaluation), given[2]?.IsTrue ?? false, evaluation));
        },
    };

    private static List<Value> Take(Value value, Evaluation evaluation)
    {
        var items = new List<Value>();
        foreach (var item in value.Iterate())
        {
            evaluation.Budget.Steps();
            items.Add(item);
        }
        return items;
    }

    /// <summary>"a.b.0": attribute by attribute; digits are indices.</summary>
    private static Value AttributePath(Value item, Value path, Evaluation evaluation, Value? preset = null)
    {
        if (path is not TextValue text) return evaluation.Item(item, path);
        foreach (var part in text.Text.Split('.'))
        {
            item = int.TryParse(part, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var index)
                ? evaluation.Item(item, new IntegerValue(index)) : evaluation.Item(item, TextValue.Untrusted(part));
            if (item is UndefinedValue && preset is not null) item = preset;
        }
        return item;
    }

    private static Value Key(Value item, Value? attribute, Value? caseSensitive, Evaluation evaluation)
    {
        var key = attribute is null or NoneValue ? item : AttributePath(item, attribute, evaluation);
        return key is TextValue text && !(caseSensitive?.IsTrue ?? false) ? TextOperations.Lower(text, evaluation) : key;
    }

    private static List<Value> Sorted(List<Value> items, Func<Value, Value> key, bool descending, Evaluation evaluation)
    {
        var order = Comparer<Value>.Create((a, b) => evaluation.Equality.Compare(a, b));
        var keyed = items.Select(item => (Item: item, Key: key(item))).ToList();
        return [.. (descending ? keyed.OrderByDescending(pair => pair.Key, order) : keyed.OrderBy(pair => pair.Key, order)).Select(pair => pair.Item)];
    }

    private static Value Extreme(Value value, Evaluation evaluation, Arguments arguments, int sign)
    {
        var given = arguments.Bind("max", "case_sensitive", "attribute");
        Value? best = null, bestKey = null;
        foreach (var item in Take(value, evaluation))
        {
            var key = Key(item, given[1], given[0], evaluation);
            if (bestKey is not null && Math.Sign(evaluation.Equality.Compare(key, bestKey)) != sign) continue;
            (best, bestKey) = (item, key);
        }
        return best ?? new UndefinedValue("No aggregated item, sequence was empty.");
    }

    private static GeneratorValue Map(Value value, Evaluation evaluation, Arguments arguments)
    {
        var results = new List<Value>();
        var attribute = arguments.Named.FirstOrDefault(argument => argument.Key == "attribute").Value;
        if (attribute is not null && arguments.Positional.Count == 0)
        {
            var preset = arguments.Named.FirstOrDefault(argument => argument.Key == "default").Value;
            foreach (var item in Take(value, evaluation)) results.Add(AttributePath(item, attribute, evaluation, preset));
            return new GeneratorValue(results);
        }
        if (arguments.Positional.Count == 0) throw new TemplateFault(TemplateErrorKind.Runtime, "map requires a filter argument");
        var name = TextOperations.Text(arguments.Positional[0], "map() filter").Text;
        var rest = arguments with { Positional = [.. arguments.Positional.Skip(1)] };
        foreach (var item in Take(value, evaluation)) results.Add(Filters.Apply(name, item, rest, evaluation));
        return new GeneratorValue(results);
    }

    private static GeneratorValue Select(Value value, Evaluation evaluation, Arguments arguments, bool byAttribute, bool keeps)
    {
        var positional = arguments.Positional;
        if (byAttribute && positional.Count == 0) throw new TemplateFault(TemplateErrorKind.Runtime, "Missing parameter for attribute name");
        var attribute = byAttribute ? positional[0] : null;
        var first = byAttribute ? 1 : 0;
        var test = positional.Count > first ? TextOperations.Text(positional[first], "test name").Text : null;
        var rest = new Arguments([.. positional.Skip(first + 1)], arguments.Named);
        var results = new List<Value>();
        foreach (var item in Take(value, evaluation))
        {
            var subject = attribute is null ? item : AttributePath(item, attribute, evaluation);
            if ((test is null ? subject.IsTrue : Tests.Holds(test, subject, rest, evaluation)) == keeps) results.Add(item);
        }
        return new GeneratorValue(results);
    }

    private static GeneratorValue Batch(Value value, Evaluation evaluation, Arguments arguments)
    {
        var given = arguments.Bind("batch", "linecount", "fill_with");
        var size = Math.Max(1, TextOperations.Number(given[0], "linecount") ?? throw TemplateFault.Type("batch() needs a line count"));
        var rows = Take(value, evaluation).Chunk(size).Select(row => row.ToList()).ToList();
        if (rows.Count > 0 && given[1] is { } filling and not NoneValue)
        {
            evaluation.Budget.Steps(size - rows[^1].Count);
            while (rows[^1].Count < size) rows[^1].Add(filling);
        }
        return new GeneratorValue([.. rows.Select(row => new ListValue(row))]);
    }

    /// <summary>Cuts into a number of columns; the first ones get the items that are left over.</summary>
    private static GeneratorValue Slice(Value value, Evaluation evaluation, Arguments arguments)
    {
        var given = arguments.Bind("slice", "slices", "fill_with");
        var items = Take(value, evaluation);
        var count = TextOperations.Number(given[0], "slices") ?? 0;
        if (count < 1) throw new TemplateFault(TemplateErrorKind.ZeroDivision, "integer division or modulo by zero");
        evaluation.Budget.Steps(count);
        var (each, extra) = Math.DivRem(items.Count, count);
        var columns = new List<Value>();
        var start = 0;
        for (var i = 0; i < count; i++)
        {
            var length = each + (i < extra ? 1 : 0);
            var column = items.GetRange(start, length);
            if (given[1] is { } filling and not NoneValue && extra > 0 && i >= extra) column.Add(filling);
            columns.Add(new ListValue(column));
            start += length;
        }
        return new GeneratorValue(columns);
    }

    private static ListValue GroupBy(Value value, Evaluation evaluation, Arguments arguments)
    {
        var given = arguments.Bind("groupby", "attribute", "default", "case_sensitive");
        var attribute = given[0] ?? throw TemplateFault.Type("groupby() needs an attribute");
        var sorted = Sorted(Take(value, evaluation), item => Group(item), descending: false, evaluation);
        var groups = new List<Value>();
        for (var i = 0; i < sorted.Count;)
        {
            var key = Group(sorted[i]);
            var members = sorted.Skip(i).TakeWhile(item => evaluation.Equality.Equals(Group(item), key)).ToList();
            groups.Add(ListValue.Tuple(AttributePath(sorted[i], attribute, evaluation, given[1]), new ListValue(members)));
            i += members.Count;
        }
        return new ListValue(groups);

        Value Group(Value item) => AttributePath(item, attribute, evaluation, given[1]) is var key && key is TextValue text && !(given[2]?.IsTrue ?? false) ? TextOperations.Lower(text, evaluation) : key;
    }
}
