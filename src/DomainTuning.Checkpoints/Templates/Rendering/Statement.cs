namespace DomainTuning.Checkpoints.Templates;

/// <summary>How a statement ended: normally, or on the way out of the loop around it.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>What is written so far, and the generation blocks in it.</summary>
internal sealed class Output(Budget budget)
{
    public TextBuilder Text { get; } = new(budget);

    public List<Range> Generations { get; } = [];
}

/// <summary>A part of a template that writes or does something.</summary>
internal abstract class Statement(int line)
{
    public int Line { get; } = line;

    public abstract Flow Run(Evaluation evaluation, Scope scope, Output output);
}

/// <summary>Statements one after the other.</summary>
internal sealed class Block(int line, IReadOnlyList<Statement> statements) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output)
    {
        evaluation.Budget.Enter();
        var flow = Flow.Next;
        foreach (var statement in statements)
        {
            evaluation.Line = statement.Line;
            flow = statement.Run(evaluation, scope, output);
            if (flow != Flow.Next) break;
        }
        evaluation.Budget.Leave();
        return flow;
    }

    /// <summary>What the block writes, as a value with names of its own.</summary>
    public TextValue Capture(Evaluation evaluation, Scope scope)
    {
        var inner = new Output(evaluation.Budget);
        Run(evaluation, new Scope(scope), inner);
        return inner.Text.ToText();
    }
}

/// <summary>Text between tags: the template wrote it, so it is trusted.</summary>
internal sealed class DataStatement(int line, string text) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output)
    {
        output.Text.Append(text, trusted: true);
        return Flow.Next;
    }
}

internal sealed class PrintStatement(int line, Expression expression) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output)
    {
        expression.Evaluate(evaluation, scope).Print(output.Text, quoted: false);
        return Flow.Next;
    }
}

internal sealed class IfStatement(int line, IReadOnlyList<(Expression Test, Block Body)> branches, Block? otherwise) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output)
    {
        foreach (var (test, body) in branches)
            if (test.Evaluate(evaluation, scope).IsTrue) return body.Run(evaluation, scope, output);
        return otherwise?.Run(evaluation, scope, output) ?? Flow.Next;
    }
}

internal sealed class SetStatement(int line, AssignTarget target, Expression value) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output)
    {
        target.Assign(value.Evaluate(evaluation, scope), evaluation, scope);
        return Flow.Next;
    }
}

/// <summary><c>{% set x %}…{% endset %}</c>, filters included.</summary>
internal sealed class SetBlockStatement(int line, AssignTarget target, Block body, Func<Expression, Expression>? filters) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output)
    {
        Value value = body.Capture(evaluation, scope);
        if (filters is not null) value = filters(new ConstantExpression(value)).Evaluate(evaluation, scope);
        target.Assign(value, evaluation, scope);
        return Flow.Next;
    }
}

/// <summary><c>{% with a = 1 %}</c>, and blocks whose only effect here is that they have names of their own.</summary>
internal sealed class WithStatement(int line, IReadOnlyList<(AssignTarget Target, Expression Value)> assignments, Block body) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output)
    {
        var inner = new Scope(scope);
        foreach (var (target, value) in assignments) target.Assign(value.Evaluate(evaluation, scope), evaluation, inner);
        return body.Run(evaluation, inner, output);
    }
}

internal sealed class FilterStatement(int line, Block body, Func<Expression, Expression> filters) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output)
    {
        var text = new ConstantExpression(body.Capture(evaluation, scope));
        filters(text).Evaluate(evaluation, scope).Print(output.Text, quoted: false);
        return Flow.Next;
    }
}

/// <summary><c>{% generation %}</c>: what the model is trained on. Its place is kept where it is written to the prompt directly.</summary>
internal sealed class GenerationStatement(int line, Block body) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output)
    {
        var start = output.Text.Length;
        body.Run(evaluation, new Scope(scope), output);
        output.Generations.Add(start..output.Text.Length);
        return Flow.Next;
    }
}

internal sealed class FlowStatement(int line, Flow flow) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output) => flow;
}

/// <summary>include, import, extends: there is no other template to load.</summary>
internal sealed class LoadStatement(int line) : Statement(line)
{
    public override Flow Run(Evaluation evaluation, Scope scope, Output output) => throw TemplateFault.Type("no loader for this environment specified");
}
