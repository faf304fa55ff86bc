namespace DomainTuning.Checkpoints.Templates;

/// <summary>The arguments of a call, filter or test.</summary>
internal sealed record Arguments(IReadOnlyList<Value> Positional, IReadOnlyList<KeyValuePair<string, Value>> Named)
{
    public static Arguments None { get; } = new([], []);

    public static Arguments Of(params Value[] values) => new(values, []);

    /// <summary>Puts the arguments in the order of the names; null for one that is not given.</summary>
    public Value?[] Bind(string function, params ReadOnlySpan<string> names)
    {
        if (Positional.Count > names.Length) throw TemplateFault.Type($"{function}() takes at most {names.Length} argument(s) ({Positional.Count} given)");
        var bound = new Value?[names.Length];
        for (var i = 0; i < Positional.Count; i++) bound[i] = Positional[i];
        foreach (var (name, value) in Named)
        {
            var place = names.IndexOf(name);
            if (place < 0) throw TemplateFault.Type($"{function}() got an unexpected keyword argument '{name}'");
            bound[place] = bound[place] is null ? value : throw TemplateFault.Type($"{function}() got multiple values for argument '{name}'");
        }
        return bound;
    }
}

/// <summary>A function that the environment offers, or a method bound to its value.</summary>
internal sealed class FunctionValue(string name, Func<Evaluation, Arguments, Value> body) : Value
{
    public override string TypeName => "function";

    public override bool IsTrue => true;

    public override bool IsCallable => true;

    public override Value? Attribute(string attribute, Evaluation evaluation) =>
        name == "dict" && attribute == "fromkeys" ? new FunctionValue("fromkeys", CollectionMethods.FromKeys) : null;

    public override Value Call(Evaluation evaluation, Arguments arguments) => body(evaluation, arguments);

    public override void Print(TextBuilder into, bool quoted) => into.Append($"<function {name}>", trusted: false);
}

/// <summary>cycler(): gives its values in turn.</summary>
internal sealed class CyclerValue(IReadOnlyList<Value> values) : Value
{
    private int _position;

    public override string TypeName => "Cycler";

    public override bool IsTrue => true;

    public override Value? Attribute(string name, Evaluation evaluation) => name switch
    {
        "current" => values[_position],
        "next" => new FunctionValue(name, (_, _) =>
        {
            var value = values[_position];
            _position = (_position + 1) % values.Count;
            return value;
        }),
        "reset" => new FunctionValue(name, (_, _) =>
        {
            _position = 0;
            return NoneValue.Instance;
        }),
        _ => null,
    };

    public override void Print(TextBuilder into, bool quoted) => into.Append("<Cycler>", trusted: false);
}

/// <summary>joiner(): nothing at the first call, the separator at every later one.</summary>
internal sealed class JoinerValue(TextValue separator) : Value
{
    private bool _used;

    public override string TypeName => "Joiner";

    public override bool IsTrue => true;

    public override bool IsCallable => true;

    public override Value Call(Evaluation evaluation, Arguments arguments)
    {
        var value = _used ? separator : TextValue.Empty;
        _used = true;
        return value;
    }

    public override void Print(TextBuilder into, bool quoted) => into.Append("<Joiner>", trusted: false);
}
