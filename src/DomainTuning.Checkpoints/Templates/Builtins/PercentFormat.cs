namespace DomainTuning.Checkpoints.Templates;

/// <summary>'%s is %5d' % (name, age). The format's own characters keep their provenance, and so do the texts that are put in.</summary>
internal static class PercentFormat
{
    public static TextValue Apply(TextValue format, Value given, Evaluation evaluation)
    {
        var result = new TextBuilder(evaluation.Budget);
        var text = format.Text;
        var values = given is ListValue { Kind: ListKind.Tuple } tuple ? tuple.Elements : [given];
        var used = 0;
        var named = false;
        for (var at = 0; at < text.Length;)
        {
            var percent = text.IndexOf('%', at);
            if (percent < 0) percent = text.Length;
            result.Append(format, at, percent - at);
            if (percent == text.Length) break;
            at = percent + 1;

            Value? value = null;
            if (at < text.Length && text[at] == '(')
            {
                var close = text.IndexOf(')', at);
                if (close < 0) throw TemplateFault.Value("incomplete format key");
                if (given is not MapValue map) throw TemplateFault.Type("format requires a mapping");
                var key = text[(at + 1)..close];
                value = map.Item(TextValue.Untrusted(key), evaluation) ?? throw TemplateFault.Value($"'{key}'");
                named = true;
                at = close + 1;
            }
            var flags = at;
            while (at < text.Length && "-+ #0".Contains(text[at], StringComparison.Ordinal)) at++;
            var flag = text[flags..at];
            var width = Count(ref at) ?? 0;
            var precision = -1;
            if (at < text.Length && text[at] == '.')
            {
                at++;
                precision = Count(ref at) ?? 0;
            }
            if (at >= text.Length) throw TemplateFault.Value("incomplete format");
            var letter = text[at++];
            if (letter == '%') result.Append(format, at - 1, 1);
            else Put(result, value ?? Next(), letter, flag, width, precision, evaluation);
        }
        if (used < values.Count && !named && given is not MapValue) throw TemplateFault.Type("not all arguments converted during string formatting");
        return result.ToText();

        Value Next() => used < values.Count ? values[used++] : throw TemplateFault.Type("not enough arguments for format string");

        int? Count(ref int at)
        {
            if (at < text.Length && text[at] == '*')
            {
                at++;
                return TextOperations.Number(Next(), "*");
            }
            int? count = null;
            for (; at < text.Length && char.IsAsciiDigit(text[at]); at++) count = (int)Math.Min(int.MaxValue, ((count ?? 0) * 10L) + text[at] - '0');
            return count;
        }
    }

    private static void Put(TextBuilder result, Value value, char letter, string flags, int width, int precision, Evaluation evaluation)
    {
        TextValue content;
        var isNumber = letter is not ('s' or 'r' or 'a' or 'c');
        if (letter is 's' or 'r' or 'a')
        {
            var printed = new TextBuilder(evaluation.Budget);
            value.Print(printed, quoted: letter != 's');
            content = printed.ToText();
            if (precision >= 0 && precision < content.Length) content = content.Slice(0, content.UnitOf(precision));
        }
        else
        {
            var number = NumberFormat.Format(value, letter, precision, flags.Contains('#', StringComparison.Ordinal));
            if (isNumber && number[0] != '-' && flags.AsSpan().IndexOfAny('+', ' ') is >= 0 and var sign) number = (flags.Contains('+', StringComparison.Ordinal) ? "+" : flags[sign].ToString()) + number;
            content = TextValue.Untrusted(number);
        }

        var missing = width - content.Length!.Value;
        if (flags.Contains('-', StringComparison.Ordinal)) result.Append(content).Append(' ', missing);
        else if (isNumber && flags.Contains('0', StringComparison.Ordinal))
        {
            var sign = content.Text[0] is '-' or '+' or ' ' ? 1 : 0;
            result.Append(content, 0, sign).Append('0', missing).Append(content, sign, content.Text.Length - sign);
        }
        else result.Append(' ', missing).Append(content);
    }
}
