using System.Globalization;
using System.Numerics;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>Expressions, loosest binding first: if-else, or, and, not, comparisons, + -, ~, * / // %, **, unary with its filters and tests.</summary>
internal sealed class ExpressionParser(TokenStream tokens)
{
    private static readonly HashSet<string> Comparisons = ["==", "!=", "<", "<=", ">", ">="];
    private readonly Stack<HashSet<string>> _namesInMacros = new();

    public Expression Expression(bool withCondition = true)
    {
        tokens.Enter();
        var expression = withCondition ? Condition() : Or();
        tokens.Leave();
        return expression;
    }

    /// <summary>One expression, or several with commas between, which make a tuple.</summary>
    public Expression TupleOrExpression(bool withCondition = true, Func<bool>? ends = null, bool inParentheses = false)
    {
        var items = new List<Expression>();
        var isTuple = false;
        while (true)
        {
            if (items.Count > 0) tokens.Expect(",");
            if (IsTupleEnd(ends)) break;
            items.Add(Expression(withCondition));
            if (!tokens.Current.IsOperator(",")) break;
            isTuple = true;
        }
        if (!isTuple)
        {
            if (items.Count > 0) return items[0];
            if (!inParentheses) throw tokens.Error($"Expected an expression, got '{tokens.Current.Description}'");
        }
        return new ListExpression(items, ListKind.Tuple);
    }

    /// <summary>What 'for' and 'set' assign to.</summary>
    public AssignTarget Target(bool allowNamespace = false)
    {
        tokens.Enter();
        var names = new List<AssignTarget>();
        var isTuple = false;
        while (true)
        {
            if (names.Count > 0) tokens.Expect(",");
            if (names.Count > 0 && (tokens.Current.IsOperator("=") || tokens.Current.IsName("in"))) break;
            names.Add(OneTarget(allowNamespace));
            if (!tokens.Current.IsOperator(",")) break;
            isTuple = true;
        }
        tokens.Leave();
        return isTuple ? new TupleTarget(names) : names[0];
    }

    /// <summary>The names that a macro's body reads, by which it is known whether it takes extra arguments.</summary>
    public HashSet<string> NamesReadBy(Action parseBody)
    {
        _namesInMacros.Push([]);
        parseBody();
        var names = _namesInMacros.Pop();
        if (_namesInMacros.TryPeek(out var outer)) outer.UnionWith(names);
        return names;
    }

    public CallArguments Arguments()
    {
        tokens.Expect("(");
        var arguments = new CallArguments();
        while (!tokens.Current.IsOperator(")"))
        {
            if (!arguments.IsEmpty)
            {
                tokens.Expect(",");
                if (tokens.Current.IsOperator(")")) break;
            }
            if (tokens.Skip("*")) arguments.Spread = Expression();
            else if (tokens.Skip("**")) arguments.SpreadNamed = Expression();
            else if (tokens.Current.Kind == TokenKind.Name && tokens.Ahead.IsOperator("="))
            {
                var name = tokens.Take().Value;
                tokens.Take();
                arguments.Named.Add((name, Expression()));
            }
            else
            {
                if (arguments.Named.Count > 0 || arguments.SpreadNamed is not null) throw tokens.Error("invalid syntax for function call expression");
                arguments.Positional.Add(Expression());
            }
        }
        tokens.Expect(")");
        return arguments;
    }

    /// <summary>Filters after a block's head: <c>{% filter upper | trim %}</c>, <c>{% set x | upper %}</c>.</summary>
    public Expression Filters(Expression on)
    {
        do on = Filter(on);
        while (tokens.Skip("|"));
        return on;
    }

    private AssignTarget OneTarget(bool allowNamespace)
    {
        if (tokens.Current.IsOperator("("))
        {
            tokens.Take();
            var inner = Target();
            tokens.Expect(")");
            return inner;
        }
        if (tokens.Current.Kind is TokenKind.BlockEnd) throw tokens.Error($"Expected an expression, got '{tokens.Current.Description}'");
        var name = tokens.Expect(TokenKind.Name, "name");
        if (name.Value is "true" or "false" or "none" or "True" or "False" or "None" or "not" or "and" or "or" or "if" or "else" or "in" or "is")
            throw tokens.Error($"can't assign to '{name.Value}'", name.Line);
        if (!allowNamespace || !tokens.Skip(".")) return new NameTarget(name.Value);
        return new AttributeTarget(name.Value, tokens.Expect(TokenKind.Name, "name").Value);
    }

    private bool IsTupleEnd(Func<bool>? ends) =>
        tokens.Current.Kind is TokenKind.PrintEnd or TokenKind.BlockEnd || tokens.Current.IsOperator(")") || (ends is not null && ends());

    private Expression Condition()
    {
        var value = Or();
        while (tokens.SkipName("if"))
        {
            var test = Or();
            var otherwise = tokens.SkipName("else") ? Nested(Condition) : null;
            value = new ConditionalExpression(test, value, otherwise);
        }
        return value;
    }

    private Expression Or()
    {
        var left = And();
        while (tokens.SkipName("or")) left = new OrExpression(left, And());
        return left;
    }

    private Expression And()
    {
        var left = Not();
        while (tokens.SkipName("and")) left = new AndExpression(left, Not());
        return left;
    }

    private Expression Not() => tokens.SkipName("not") ? new NotExpression(Nested(Not)) : Comparison();

    private Expression Comparison()
    {
        var first = Sum();
        var rest = new List<(string Sign, Expression Right)>();
        while (true)
        {
            var token = tokens.Current;
            if (token.Kind == TokenKind.Operator && Comparisons.Contains(token.Value))
            {
                tokens.Take();
                rest.Add((token.Value, Sum()));
            }
            else if (tokens.SkipName("in")) rest.Add(("in", Sum()));
            else if (token.IsName("not") && tokens.Ahead.IsName("in"))
            {
                tokens.Take();
                tokens.Take();
                rest.Add(("not in", Sum()));
            }
            else return rest.Count == 0 ? first : new ComparisonExpression(first, rest);
        }
    }

    private Expression Sum()
    {
        var left = Concatenation();
        while (tokens.Current.IsOperator("+") || tokens.Current.IsOperator("-")) left = new ArithmeticExpression(tokens.Take().Value, left, Concatenation());
        return left;
    }

    private Expression Concatenation()
    {
        var parts = new List<Expression> { Product() };
        while (tokens.Skip("~")) parts.Add(Product());
        return parts.Count == 1 ? parts[0] : new ConcatenationExpression(parts);
    }

    private Expression Product()
    {
        var left = Power();
        while (tokens.Current is { Kind: TokenKind.Operator, Value: "*" or "/" or "//" or "%" }) left = new ArithmeticExpression(tokens.Take().Value, left, Power());
        return left;
    }

    /// <summary>Left-associative, and weaker than a sign: so is the reference.</summary>
    private Expression Power()
    {
        var left = Unary();
        while (tokens.Skip("**")) left = new ArithmeticExpression("**", left, Unary());
        return left;
    }

    private Expression Unary(bool withFilter = true)
    {
        tokens.Enter();
        Expression expression;
        if (tokens.Skip("-")) expression = new SignExpression(Unary(withFilter: false), negative: true);
        else if (tokens.Skip("+")) expression = new SignExpression(Unary(withFilter: false), negative: false);
        else expression = Postfix(Primary());
        if (withFilter) expression = FiltersAndTests(expression);
        tokens.Leave();
        return expression;
    }

    private Expression Nested(Func<Expression> parse)
    {
        tokens.Enter();
        var expression = parse();
        tokens.Leave();
        return expression;
    }

    private Expression Primary()
    {
        var token = tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return token.Value switch
                {
                    "true" or "True" => new ConstantExpression(BooleanValue.True),
                    "false" or "False" => new ConstantExpression(BooleanValue.False),
                    "none" or "None" => new ConstantExpression(NoneValue.Instance),
                    _ => Name(token.Value),
                };
            case TokenKind.Text:
                var text = token.Value;
                while (tokens.Current.Kind == TokenKind.Text) text += tokens.Take().Value;
                return new ConstantExpression(TextValue.Trusted(text));
            case TokenKind.Integer:
                return new ConstantExpression(Integer(token));
            case TokenKind.Float:
                return new ConstantExpression(new FloatValue(double.Parse(token.Value, NumberStyles.Float, CultureInfo.InvariantCulture)));
            case TokenKind.Operator when token.Value == "(":
                var inner = TupleOrExpression(inParentheses: true);
                tokens.Expect(")");
                return inner;
            case TokenKind.Operator when token.Value == "[":
                return new ListExpression(Separated("]", () => Expression()), ListKind.List);
            case TokenKind.Operator when token.Value == "{":
                return new MapExpression(Separated("}", () =>
                {
                    var key = Expression();
                    tokens.Expect(":");
                    return (key, Expression());
                }));
            case TokenKind.End:
                throw tokens.Error("Unexpected end of template.", token.Line);
            default:
                throw tokens.Error($"unexpected '{token.Description}'", token.Line);
        }
    }

    private NameExpression Name(string name)
    {
        if (_namesInMacros.TryPeek(out var names)) names.Add(name);
        return new NameExpression(name);
    }

    private IntegerValue Integer(TemplateToken token)
    {
        var text = token.Value.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        if (text.Length > 4000) throw tokens.Error("a number has more than 4000 digits", token.Line);
        var radix = text.Length > 2 ? text[1] switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 } : 10;
        if (radix == 10) return BigInteger.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new IntegerValue(number) : throw Invalid();
        var value = BigInteger.Zero;
        foreach (var character in text.AsSpan(2))
        {
            var digit = Convert.ToInt32(character.ToString(), 16);
            value = digit < radix ? (value * radix) + digit : throw Invalid();
        }
        return new IntegerValue(value);

        TemplateException Invalid() => tokens.Error($"invalid number '{token.Value}'", token.Line);
    }

    private List<T> Separated<T>(string close, Func<T> parse)
    {
        var items = new List<T>();
        while (!tokens.Current.IsOperator(close))
        {
            if (items.Count > 0)
            {
                tokens.Expect(",");
                if (tokens.Current.IsOperator(close)) break;
            }
            items.Add(parse());
        }
        tokens.Expect(close);
        return items;
    }

    private Expression Postfix(Expression on)
    {
        while (true)
        {
            if (tokens.Skip(".")) on = Attribute(on);
            else if (tokens.Current.IsOperator("[")) on = Subscript(on);
            else if (tokens.Current.IsOperator("(")) on = new CallExpression(on, Arguments());
            else return on;
        }
    }

    private Expression Attribute(Expression on)
    {
        var token = tokens.Take();
        return token.Kind switch
        {
            TokenKind.Name => new AttributeExpression(on, token.Value),
            TokenKind.Integer => new ItemExpression(on, new ConstantExpression(Integer(token))),
            _ => throw tokens.Error("expected name or number", token.Line),
        };
    }

    private Expression Subscript(Expression on)
    {
        tokens.Expect("[");
        var start = tokens.Current.IsOperator(":") ? null : Expression();
        Expression found;
        if (start is null || tokens.Current.IsOperator(":")) found = Slice(on, start);
        else if (!tokens.Current.IsOperator(",")) found = new ItemExpression(on, start);
        else
        {
            var keys = new List<Expression> { start };
            while (tokens.Skip(",")) keys.Add(Expression());
            found = new ItemExpression(on, new ListExpression(keys, ListKind.Tuple));
        }
        tokens.Expect("]");
        return found;
    }

    private SliceExpression Slice(Expression on, Expression? start)
    {
        tokens.Expect(":");
        var stop = Ends() ? null : Expression();
        var step = tokens.Skip(":") && !Ends() ? Expression() : null;
        return new SliceExpression(on, start, stop, step);

        bool Ends() => tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]");
    }

    private Expression FiltersAndTests(Expression on)
    {
        while (true)
        {
            if (tokens.Skip("|")) on = Filter(on);
            else if (tokens.SkipName("is")) on = Test(on);
            else if (tokens.Current.IsOperator("(")) on = new CallExpression(on, Arguments());
            else return on;
        }
    }

    private FilterExpression Filter(Expression on)
    {
        var name = DottedName();
        return new FilterExpression(on, name, tokens.Current.IsOperator("(") ? Arguments() : new CallArguments());
    }

    private Expression Test(Expression on)
    {
        var negated = tokens.SkipName("not");
        var name = DottedName();
        var arguments = new CallArguments();
        var next = tokens.Current;
        if (next.IsOperator("(")) arguments = Arguments();
        else if (next.Kind is TokenKind.Text or TokenKind.Integer or TokenKind.Float || next.IsOperator("[") || next.IsOperator("{")
            || (next.Kind == TokenKind.Name && next.Value is not ("else" or "or" or "and" or "if" or "in" or "not")))
        {
            if (next.IsName("is")) throw tokens.Error("You cannot chain multiple tests with is");
            arguments.Positional.Add(Postfix(Primary()));
        }
        var test = new TestExpression(on, name, arguments);
        return negated ? new NotExpression(test) : test;
    }

    private string DottedName()
    {
        var name = tokens.Expect(TokenKind.Name, "name").Value;
        while (tokens.Skip(".")) name += "." + tokens.Expect(TokenKind.Name, "name").Value;
        return name;
    }
}
