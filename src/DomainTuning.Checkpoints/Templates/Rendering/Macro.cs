namespace DomainTuning.Checkpoints.Templates;

/// <summary><c>{% macro f(a, b=1) %}</c>, and the body of a call block.</summary>
/// <param name="Name">The name; "caller" for the body of a call block.</param>
/// <param name="Parameters">Names with their defaults, which are evaluated at every call.</param>
/// <param name="TakesExtra">The body reads varargs.</param>
/// <param name="TakesExtraNamed">The body reads kwargs.</param>
internal sealed record MacroDefinition(string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, Block Body, bool TakesExtra, bool TakesExtraNamed, bool TakesCaller);

internal sealed class MacroStatement(int line, MacroDefinition macro) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output)
    {
        scope.Set(macro.Name, new MacroValue(macro, scope));
        return Flow.Next;
    }
}

/// <summary><c>{% call(x) f() %}…{% endcall %}</c>: calls f, which may call back as caller(x).</summary>
internal sealed class CallStatement(int line, Expression on, CallArguments arguments, MacroDefinition caller) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output)
    {
        var given = arguments.Evaluate(evaluation, scope);
        var withCaller = given with { Named = [.. given.Named, new("caller", new MacroValue(caller, scope))] };
        on.Evaluate(evaluation, scope).Call(evaluation, withCaller).Print(output.Text, quoted: false);
        return Flow.Next;
    }
}

/// <summary>A macro together with the names around it. What it writes is its value.</summary>
internal sealed class MacroValue(MacroDefinition macro, Scope home) : Value
{
    public override string TypeName => "Macro";

    public override bool IsTrue => true;

    public override bool IsCallable => true;

    public override Value? Attribute(string name, Evaluation evaluation) => name switch
    {
        "name" => TextValue.Trusted(macro.Name),
        "arguments" => ListValue.Tuple([.. macro.Parameters.Select(parameter => TextValue.Trusted(parameter.Name))]),
        _ => null,
    };

    public override Value Call(Evaluation evaluation, Arguments arguments)
    {
        evaluation.Budget.Enter();
        var scope = new Scope(home);
        var given = new Dictionary<string, Value>(StringComparer.Ordinal);
        var extra = new List<Value>();
        var extraNamed = MapValue.NewEntries(evaluation);
        Value? caller = null;
        for (var i = 0; i < arguments.Positional.Count; i++)
        {
            if (i < macro.Parameters.Count) given[macro.Parameters[i].Name] = arguments.Positional[i];
            else if (macro.TakesExtra) extra.Add(arguments.Positional[i]);
            else throw TemplateFault.Type($"macro '{macro.Name}' takes not more than {macro.Parameters.Count} argument(s)");
        }
        foreach (var (name, value) in arguments.Named)
        {
            if (macro.Parameters.Any(parameter => parameter.Name == name))
                given[name] = given.ContainsKey(name) ? throw TemplateFault.Type($"macro '{macro.Name}' got multiple values for argument '{name}'") : value;
            else if (name == "caller" && macro.TakesCaller) caller = value;
            else if (name == "caller") throw TemplateFault.Type($"macro '{macro.Name}' was invoked with two values for the special caller argument. This is most likely a bug.");
            else if (macro.TakesExtraNamed) extraNamed[TextValue.Trusted(name)] = value;
            else throw TemplateFault.Type($"macro '{macro.Name}' takes no keyword argument '{name}'");
        }

        foreach (var (name, preset) in macro.Parameters)
            scope.Set(name, given.GetValueOrDefault(name) ?? preset?.Evaluate(evaluation, scope) ?? new UndefinedValue($"parameter '{name}' was not provided"));
        if (macro.TakesExtra) scope.Set("varargs", new ListValue(extra, ListKind.Tuple));
        if (macro.TakesExtraNamed) scope.Set("kwargs", new MapValue(extraNamed));
        if (macro.TakesCaller) scope.Set("caller", caller ?? new UndefinedValue("No caller defined"));
        var text = macro.Body.Capture(evaluation, scope);
        evaluation.Budget.Leave();
        return text;
    }

    public override void Print(TextBuilder into, bool quoted) => into.Append($"<Macro '{macro.Name}'>", trusted: false);
}
