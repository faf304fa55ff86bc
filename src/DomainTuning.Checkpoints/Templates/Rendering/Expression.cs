namespace DomainTuning.Checkpoints.Templates;

/// <summary>A part of a template that has a value.</summary>
internal abstract record Expression
{
    public Value Evaluate(Evaluation evaluation, Scope scope)
    {
        evaluation.Budget.Enter();
        var value = Compute(evaluation, scope);
        evaluation.Budget.Leave();
        return value;
    }

    protected abstract Value Compute(Evaluation evaluation, Scope scope);
}

internal sealed record ConstantExpression(Value Constant) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope) => Constant;
}

internal sealed record NameExpression(string Name) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope) => scope.Find(Name) ?? UndefinedValue.Name(Name);
}

internal sealed record ListExpression(IReadOnlyList<Expression> Elements, ListKind Kind) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope)
    {
        var items = new Value[Elements.Count];
        for (var i = 0; i < items.Length; i++) items[i] = Elements[i].Evaluate(evaluation, scope);
        return new ListValue(items, Kind);
    }
}

internal sealed record MapExpression(IReadOnlyList<(Expression Key, Expression Value)> Entries) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope)
    {
        var entries = MapValue.NewEntries(evaluation);
        foreach (var (key, value) in Entries) entries[ValueEquality.Hashable(key.Evaluate(evaluation, scope))] = value.Evaluate(evaluation, scope);
        return new MapValue(entries);
    }
}

internal sealed record ConditionalExpression(Expression Test, Expression Then, Expression? Otherwise) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope)
    {
        if (Test.Evaluate(evaluation, scope).IsTrue) return Then.Evaluate(evaluation, scope);
        return Otherwise?.Evaluate(evaluation, scope)
            ?? new UndefinedValue("the inline if-expression evaluated to false and no else section was defined.");
    }
}

internal sealed record OrExpression(Expression Left, Expression Right) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope) =>
        Left.Evaluate(evaluation, scope) is { IsTrue: true } left ? left : Right.Evaluate(evaluation, scope);
}

internal sealed record AndExpression(Expression Left, Expression Right) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope) =>
        Left.Evaluate(evaluation, scope) is { IsTrue: false } left ? left : Right.Evaluate(evaluation, scope);
}

internal sealed record NotExpression(Expression Inner) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope) => BooleanValue.Of(!Inner.Evaluate(evaluation, scope).IsTrue);
}

internal sealed record SignExpression(Expression Inner, bool negative) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope) => Arithmetic.Signed(Inner.Evaluate(evaluation, scope), negative);
}

internal sealed record ArithmeticExpression(string Sign, Expression Left, Expression Right) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope) =>
        Arithmetic.Apply(Sign, Left.Evaluate(evaluation, scope), Right.Evaluate(evaluation, scope), evaluation);
}

/// <summary>a ~ b: everything as text, one after the other.</summary>
internal sealed record ConcatenationExpression(IReadOnlyList<Expression> Parts) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope)
    {
        var text = new TextBuilder(evaluation.Budget);
        foreach (var part in Parts) part.Evaluate(evaluation, scope).Print(text, quoted: false);
        return text.ToText();
    }
}

/// <summary>a &lt; b &lt;= c: true while every neighbouring pair compares true.</summary>
internal sealed record ComparisonExpression(Expression First, IReadOnlyList<(string Sign, Expression Right)> Rest) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope)
    {
        var left = First.Evaluate(evaluation, scope);
        foreach (var (sign, expression) in Rest)
        {
            var right = expression.Evaluate(evaluation, scope);
            if (!Comparison.Holds(sign, left, right, evaluation)) return BooleanValue.False;
            left = right;
        }
        return BooleanValue.True;
    }
}

internal sealed record AttributeExpression(Expression On, string Name) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope) => evaluation.Attribute(On.Evaluate(evaluation, scope), Name);
}

internal sealed record ItemExpression(Expression On, Expression Key) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope) => evaluation.Item(On.Evaluate(evaluation, scope), Key.Evaluate(evaluation, scope));
}

internal sealed record SliceExpression(Expression On, Expression? Start, Expression? Stop, Expression? Step) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope)
    {
        return Indices.Slice(On.Evaluate(evaluation, scope), Part(Start), Part(Stop), Part(Step), evaluation);

        Value Part(Expression? part) => part?.Evaluate(evaluation, scope) ?? NoneValue.Instance;
    }
}

internal sealed record CallExpression(Expression On, CallArguments Arguments) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope) => On.Evaluate(evaluation, scope).Call(evaluation, Arguments.Evaluate(evaluation, scope));
}

internal sealed record FilterExpression(Expression On, string Name, CallArguments Arguments) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope) =>
        Filters.Apply(Name, On.Evaluate(evaluation, scope), Arguments.Evaluate(evaluation, scope), evaluation);
}

internal sealed record TestExpression(Expression On, string Name, CallArguments Arguments) : Expression
{
    protected override Value Compute(Evaluation evaluation, Scope scope) =>
        BooleanValue.Of(Tests.Holds(Name, On.Evaluate(evaluation, scope), Arguments.Evaluate(evaluation, scope), evaluation));
}

/// <summary>What stands between the parentheses of a call, before it is evaluated.</summary>
internal sealed class CallArguments
{
    public List<Expression> Positional { get; } = [];

    public List<(string Name, Expression Value)> Named { get; } = [];

    public Expression? Spread { get; set; }

    public Expression? SpreadNamed { get; set; }

    public bool IsEmpty => Positional.Count == 0 && Named.Count == 0 && Spread is null && SpreadNamed is null;

    public Arguments Evaluate(Evaluation evaluation, Scope scope)
    {
        if (IsEmpty) return Arguments.None;
        var positional = new List<Value>();
        foreach (var expression in Positional) positional.Add(expression.Evaluate(evaluation, scope));
        if (Spread is not null)
            foreach (var item in Spread.Evaluate(evaluation, scope).Iterate())
            {
                evaluation.Budget.Steps();
                positional.Add(item);
            }
        var named = new List<KeyValuePair<string, Value>>();
        foreach (var (name, expression) in Named) named.Add(new(name, expression.Evaluate(evaluation, scope)));
        if (SpreadNamed is not null)
        {
            if (SpreadNamed.Evaluate(evaluation, scope) is not MapValue map) throw TemplateFault.Type("argument after ** must be a mapping");
            foreach (var (key, value) in map.Entries) named.Add(new(key is TextValue text ? text.Text : throw TemplateFault.Type("keywords must be strings"), value));
        }
        return new Arguments(positional, named);
    }
}
