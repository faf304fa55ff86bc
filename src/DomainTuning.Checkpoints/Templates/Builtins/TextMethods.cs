using System.Buffers;
using System.Globalization;
using System.Text;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>The methods of text, as far as templates may call them.</summary>
internal static class TextMethods
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\u001C\u001D\u001E\u0085\u2028\u2029");

    private static readonly Dictionary<string, Func<TextValue, Evaluation, Arguments, Value>> Methods = new(StringComparer.Ordinal)
    {
        ["strip"] = (text, _, arguments) => Strip(text, arguments, "strip", left: true, right: true),
        ["lstrip"] = (text, _, arguments) => Strip(text, arguments, "lstrip", left: true, right: false),
        ["rstrip"] = (text, _, arguments) => Strip(text, arguments, "rstrip", left: false, right: true),
        ["split"] = (text, evaluation, arguments) => Split(text, evaluation, arguments, fromRight: false),
        ["rsplit"] = (text, evaluation, arguments) => Split(text, evaluation, arguments, fromRight: true),
        ["splitlines"] = (text, evaluation, arguments) => new ListValue(Lines(text, arguments.Bind("splitlines", "keepends")[0]?.IsTrue ?? false, evaluation)),
        ["partition"] = (text, _, arguments) => Partition(text, arguments, fromRight: false),
        ["rpartition"] = (text, _, arguments) => Partition(text, arguments, fromRight: true),
        ["startswith"] = (text, _, arguments) => Affix(text, arguments, "startswith", static (t, affix) => t.StartsWith(affix, StringComparison.Ordinal)),
        ["endswith"] = (text, _, arguments) => Affix(text, arguments, "endswith", static (t, affix) => t.EndsWith(affix, StringComparison.Ordinal)),
        ["replace"] = (text, evaluation, arguments) =>
        {
            var given = arguments.Bind("replace", "old", "new", "count");
            return TextOperations.Replace(text, TextOperations.Text(given[0], "replace() argument 1"), TextOperations.Text(given[1], "replace() argument 2"), TextOperations.Number(given[2], "count") ?? -1, evaluation);
        },
        ["join"] = (text, evaluation, arguments) => TextOperations.Join(
            (arguments.Bind("join", "iterable")[0] ?? NoneValue.Instance).Iterate().Select((item, i) => item as TextValue ?? throw TemplateFault.Type($"sequence item {i}: expected str instance, {item.TypeName} found")), text, evaluation),
        ["upper"] = (text, evaluation, _) => TextOperations.Upper(text, evaluation),
        ["lower"] = (text, evaluation, _) => TextOperations.Lower(text, evaluation),
        ["casefold"] = (text, evaluation, _) => TextOperations.Map(text, (rune, _) => rune.Value == 'ß' ? "ss" : rune.Value == 'ς' ? "σ" : Rune.ToLowerInvariant(rune).ToString(), evaluation),
        ["title"] = (text, evaluation, _) => TextOperations.Title(text, evaluation),
        ["capitalize"] = (text, evaluation, _) => TextOperations.Capitalize(text, evaluation),
        ["swapcase"] = (text, evaluation, _) => TextOperations.Map(text, (rune, at) => Rune.IsUpper(rune) ? Casing.Lower(rune, text.Text, at) : Casing.Upper(rune), evaluation),
        ["find"] = (text, _, arguments) => Find(text, arguments, "find", fromRight: false),
        ["rfind"] = (text, _, arguments) => Find(text, arguments, "rfind", fromRight: true),
        ["index"] = (text, _, arguments) => Find(text, arguments, "index", fromRight: false) is { Number.Sign: >= 0 } found ? found : throw TemplateFault.Value("substring not found"),
        ["rindex"] = (text, _, arguments) => Find(text, arguments, "rindex", fromRight: true) is { Number.Sign: >= 0 } found ? found : throw TemplateFault.Value("substring not found"),
        ["count"] = (text, _, arguments) => Count(text, TextOperations.Text(arguments.Bind("count", "sub")[0], "count() argument").Text),
        ["isalnum"] = (text, _, _) => All(text, rune => IsAlpha(rune) || IsNumeric(rune)),
        ["isalpha"] = (text, _, _) => All(text, IsAlpha),
        ["isdigit"] = (text, _, _) => All(text, rune => CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0),
        ["isdecimal"] = (text, _, _) => All(text, rune => Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber),
        ["isnumeric"] = (text, _, _) => All(text, IsNumeric),
        ["isspace"] = (text, _, _) => All(text, rune => rune.IsBmp && Blanks.Is((char)rune.Value)),
        ["isascii"] = (text, _, _) => BooleanValue.Of(Ascii.IsValid(text.Text)),
        ["isupper"] = (text, _, _) => BooleanValue.Of(IsUpper(text)),
        ["islower"] = (text, _, _) => BooleanValue.Of(IsLower(text)),
        ["center"] = (text, evaluation, arguments) => Pad(text, evaluation, arguments, "center", 0.5),
        ["ljust"] = (text, evaluation, arguments) => Pad(text, evaluation, arguments, "ljust", 0),
        ["rjust"] = (text, evaluation, arguments) => Pad(text, evaluation, arguments, "rjust", 1),
        ["zfill"] = ZeroFill,
        ["format"] = BraceFormat.Apply,
        ["removeprefix"] = (text, _, arguments) => TextOperations.Text(arguments.Bind("removeprefix", "prefix")[0], "prefix").Text is var prefix && text.Text.StartsWith(prefix, StringComparison.Ordinal)
            ? text.Slice(prefix.Length, text.Text.Length - prefix.Length) : text,
        ["removesuffix"] = (text, _, arguments) => TextOperations.Text(arguments.Bind("removesuffix", "suffix")[0], "suffix").Text is { Length: > 0 } suffix && text.Text.EndsWith(suffix, StringComparison.Ordinal)
            ? text.Slice(0, text.Text.Length - suffix.Length) : text,
        ["expandtabs"] = ExpandTabs,
    };

    public static Value? Find(TextValue text, string name) =>
        Methods.TryGetValue(name, out var method) ? new FunctionValue(name, (evaluation, arguments) => method(text, evaluation, arguments)) : null;

    public static bool IsUpper(TextValue text) => text.Text.EnumerateRunes().Any(Rune.IsUpper) && !text.Text.EnumerateRunes().Any(Rune.IsLower);

    public static bool IsLower(TextValue text) => text.Text.EnumerateRunes().Any(Rune.IsLower) && !text.Text.EnumerateRunes().Any(Rune.IsUpper);

    /// <summary>Lines by all of Unicode's line ends, CRLF as one.</summary>
    public static List<Value> Lines(TextValue text, bool keepEnds, Evaluation evaluation)
    {
        var lines = new List<Value>();
        for (var start = 0; start < text.Text.Length;)
        {
            evaluation.Budget.Steps();
            var end = text.Text.AsSpan(start).IndexOfAny(LineEnds);
            if (end < 0)
            {
                lines.Add(text.Slice(start, text.Text.Length - start));
                break;
            }
            end += start;
            var next = text.Text.AsSpan(end).StartsWith("\r\n", StringComparison.Ordinal) ? end + 2 : end + 1;
            lines.Add(text.Slice(start, (keepEnds ? next : end) - start));
            start = next;
        }
        return lines;
    }

    private static TextValue Strip(TextValue text, Arguments arguments, string name, bool left, bool right)
    {
        var characters = arguments.Bind(name, "chars")[0];
        return TextOperations.Strip(text, characters is null or NoneValue ? null : TextOperations.Text(characters, $"{name} arg").Text, left, right);
    }

    private static ListValue Split(TextValue text, Evaluation evaluation, Arguments arguments, bool fromRight)
    {
        var given = arguments.Bind("split", "sep", "maxsplit");
        var count = TextOperations.Number(given[1], "maxsplit") ?? -1;
        if (given[0] is null or NoneValue)
        {
            if (fromRight && count >= 0) throw TemplateFault.Value("rsplit() by white space with a limit is not supported; name the separator");
            return new ListValue(TextOperations.Words(text, count, evaluation));
        }
        var separator = TextOperations.Text(given[0], "sep").Text;
        return new ListValue(fromRight && count >= 0 ? TextOperations.SplitFromRight(text, separator, count, evaluation) : TextOperations.Split(text, separator, count, evaluation));
    }

    private static ListValue Partition(TextValue text, Arguments arguments, bool fromRight)
    {
        var separator = TextOperations.Text(arguments.Bind("partition", "sep")[0], "sep");
        if (separator.Text.Length == 0) throw TemplateFault.Value("empty separator");
        var at = fromRight ? text.Text.LastIndexOf(separator.Text, StringComparison.Ordinal) : text.Text.IndexOf(separator.Text, StringComparison.Ordinal);
        if (at < 0) return fromRight ? ListValue.Tuple(TextValue.Empty, TextValue.Empty, text) : ListValue.Tuple(text, TextValue.Empty, TextValue.Empty);
        var end = at + separator.Text.Length;
        return ListValue.Tuple(text.Slice(0, at), text.Slice(at, end - at), text.Slice(end, text.Text.Length - end));
    }

    private static BooleanValue Affix(TextValue text, Arguments arguments, string name, Func<string, string, bool> has)
    {
        var affix = arguments.Bind(name, "prefix")[0];
        var choices = affix is ListValue { Kind: ListKind.Tuple } several ? several.Elements : [affix ?? NoneValue.Instance];
        return BooleanValue.Of(choices.Any(choice => choice is TextValue one
            ? has(text.Text, one.Text)
            : throw (choice is UndefinedValue undefined ? undefined.Fault : TemplateFault.Type($"{name} first arg must be str or a tuple of str, not {choice.TypeName}"))));
    }

    private static IntegerValue Find(TextValue text, Arguments arguments, string name, bool fromRight)
    {
        var part = TextOperations.Text(arguments.Bind(name, "sub")[0], $"{name}() argument").Text;
        var at = fromRight ? text.Text.LastIndexOf(part, StringComparison.Ordinal) : text.Text.IndexOf(part, StringComparison.Ordinal);
        return new IntegerValue(at < 0 ? -1 : text.CodePointOf(at));
    }

    private static IntegerValue Count(TextValue text, string part)
    {
        if (part.Length == 0) return new IntegerValue(text.Length!.Value + 1);
        var count = 0;
        for (var at = 0; (at = text.Text.IndexOf(part, at, StringComparison.Ordinal)) >= 0; at += part.Length) count++;
        return new IntegerValue(count);
    }

    private static BooleanValue All(TextValue text, Func<Rune, bool> fits) => BooleanValue.Of(text.Text.Length > 0 && text.Text.EnumerateRunes().All(fits));

    private static bool IsAlpha(Rune rune) => Rune.IsLetter(rune);

    private static bool IsNumeric(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static TextValue Pad(TextValue text, Evaluation evaluation, Arguments arguments, string name, double left)
    {
        var given = arguments.Bind(name, "width", "fillchar");
        var filling = given[1] is null ? " " : TextOperations.Text(given[1], "fillchar").Text;
        if (filling.Length != 1) throw TemplateFault.Type("The fill character must be exactly one character long");
        return TextOperations.Pad(text, TextOperations.Number(given[0], "width") ?? 0, filling[0], left, evaluation);
    }

    private static TextValue ZeroFill(TextValue text, Evaluation evaluation, Arguments arguments)
    {
        var missing = (TextOperations.Number(arguments.Bind("zfill", "width")[0], "width") ?? 0) - text.Length!.Value;
        if (missing <= 0) return text;
        var sign = text.Text.Length > 0 && text.Text[0] is '+' or '-' ? 1 : 0;
        return new TextBuilder(evaluation.Budget).Append(text, 0, sign).Append('0', missing).Append(text, sign, text.Text.Length - sign).ToText();
    }

    private static TextValue ExpandTabs(TextValue text, Evaluation evaluation, Arguments arguments)
    {
        var size = TextOperations.Number(arguments.Bind("expandtabs", "tabsize")[0], "tabsize") ?? 8;
        var result = new TextBuilder(evaluation.Budget);
        var column = 0;
        foreach (var character in text.Items.Cast<TextValue>())
        {
            if (character.Text == "\t")
            {
                var blanks = size <= 0 ? 0 : size - (column % size);
                result.Append(' ', blanks);
                column += blanks;
                continue;
            }
            column = character.Text is "\n" or "\r" ? 0 : column + 1;
            result.Append(character);
        }
        return result.ToText();
    }
}
