namespace DomainTuning.Checkpoints.Templates;

/// <summary>
/// Cuts a template into text and tags, with the white-space rules of chat templates: trim_blocks (a line end right after a block tag or
/// comment goes), lstrip_blocks (blanks before one at the beginning of a line go), '-' strips all, '+' keeps; CRLF counts as LF and one line
/// end at the very end is dropped.
/// </summary>
internal sealed class TemplateLexer
{
    private readonly string _source;
    private readonly List<TemplateToken> _tokens = [];
    private int _at;
    private int _line = 1;
    private int _counted;
    private bool _lineStarts = true;

    private TemplateLexer(string source)
    {
        source = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        _source = source.EndsWith('\n') ? source[..^1] : source;
    }

    public static List<TemplateToken> Cut(string source)
    {
        var lexer = new TemplateLexer(source);
        while (lexer._at < lexer._source.Length) lexer.Next();
        lexer._tokens.Add(new TemplateToken(TokenKind.End, "", lexer.LineAt(lexer._source.Length)));
        return lexer._tokens;
    }

    private void Next()
    {
        var open = NextTag();
        if (open < 0)
        {
            Emit(TokenKind.Data, _source[_at..], _at);
            _at = _source.Length;
            return;
        }

        var kind = _source[open + 1];
        var sign = open + 2 < _source.Length && _source[open + 2] is '-' or '+' ? _source[open + 2] : ' ';
        AddTextBefore(open, sign, strips: kind != '{');
        _at = open + (sign == ' ' ? 2 : 3);
        switch (kind)
        {
            case '#':
                SkipComment(open);
                break;
            case '%' when IsRaw(_at, out var rawStart):
                TakeRaw(open, rawStart);
                break;
            default:
                TakeTag(open, kind == '%');
                break;
        }
    }

    /// <summary>Where the next {{, {% or {# stands, or -1.</summary>
    private int NextTag()
    {
        for (var open = _at; (open = _source.IndexOf('{', open)) >= 0; open++)
            if (open + 1 < _source.Length && (_source[open + 1] is '{' or '%' or '#')) return open;
        return -1;
    }

    private void AddTextBefore(int open, char sign, bool strips)
    {
        var text = _source[_at..open];
        if (sign == '-') text = text.TrimEnd(Blanks.Characters);
        else if (strips && sign != '+')
        {
            var lineStart = text.LastIndexOf('\n') + 1;
            if ((lineStart > 0 || _lineStarts) && Blanks.Only(text.AsSpan(lineStart))) text = text[..lineStart];
        }
        Emit(TokenKind.Data, text, _at);
    }

    private void SkipComment(int open)
    {
        var close = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (close < 0) throw Error("Missing end of comment tag", open);
        AfterClose(close + 2, close > _at ? _source[close - 1] : ' ', isBlock: true);
    }

    private bool IsRaw(int at, out int contentStart)
    {
        contentStart = 0;
        if (!SkipWord(ref at, "raw")) return false;
        var sign = at < _source.Length && _source[at] == '-';
        if (sign) at++;
        if (!_source.AsSpan(at).StartsWith("%}", StringComparison.Ordinal)) return false;
        at += 2;
        if (sign) at = SkipBlanks(at);
        contentStart = at;
        return true;
    }

    private void TakeRaw(int open, int contentStart)
    {
        for (var end = contentStart; (end = _source.IndexOf("{%", end, StringComparison.Ordinal)) >= 0; end += 2)
        {
            var at = end + 2;
            var sign = at < _source.Length && _source[at] is '-' or '+' ? _source[at++] : ' ';
            if (!SkipWord(ref at, "endraw")) continue;
            var closing = at < _source.Length && _source[at] is '-' or '+' ? _source[at++] : ' ';
            if (!_source.AsSpan(at).StartsWith("%}", StringComparison.Ordinal)) continue;
            _at = contentStart;
            _lineStarts = _source[contentStart - 1] == '\n';
            AddTextBefore(end, sign, strips: true);
            AfterClose(at + 2, closing, isBlock: true);
            return;
        }
        throw Error("Missing end of raw directive", open);
    }

    private void TakeTag(int open, bool isBlock)
    {
        _tokens.Add(new TemplateToken(isBlock ? TokenKind.BlockBegin : TokenKind.PrintBegin, "", LineAt(open)));
        var inside = new ExpressionLexer(_source, _at, isBlock ? "%}" : "}}", LineAt, _tokens);
        if (inside.Run() is not { } close)
        {
            _at = _source.Length;
            return;
        }
        _tokens.Add(new TemplateToken(isBlock ? TokenKind.BlockEnd : TokenKind.PrintEnd, "", LineAt(close.Start)));
        AfterClose(close.Start + (close.Sign == ' ' ? 2 : 3), close.Sign, isBlock);
    }

    private void AfterClose(int end, char sign, bool isBlock)
    {
        _at = end;
        if (sign == '-') _at = SkipBlanks(_at);
        else if (isBlock && sign != '+' && _at < _source.Length && _source[_at] == '\n') _at++;
        _lineStarts = _source[_at - 1] == '\n';
    }

    private bool SkipWord(ref int at, string word)
    {
        at = SkipBlanks(at);
        if (!_source.AsSpan(at).StartsWith(word, StringComparison.Ordinal)) return false;
        at = SkipBlanks(at + word.Length);
        return true;
    }

    private int SkipBlanks(int at)
    {
        while (at < _source.Length && Blanks.Is(_source[at])) at++;
        return at;
    }

    private void Emit(TokenKind kind, string value, int at)
    {
        if (value.Length > 0) _tokens.Add(new TemplateToken(kind, value, LineAt(at)));
    }

    private int LineAt(int at)
    {
        if (at < _counted) return _line - _source.AsSpan(at, _counted - at).Count('\n');
        _line += _source.AsSpan(_counted, at - _counted).Count('\n');
        _counted = at;
        return _line;
    }

    private TemplateException Error(string detail, int at) => new(TemplateErrorKind.Syntax, detail, LineAt(at));
}
