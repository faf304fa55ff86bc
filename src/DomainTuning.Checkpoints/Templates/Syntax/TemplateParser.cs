namespace DomainTuning.Checkpoints.Templates;

/// <summary>The statements of a template: text, prints and blocks.</summary>
internal sealed class TemplateParser
{
    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;
    private readonly Stack<(string Tag, string[] Ends)> _open = new();
    private int _loops;

    private TemplateParser(List<TemplateToken> tokens)
    {
        _tokens = new TokenStream(tokens);
        _expressions = new ExpressionParser(_tokens);
    }

    public static Block Parse(string source) => new TemplateParser(TemplateLexer.Cut(source)).Body();

    /// <summary>Statements up to a block tag with one of the names, whose name is taken and the rest left.</summary>
    private Block Body(params string[] ends)
    {
        _tokens.Enter();
        var line = _tokens.Current.Line;
        var statements = new List<Statement>();
        while (_tokens.Current.Kind != TokenKind.End)
        {
            var token = _tokens.Take();
            if (token.Kind == TokenKind.Data) statements.Add(new DataStatement(token.Line, token.Value));
            else if (token.Kind == TokenKind.PrintBegin)
            {
                statements.Add(new PrintStatement(token.Line, _expressions.TupleOrExpression()));
                _tokens.Expect(TokenKind.PrintEnd, "end of print statement");
            }
            else
            {
                if (_tokens.Current.Kind == TokenKind.Name && ends.Contains(_tokens.Current.Value))
                {
                    _tokens.Leave();
                    return new Block(line, statements);
                }
                statements.Add(Tag());
                _tokens.Expect(TokenKind.BlockEnd, "end of statement block");
            }
        }
        if (ends.Length > 0) throw EndOfTemplate();
        _tokens.Leave();
        return new Block(line, statements);
    }

    private Statement Tag()
    {
        var tag = _tokens.Expect(TokenKind.Name, "tag name");
        switch (tag.Value)
        {
            case "if": return If(tag.Line);
            case "for": return For(tag.Line);
            case "set": return Set(tag.Line);
            case "macro": return new MacroStatement(tag.Line, Macro());
            case "call": return Call(tag.Line);
            case "with": return With(tag.Line);
            case "filter":
                var filters = FilterChain();
                return new FilterStatement(tag.Line, Closed("filter", "endfilter"), filters);
            case "generation": return new GenerationStatement(tag.Line, Closed("generation", "endgeneration"));
            case "block":
                _tokens.Expect(TokenKind.Name, "name");
                var block = Closed("block", "endblock");
                if (_tokens.Current.Kind == TokenKind.Name) _tokens.Take();
                return new WithStatement(tag.Line, [], block);
            case "break" when _loops > 0: return new FlowStatement(tag.Line, Flow.Break);
            case "continue" when _loops > 0: return new FlowStatement(tag.Line, Flow.Continue);
            case "break" or "continue": throw _tokens.Error($"'{tag.Value}' outside a loop", tag.Line);
            case "include" or "extends" or "import" or "from":
                while (_tokens.Current.Kind is not (TokenKind.BlockEnd or TokenKind.End)) _tokens.Take();
                return new LoadStatement(tag.Line);
            default: throw UnknownTag(tag);
        }
    }

    private IfStatement If(int line)
    {
        var branches = new List<(Expression, Block)>();
        Block? otherwise = null;
        _open.Push(("if", ["elif", "else", "endif"]));
        while (true)
        {
            var test = _expressions.TupleOrExpression(withCondition: false);
            BlockEnd();
            branches.Add((test, Body("elif", "else", "endif")));
            var next = _tokens.Take().Value;
            if (next == "elif") continue;
            if (next == "else")
            {
                BlockEnd();
                otherwise = Body("endif");
                _tokens.Take();
            }
            _open.Pop();
            return new IfStatement(line, branches, otherwise);
        }
    }

    private ForStatement For(int line)
    {
        var target = _expressions.Target();
        _tokens.ExpectName("in");
        var items = _expressions.TupleOrExpression(withCondition: false, ends: () => _tokens.Current.IsName("recursive"));
        var test = _tokens.SkipName("if") ? _expressions.Expression() : null;
        var recursive = _tokens.SkipName("recursive");
        BlockEnd();
        _open.Push(("for", ["endfor", "else"]));
        _loops++;
        var body = Body("endfor", "else");
        _loops--;
        Block? otherwise = null;
        if (_tokens.Take().Value == "else")
        {
            BlockEnd();
            otherwise = Body("endfor");
            _tokens.Take();
        }
        _open.Pop();
        return new ForStatement(line, target, items, test, recursive, body, otherwise);
    }

    private Statement Set(int line)
    {
        var target = _expressions.Target(allowNamespace: true);
        if (_tokens.Skip("=")) return new SetStatement(line, target, _expressions.TupleOrExpression());
        Func<Expression, Expression>? filters = _tokens.Skip("|") ? FilterChain() : null;
        return new SetBlockStatement(line, target, Closed("set", "endset"), filters);
    }

    private WithStatement With(int line)
    {
        var assignments = new List<(AssignTarget, Expression)>();
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (assignments.Count > 0) _tokens.Expect(",");
            var name = _tokens.Expect(TokenKind.Name, "name").Value;
            _tokens.Expect("=");
            assignments.Add((new NameTarget(name), _expressions.Expression()));
        }
        return new WithStatement(line, assignments, Closed("with", "endwith"));
    }

    private MacroDefinition Macro() => Definition(_tokens.Expect(TokenKind.Name, "name").Value, "macro", "endmacro", Parameters());

    private CallStatement Call(int line)
    {
        var parameters = _tokens.Current.IsOperator("(") ? Parameters() : [];
        var call = _expressions.Expression();
        if (call is not CallExpression { On: var on, Arguments: var arguments }) throw _tokens.Error("expected call");
        return new CallStatement(line, on, arguments, Definition("caller", "call", "endcall", parameters));
    }

    private MacroDefinition Definition(string name, string tag, string end, List<(string, Expression?)> parameters)
    {
        var body = new Block(0, []);
        var loops = _loops;
        _loops = 0; // break inside a macro does not leave a loop around it
        var read = _expressions.NamesReadBy(() => body = Closed(tag, end));
        _loops = loops;
        return new MacroDefinition(name, parameters, body, read.Contains("varargs"), read.Contains("kwargs"), read.Contains("caller"));
    }

    private List<(string Name, Expression? Default)> Parameters()
    {
        var parameters = new List<(string, Expression?)>();
        _tokens.Expect("(");
        while (!_tokens.Current.IsOperator(")"))
        {
            if (parameters.Count > 0) _tokens.Expect(",");
            var name = _tokens.Expect(TokenKind.Name, "name").Value;
            if (_tokens.Skip("=")) parameters.Add((name, _expressions.Expression()));
            else if (parameters.Count > 0 && parameters[^1].Item2 is not null) throw _tokens.Error("non-default argument follows default argument");
            else parameters.Add((name, null));
        }
        _tokens.Expect(")");
        return parameters;
    }

    /// <summary>Filters are parsed onto a hole, which the block's text fills when it is there.</summary>
    private Func<Expression, Expression> FilterChain()
    {
        var hole = new NameExpression("");
        var chain = (FilterExpression)_expressions.Filters(hole);
        return text => Fill(chain, text);

        static Expression Fill(FilterExpression filter, Expression text) => filter with { On = filter.On is FilterExpression inner ? Fill(inner, text) : text };
    }

    private Block Closed(string tag, string end)
    {
        BlockEnd();
        _open.Push((tag, [end]));
        var loops = _loops;
        if (tag is "set" or "filter" or "generation") _loops = 0; // their text is taken as a whole: nothing jumps out of it
        var body = Body(end);
        _loops = loops;
        _tokens.Take();
        _open.Pop();
        return body;
    }

    private void BlockEnd() => _tokens.Expect(TokenKind.BlockEnd, "end of statement block");

    private TemplateException UnknownTag(TemplateToken tag)
    {
        var detail = $"Encountered unknown tag '{tag.Value}'.";
        if (_open.Any(open => open.Ends.Contains(tag.Value))) detail += " You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for " + Wanted() + ".";
        else if (_open.Count > 0) detail += $" Jinja was looking for the following tags: {Wanted()}.";
        return _tokens.Error(detail + Innermost(), tag.Line);
    }

    private TemplateException EndOfTemplate() => _tokens.Error($"Unexpected end of template. Jinja was looking for the following tags: {Wanted()}.{Innermost()}");

    private string Wanted() => string.Join(" or ", _open.Peek().Ends.Select(end => $"'{end}'"));

    private string Innermost() => _open.Count == 0 ? "" : $" The innermost block that needs to be closed is '{_open.Peek().Tag}'.";
}
