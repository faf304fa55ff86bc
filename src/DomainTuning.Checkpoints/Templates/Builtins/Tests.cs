namespace DomainTuning.Checkpoints.Templates;

/// <summary>The tests by name: <c>value is name(argument)</c>.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, Func<Value, Value, Evaluation, bool>> WithArgument = new(StringComparer.Ordinal)
    {
        ["eq"] = (value, other, evaluation) => Comparison.Holds("==", value, other, evaluation),
        ["equalto"] = (value, other, evaluation) => Comparison.Holds("==", value, other, evaluation),
        ["=="] = (value, other, evaluation) => Comparison.Holds("==", value, other, evaluation),
        ["ne"] = (value, other, evaluation) => Comparison.Holds("!=", value, other, evaluation),
        ["!="] = (value, other, evaluation) => Comparison.Holds("!=", value, other, evaluation),
        ["lt"] = (value, other, evaluation) => Comparison.Holds("<", value, other, evaluation),
        ["lessthan"] = (value, other, evaluation) => Comparison.Holds("<", value, other, evaluation),
        ["<"] = (value, other, evaluation) => Comparison.Holds("<", value, other, evaluation),
        ["le"] = (value, other, evaluation) => Comparison.Holds("<=", value, other, evaluation),
        ["<="] = (value, other, evaluation) => Comparison.Holds("<=", value, other, evaluation),
        ["gt"] = (value, other, evaluation) => Comparison.Holds(">", value, other, evaluation),
        ["greaterthan"] = (value, other, evaluation) => Comparison.Holds(">", value, other, evaluation),
        [">"] = (value, other, evaluation) => Comparison.Holds(">", value, other, evaluation),
        ["ge"] = (value, other, evaluation) => Comparison.Holds(">=", value, other, evaluation),
        [">="] = (value, other, evaluation) => Comparison.Holds(">=", value, other, evaluation),
        ["in"] = (value, other, evaluation) => Comparison.Holds("in", value, other, evaluation),
        ["divisibleby"] = (value, other, evaluation) => !Arithmetic.Apply("%", value, other, evaluation).IsTrue,
        ["sameas"] = (value, other, evaluation) => ReferenceEquals(value, other)
            || (value.GetType() == other.GetType() && value is NumberValue or TextValue && evaluation.Equality.Equals(value, other)),
    };

    private static readonly Dictionary<string, Func<Value, Evaluation, bool>> Plain = new(StringComparer.Ordinal)
    {
        ["defined"] = (value, _) => value is not UndefinedValue,
        ["undefined"] = (value, _) => value is UndefinedValue,
        ["none"] = (value, _) => value is NoneValue,
        ["string"] = (value, _) => value is TextValue,
        ["mapping"] = (value, _) => value is MapValue,
        ["iterable"] = (value, _) => value.Items is not null,
        ["sequence"] = (value, _) => value is TextValue or MapValue or RangeValue or UndefinedValue or ListValue { IsSequence: true },
        ["number"] = (value, _) => value is NumberValue,
        ["integer"] = (value, _) => value is IntegerValue and not BooleanValue,
        ["float"] = (value, _) => value is FloatValue,
        ["boolean"] = (value, _) => value is BooleanValue,
        ["true"] = (value, _) => ReferenceEquals(value, BooleanValue.True),
        ["false"] = (value, _) => ReferenceEquals(value, BooleanValue.False),
        ["odd"] = (value, evaluation) => Arithmetic.Apply("%", value, new IntegerValue(2), evaluation) is NumberValue { Double: 1 },
        ["even"] = (value, evaluation) => Arithmetic.Apply("%", value, new IntegerValue(2), evaluation) is NumberValue { Double: 0 },
        ["lower"] = (value, evaluation) => TextMethods.IsLower(value.ToText(evaluation)),
        ["upper"] = (value, evaluation) => TextMethods.IsUpper(value.ToText(evaluation)),
        ["callable"] = (value, _) => value.IsCallable,
        ["escaped"] = (_, _) => false,
        ["filter"] = (value, _) => value is TextValue name && Filters.Exists(name.Text),
        ["test"] = (value, _) => value is TextValue name && Exists(name.Text),
    };

    public static bool Holds(string name, Value value, Arguments arguments, Evaluation evaluation)
    {
        if (Plain.TryGetValue(name, out var plain))
        {
            arguments.Bind("test_" + name);
            return plain(value, evaluation);
        }
        if (!WithArgument.TryGetValue(name, out var test)) throw new TemplateFault(TemplateErrorKind.UnknownName, $"No test named '{name}'.");
        return test(value, arguments.Bind("test_" + name, "other")[0] ?? throw TemplateFault.Type($"test '{name}' needs an argument"), evaluation);
    }

    private static bool Exists(string name) => Plain.ContainsKey(name) || WithArgument.ContainsKey(name);
}
