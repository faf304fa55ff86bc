using System.Globalization;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>'{} {name:>4}'.format(…): fields with attributes, keys, conversions and the usual alignment; attributes are looked up in the sandbox.</summary>
internal static class BraceFormat
{
    public static Value Apply(TextValue format, Evaluation evaluation, Arguments arguments)
    {
        var result = new TextBuilder(evaluation.Budget);
        var text = format.Text;
        var next = 0;
        for (var at = 0; at < text.Length;)
        {
            var brace = text.AsSpan(at).IndexOfAny('{', '}');
            brace = brace < 0 ? text.Length : at + brace;
            result.Append(format, at, brace - at);
            if (brace == text.Length) break;
            if (brace + 1 < text.Length && text[brace + 1] == text[brace])
            {
                result.Append(format, brace, 1);
                at = brace + 2;
                continue;
            }
            var close = text.IndexOf('}', brace);
            if (text[brace] == '}' || close < 0) throw TemplateFault.Value(text[brace] == '}' ? "Single '}' encountered in format string" : "expected '}' before end of string");
            var field = text[(brace + 1)..close];
            if (field.Contains('{', StringComparison.Ordinal)) throw TemplateFault.Value("fields within fields are not supported in format()");
            Put(result, field, arguments, ref next, evaluation);
            at = close + 1;
        }
        return result.ToText();
    }

    private static void Put(TextBuilder result, string field, Arguments arguments, ref int next, Evaluation evaluation)
    {
        var colon = field.IndexOf(':', StringComparison.Ordinal);
        var (name, specification) = colon < 0 ? (field, "") : (field[..colon], field[(colon + 1)..]);
        var bang = name.IndexOf('!', StringComparison.Ordinal);
        var (path, quoted) = bang < 0 ? (name, false) : (name[..bang], name[(bang + 1)..] is "r" or "a");
        var value = Look(path, arguments, ref next, evaluation);
        if (specification.Length > 0 && value is NumberValue && bang < 0) Number(result, value, specification);
        else
        {
            var printed = new TextBuilder(evaluation.Budget);
            value.Print(printed, quoted);
            Align(result, printed.ToText(), specification, '<');
        }
    }

    private static Value Look(string path, Arguments arguments, ref int next, Evaluation evaluation)
    {
        var end = path.AsSpan().IndexOfAny('.', '[');
        var first = end < 0 ? path : path[..end];
        var rest = end < 0 ? "" : path[end..];
        Value value;
        if (first.Length == 0 || int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            var place = first.Length == 0 ? next++ : int.Parse(first, CultureInfo.InvariantCulture);
            value = place < arguments.Positional.Count ? arguments.Positional[place] : throw TemplateFault.Value($"Replacement index {place} out of range for positional args tuple");
        }
        else value = arguments.Named.FirstOrDefault(argument => argument.Key == first).Value ?? throw TemplateFault.Value($"'{first}'");

        while (rest.Length > 0)
        {
            var isKey = rest[0] == '[';
            var stop = isKey ? rest.IndexOf(']', StringComparison.Ordinal) : rest.AsSpan(1).IndexOfAny('.', '[') is >= 0 and var found ? found + 1 : rest.Length;
            if (stop < 0) throw TemplateFault.Value("Missing ']' in format string");
            var key = rest[1..stop];
            value = !isKey ? evaluation.Attribute(value, key)
                : evaluation.Item(value, int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? new IntegerValue(index) : TextValue.Untrusted(key));
            rest = rest[(isKey ? stop + 1 : stop)..];
        }
        return value;
    }

    private static void Number(TextBuilder result, Value value, string specification)
    {
        var (head, letter) = specification.Length > 0 && char.IsAsciiLetter(specification[^1]) || specification[^1] == '%' ? (specification[..^1], specification[^1]) : (specification, '\0');
        var precision = -1;
        var dot = head.IndexOf('.', StringComparison.Ordinal);
        if (dot >= 0)
        {
            if (!int.TryParse(head.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out precision)) throw TemplateFault.Value("Format specifier missing precision");
            head = head[..dot];
        }
        var grouped = head.EndsWith(',');
        if (grouped) head = head[..^1];
        if (letter == '\0') letter = value is IntegerValue ? 'd' : precision >= 0 || grouped ? 'g' : 'r';
        var text = letter == 'r' ? FloatValue.Format(((FloatValue)value).Number) : NumberFormat.Format(value, letter, precision, head.Contains('#', StringComparison.Ordinal));
        if (grouped) text = Grouped(text);
        if (head.Contains('+', StringComparison.Ordinal) && text[0] != '-') text = "+" + text;
        head = head.Replace("+", "", StringComparison.Ordinal).Replace("#", "", StringComparison.Ordinal);
        Align(result, TextValue.Untrusted(text), head, '>');
    }

    private static string Grouped(string number)
    {
        var start = number[0] == '-' ? 1 : 0;
        var end = number.IndexOf('.', StringComparison.Ordinal) is >= 0 and var dot ? dot : number.Length;
        for (var i = end - 3; i > start; i -= 3) number = number.Insert(i, ",");
        return number;
    }

    /// <summary>[[fill]align][0]width[.precision][s].</summary>
    private static void Align(TextBuilder result, TextValue content, string specification, char usual)
    {
        var (filling, alignment, at) = (' ', usual, 0);
        if (specification.Length > 1 && specification[1] is '<' or '>' or '^' or '=') (filling, alignment, at) = (specification[0], specification[1], 2);
        else if (specification.Length > 0 && specification[0] is '<' or '>' or '^' or '=') (alignment, at) = (specification[0], 1);
        else if (specification.Length > 1 && specification[0] == '0' && usual == '>') (filling, alignment, at) = ('0', '=', 1);
        var parts = specification[at..].TrimEnd('s').Split('.');
        var width = parts[0].Length == 0 ? 0 : int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var w) ? w : throw TemplateFault.Value($"Invalid format specifier '{specification}'");
        if (parts.Length > 1 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most < content.Length) content = content.Slice(0, content.UnitOf(most));
        var missing = Math.Max(0, width - content.Length!.Value);
        var sign = alignment == '=' && content.Text.Length > 0 && content.Text[0] is '-' or '+' ? 1 : 0;
        var before = alignment switch { '<' => 0, '^' => missing / 2, _ => missing };
        result.Append(content, 0, sign).Append(filling, before).Append(content, sign, content.Text.Length - sign).Append(filling, missing - before);
    }
}
