namespace DomainTuning.Checkpoints.Templates;

/// <summary><c>{% for target in items if test %}…{% else %}…{% endfor %}</c>. Every round has names of its own.</summary>
internal sealed class ForStatement(int line, AssignTarget target, Expression items, Expression? test, bool recursive, Block body, Block? otherwise) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output)
    {
        Rounds(items.Evaluate(evaluation, scope), 1, evaluation, scope, output);
        return Flow.Next;
    }

    /// <summary>The loop over other items, one level deeper: what calling the loop of a recursive for does.</summary>
    public TextValue Again(Value over, int depth, Evaluation evaluation, Scope scope)
    {
        evaluation.Budget.Enter();
        if (!recursive) throw TemplateFault.Type("The loop must have the 'recursive' marker to be called recursively.");
        var inner = new Output(evaluation.Budget);
        Rounds(over, depth, evaluation, scope, inner);
        evaluation.Budget.Leave();
        return inner.Text.ToText();
    }

    private void Rounds(Value over, int depth, Evaluation evaluation, Scope scope, Output output)
    {
        var values = Kept(over, evaluation, scope);
        var loop = new LoopValue(values, depth, (value, level) => Again(value, level, evaluation, scope));
        for (var i = 0; i < values.Count; i++)
        {
            evaluation.Budget.Steps();
            loop.Index = i;
            var round = new Scope(scope);
            round.Set("loop", loop);
            target.Assign(values[i], evaluation, round);
            if (body.Run(evaluation, round, output) == Flow.Break) return;
        }
        if (values.Count == 0) otherwise?.Run(evaluation, new Scope(scope), output);
    }

    private List<Value> Kept(Value over, Evaluation evaluation, Scope scope)
    {
        var values = new List<Value>();
        foreach (var value in over.Iterate())
        {
            evaluation.Budget.Steps();
            if (test is not null)
            {
                var trial = new Scope(scope);
                target.Assign(value, evaluation, trial);
                if (!test.Evaluate(evaluation, trial).IsTrue) continue;
            }
            values.Add(value);
        }
        return values;
    }
}

/// <summary>The variable 'loop'.</summary>
internal sealed class LoopValue(IReadOnlyList<Value> values, int depth, Func<Value, int, TextValue> again) : Value
{
    private IReadOnlyList<Value>? _lastSeen;

    public int Index { get; set; }

    public override string TypeName => "LoopContext";

    public override bool IsTrue => true;

    public override bool IsCallable => true;

    public override Value? Attribute(string name, Evaluation evaluation) => name switch
    {
        "index" => Number(Index + 1),
        "index0" => Number(Index),
        "revindex" => Number(values.Count - Index),
        "revindex0" => Number(values.Count - Index - 1),
        "first" => BooleanValue.Of(Index == 0),
        "last" => BooleanValue.Of(Index == values.Count - 1),
        "length" => Number(values.Count),
        "depth" => Number(depth),
        "depth0" => Number(depth - 1),
        "previtem" => Index > 0 ? values[Index - 1] : new UndefinedValue("there is no previous item"),
        "nextitem" => Index < values.Count - 1 ? values[Index + 1] : new UndefinedValue("there is no next item"),
        "cycle" => new FunctionValue(name, (_, arguments) => arguments.Positional.Count == 0
            ? throw TemplateFault.Type("no items for cycling given")
            : arguments.Positional[Index % arguments.Positional.Count]),
        "changed" => new FunctionValue(name, Changed),
        _ => null,
    };

    public override Value Call(Evaluation evaluation, Arguments arguments) =>
        again(arguments.Bind("loop", "iterable")[0] ?? throw TemplateFault.Type("loop() missing 1 required argument"), depth + 1);

    public override void Print(TextBuilder into, bool quoted) => into.Append($"<LoopContext {Index + 1}/{values.Count}>", trusted: false);

    private BooleanValue Changed(Evaluation evaluation, Arguments arguments)
    {
        var same = _lastSeen is not null && evaluation.Equality.Equals(new ListValue(_lastSeen), new ListValue(arguments.Positional));
        _lastSeen = arguments.Positional;
        return BooleanValue.Of(!same);
    }

    private static IntegerValue Number(int number) => new(number);
}
