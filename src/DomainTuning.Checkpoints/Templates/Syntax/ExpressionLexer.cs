using System.Globalization;
using System.Text;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>Cuts what stands inside one tag into tokens, up to the tag's end; an end inside brackets is not one.</summary>
internal sealed class ExpressionLexer(string source, int at, string close, Func<int, int> lineAt, List<TemplateToken> tokens)
{
    private static readonly string[] TwoSigns = ["//", "**", "==", "!=", ">=", "<="];
    private readonly Stack<char> _brackets = new();
    private int _at = at;

    /// <summary>Where the closing tag stands and its sign, or null if the template ends first.</summary>
    public (int Start, char Sign)? Run()
    {
        while (_at < source.Length)
        {
            if (_brackets.Count == 0)
            {
                if (source.AsSpan(_at).StartsWith(close, StringComparison.Ordinal)) return (_at, ' ');
                if (source[_at] is '-' or '+' && (source[_at] == '-' || close == "%}") && source.AsSpan(_at + 1).StartsWith(close, StringComparison.Ordinal)) return (_at, source[_at]);
            }
            var character = source[_at];
            if (Blanks.Is(character)) _at++;
            else if (char.IsAsciiDigit(character)) Number();
            else if (character == '_' || char.IsLetter(character)) Name();
            else if (character is '\'' or '"') Text(character);
            else Operator(character);
        }
        return null;
    }

    private void Name()
    {
        var start = _at;
        while (_at < source.Length && (source[_at] == '_' || char.IsLetterOrDigit(source[_at]) || char.GetUnicodeCategory(source[_at]) is UnicodeCategory.NonSpacingMark)) _at++;
        Emit(TokenKind.Name, source[start.._at], start);
    }

    private void Number()
    {
        var start = _at;
        if (source[_at] == '0' && _at + 1 < source.Length && char.ToLowerInvariant(source[_at + 1]) is 'x' or 'o' or 'b')
        {
            _at += 2;
            while (_at < source.Length && (char.IsAsciiHexDigit(source[_at]) || source[_at] == '_')) _at++;
            Emit(TokenKind.Integer, source[start.._at], start);
            return;
        }
        Digits();
        // a.0.1 is two indices, not a fraction.
        var isFloat = false;
        if (start == 0 || source[start - 1] != '.')
        {
            if (_at + 1 < source.Length && source[_at] == '.' && char.IsAsciiDigit(source[_at + 1]))
            {
                isFloat = true;
                _at++;
                Digits();
            }
            var exponent = _at + 1 < source.Length && source[_at] is 'e' or 'E' ? _at + 1 : -1;
            if (exponent > 0 && source[exponent] is '+' or '-') exponent++;
            if (exponent > 0 && exponent < source.Length && char.IsAsciiDigit(source[exponent]))
            {
                isFloat = true;
                _at = exponent;
                Digits();
            }
        }
        Emit(isFloat ? TokenKind.Float : TokenKind.Integer, source[start.._at].Replace("_", "", StringComparison.Ordinal), start);
    }

    private void Digits()
    {
        while (_at < source.Length && (char.IsAsciiDigit(source[_at]) || (source[_at] == '_' && _at + 1 < source.Length && char.IsAsciiDigit(source[_at + 1])))) _at++;
    }

    private void Text(char quote)
    {
        var start = _at++;
        while (_at < source.Length && source[_at] != quote) _at += source[_at] == '\\' ? 2 : 1;
        if (_at >= source.Length) throw Error($"unexpected char {(quote == '\'' ? "\"'\"" : "'\"'")} at {start}", start);
        Emit(TokenKind.Text, Unescape(source.AsSpan(start + 1, _at - start - 1), start), start);
        _at++;
    }

    private string Unescape(ReadOnlySpan<char> text, int start)
    {
        if (!text.Contains('\\')) return text.ToString();
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }
            var escape = text[++i];
            var simple = "\\'\"abfnrtv".IndexOf(escape, StringComparison.Ordinal);
            if (simple >= 0) result.Append("\\'\"\a\b\f\n\r\t\v"[simple]);
            else if (escape is 'x' or 'u' or 'U')
            {
                var digits = escape == 'x' ? 2 : escape == 'u' ? 4 : 8;
                if (i + digits >= text.Length || !int.TryParse(text.Slice(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) || value is < 0 or > 0x10FFFF)
                    throw Error($"truncated \\{escape} escape in a string", start);
                i += digits;
                if (value > 0xFFFF) result.Append(char.ConvertFromUtf32(value));
                else result.Append((char)value);
            }
            else if (escape is >= '0' and <= '7')
            {
                var value = 0;
                var end = Math.Min(i + 3, text.Length);
                for (; i < end && text[i] is >= '0' and <= '7'; i++) value = (value * 8) + text[i] - '0';
                i--;
                result.Append((char)value);
            }
            else if (escape != '\n') result.Append('\\').Append(escape);
        }
        return result.ToString();
    }

    private void Operator(char character)
    {
        var start = _at;
        var two = Array.Find(TwoSigns, sign => source.AsSpan(_at).StartsWith(sign, StringComparison.Ordinal));
        if (two is null && !"+-/*%~[](){}><=.:|,;".Contains(character, StringComparison.Ordinal)) throw Error($"unexpected char '{character}' at {_at}", _at);
        if (character is '(' or '[' or '{') _brackets.Push(character is '(' ? ')' : character is '[' ? ']' : '}');
        else if (character is ')' or ']' or '}')
        {
            if (_brackets.Count == 0) throw Error($"unexpected '{character}'", _at);
            var expected = _brackets.Pop();
            if (expected != character) throw Error($"unexpected '{character}', expected '{expected}'", _at);
        }
        _at += two?.Length ?? 1;
        Emit(TokenKind.Operator, two ?? character.ToString(), start);
    }

    private void Emit(TokenKind kind, string value, int start) => tokens.Add(new TemplateToken(kind, value, lineAt(start)));

    private TemplateException Error(string detail, int at) => new(TemplateErrorKind.Syntax, detail, lineAt(at));
}
