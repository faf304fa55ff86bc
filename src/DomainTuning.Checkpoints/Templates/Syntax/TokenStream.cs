using System.Runtime.CompilerServices;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>The parser's place in the tokens, and the errors that it reports there.</summary>
internal sealed class TokenStream(List<TemplateToken> tokens)
{
    private const int MaxDepth = 200;
    private int _at;
    private int _depth;

    public TemplateToken Current => tokens[_at];

    public TemplateToken Ahead => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public TemplateToken Take()
    {
        var token = tokens[_at];
        if (token.Kind != TokenKind.End) _at++;
        return token;
    }

    public bool Skip(string operatorSign)
    {
        if (!Current.IsOperator(operatorSign)) return false;
        Take();
        return true;
    }

    public bool SkipName(string name)
    {
        if (!Current.IsName(name)) return false;
        Take();
        return true;
    }

    public TemplateToken Expect(TokenKind kind, string description)
    {
        if (Current.Kind == kind) return Take();
        throw Unexpected(description);
    }

    public void Expect(string operatorSign)
    {
        if (!Skip(operatorSign)) throw Unexpected(operatorSign);
    }

    public void ExpectName(string name)
    {
        if (!SkipName(name)) throw Unexpected(name);
    }

    /// <summary>Templates nest some levels deep; one that nests hundreds is hostile and would end the stack.</summary>
    public void Enter()
    {
        if (++_depth > MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw Error($"expressions and blocks are nested deeper than {MaxDepth} levels");
    }

    public void Leave() => _depth--;

    public TemplateException Error(string detail, int? line = null) => new(TemplateErrorKind.Syntax, detail, line ?? Current.Line);

    private TemplateException Unexpected(string expected) => Error(Current.Kind == TokenKind.End
        ? $"unexpected end of template, expected '{expected}'."
        : $"expected token '{expected}', got '{Current.Description}'");
}
