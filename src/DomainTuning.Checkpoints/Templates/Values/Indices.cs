namespace DomainTuning.Checkpoints.Templates;

/// <summary>Indices and slices by Python's rules: negative ones count from the end, slices never fail.</summary>
internal static class Indices
{
    public static int? Resolve(IntegerValue index, int length)
    {
        var place = index.Clamped < 0 ? (long)index.Clamped + length : index.Clamped;
        return place >= 0 && place < length ? (int)place : null;
    }

    public static Value Slice(Value source, Value start, Value stop, Value step, Evaluation evaluation)
    {
        if (source is UndefinedValue undefined) throw undefined.Fault;
        if (source is not (TextValue or ListValue { IsSequence: true } or RangeValue)) return UndefinedValue.Element(source, TextValue.Untrusted("slice"), evaluation);
        var length = source.Length!.Value;
        var by = Part(step) ?? 1;
        if (by == 0) throw TemplateFault.Value("slice step cannot be zero");
        var (low, high) = by > 0 ? (0, length) : (-1, length - 1);
        var from = Part(start) is { } s ? Bound(s) : by > 0 ? low : high;
        var to = Part(stop) is { } e ? Bound(e) : by > 0 ? high : low;
        return source is TextValue text ? SliceText(text, from, to, by, evaluation) : SliceList(source, from, to, by, evaluation);

        int Bound(int value) => Math.Clamp(value < 0 ? (int)Math.Max((long)value + length, low) : value, low, high);
    }

    private static TextValue SliceText(TextValue text, int from, int to, int by, Evaluation evaluation)
    {
        if (by == 1)
        {
            if (from >= to) return TextValue.Empty;
            var start = text.UnitOf(from);
            return text.Slice(start, text.UnitOf(to) - start);
        }
        var characters = text.Items.ToList();
        var result = new TextBuilder(evaluation.Budget);
        for (long i = from; by > 0 ? i < to : i > to; i += by) result.Append((TextValue)characters[(int)i]);
        return result.ToText();
    }

    private static ListValue SliceList(Value source, int from, int to, int by, Evaluation evaluation)
    {
        var elements = source is ListValue list ? list.Elements : [.. source.Items!];
        var result = new List<Value>();
        for (long i = from; by > 0 ? i < to : i > to; i += by)
        {
            evaluation.Budget.Steps();
            result.Add(elements[(int)i]);
        }
        return new ListValue(result, source is ListValue { Kind: ListKind.Tuple } ? ListKind.Tuple : ListKind.List);
    }

    private static int? Part(Value value) => value switch
    {
        NoneValue => null,
        IntegerValue integer => integer.Clamped,
        UndefinedValue undefined => throw undefined.Fault,
        _ => throw TemplateFault.Type("slice indices must be integers or None or have an __index__ method"),
    };
}
