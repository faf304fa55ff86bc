using System.Text;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>The filters by name: <c>value | name(arguments)</c>. Those of text are in <see cref="TextFilters"/>, those of rows in <see cref="ListFilters"/>.</summary>
internal static class Filters
{
    private static readonly Dictionary<string, Func<Value, Evaluation, Arguments, Value>> All = new(StringComparer.Ordinal)
    {
        ["default"] = Default,
        ["d"] = Default,
        ["length"] = (value, _, _) => Length(value),
        ["count"] = (value, _, _) => Length(value),
        ["string"] = (value, evaluation, _) => value.ToText(evaluation),
        ["tojson"] = JsonText.Write,
        ["items"] = (value, evaluation, _) => value switch
        {
            UndefinedValue => new GeneratorValue([]),
            MapValue map => new GeneratorValue(CollectionMethods.Pairs(map, evaluation)),
            _ => throw TemplateFault.Type("Can only get item pairs from a mapping."),
        },
        ["attr"] = (value, evaluation, arguments) =>
        {
            var name = TextOperations.Text(arguments.Bind("attr", "name")[0], "attr() argument").Text;
            return value.Attribute(name, evaluation) ?? (value is NamespaceValue space ? space.Item(TextValue.Untrusted(name), evaluation) : null) ?? UndefinedValue.Attribute(value, name);
        },
        ["abs"] = (value, _, _) => value is NumberValue { Double: < 0 } ? Arithmetic.Signed(value, negative: true) : value is NumberValue ? value : throw TemplateFault.Type($"bad operand type for abs(): '{value.TypeName}'"),
        ["int"] = NumberFilters.Integer,
        ["float"] = NumberFilters.Float,
        ["round"] = NumberFilters.Round,
        ["filesizeformat"] = NumberFilters.FileSize,
        ["safe"] = (value, evaluation, _) => value.ToText(evaluation),
        ["pprint"] = (value, evaluation, _) =>
        {
            var text = new TextBuilder(evaluation.Budget);
            value.Print(text, quoted: true);
            return text.ToText();
        },
    };

    static Filters()
    {
        foreach (var (name, filter) in TextFilters.All) All.Add(name, filter);
        foreach (var (name, filter) in ListFilters.All) All.Add(name, filter);
    }

    public static bool Exists(string name) => All.ContainsKey(name);

    public static Value Apply(string name, Value value, Arguments arguments, Evaluation evaluation) => All.TryGetValue(name, out var filter)
        ? filter(value, evaluation, arguments)
        : throw new TemplateFault(TemplateErrorKind.UnknownName, $"No filter named '{name}'.");

    private static Value Default(Value value, Evaluation evaluation, Arguments arguments)
    {
        var given = arguments.Bind("default", "default_value", "boolean");
        return value is UndefinedValue || (!value.IsTrue && (given[1]?.IsTrue ?? false)) ? given[0] ?? TextValue.Empty : value;
    }

    private static IntegerValue Length(Value value) => new(value.Length ?? throw TemplateFault.Type($"object of type '{value.TypeName}' has no len()"));
}

/// <summary>Filters that take text, or make text of what they get.</summary>
internal static class TextFilters
{
    public static Dictionary<string, Func<Value, Evaluation, Arguments, Value>> All { get; } = new(StringComparer.Ordinal)
    {
        ["trim"] = (value, evaluation, arguments) =>
        {
            var characters = arguments.Bind("trim", "chars")[0];
            return TextOperations.Strip(value.ToText(evaluation), characters is null or NoneValue ? null : TextOperations.Text(characters, "chars").Text);
        },
        ["upper"] = (value, evaluation, _) => TextOperations.Upper(value.ToText(evaluation), evaluation),
        ["lower"] = (value, evaluation, _) => TextOperations.Lower(value.ToText(evaluation), evaluation),
        ["capitalize"] = (value, evaluation, _) => TextOperations.Capitalize(value.ToText(evaluation), evaluation),
        ["title"] = (value, evaluation, _) => Title(value.ToText(evaluation), evaluation),
        ["replace"] = (value, evaluation, arguments) =>
        {
            var given = arguments.Bind("replace", "old", "new", "count");
            return TextOperations.Replace(value.ToText(evaluation), (given[0] ?? NoneValue.Instance).ToText(evaluation), (given[1] ?? NoneValue.Instance).ToText(evaluation), TextOperations.Number(given[2], "count") ?? -1, evaluation);
        },
        ["indent"] = Indent,
        ["format"] = (value, evaluation, arguments) => PercentFormat.Apply(value.ToText(evaluation), arguments.Named.Count > 0 ? Named(evaluation, arguments) : ListValue.Tuple([.. arguments.Positional]), evaluation),
        ["escape"] = (value, evaluation, _) => Escape(value, evaluation),
        ["e"] = (value, evaluation, _) => Escape(value, evaluation),
        ["forceescape"] = (value, evaluation, _) => Escape(value, evaluation),
        ["striptags"] = (value, evaluation, _) => StripTags(value.ToText(evaluation), evaluation),
        ["center"] = (value, evaluation, arguments) => TextOperations.Pad(value.ToText(evaluation), TextOperations.Number(arguments.Bind("center", "width")[0], "width") ?? 80, ' ', 0.5, evaluation),
        ["truncate"] = Truncate,
        ["wordcount"] = (value, evaluation, _) => new IntegerValue(WordCount(value.ToText(evaluation).Text)),
        ["wordwrap"] = WordWrap,
        ["urlencode"] = (value, evaluation, _) => value.ToText(evaluation) is var text ? text.With(Uri.EscapeDataString(text.Text).Replace("%2F", "/", StringComparison.Ordinal)) : value,
    };

    private static MapValue Named(Evaluation evaluation, Arguments arguments)
    {
        var entries = MapValue.NewEntries(evaluation);
        foreach (var (name, value) in arguments.Named) entries[TextValue.Untrusted(name)] = value;
        return new MapValue(entries);
    }

    /// <summary>The filter's own rule: the first letter of a word, after blanks, hyphens and opening brackets, is upper case and the rest lower.</summary>
    private static TextValue Title(TextValue text, Evaluation evaluation)
    {
        var begins = true;
        return TextOperations.Map(text, (rune, at) =>
        {
            var changed = begins ? Casing.Upper(rune) : Casing.Lower(rune, text.Text, at);
            begins = rune.IsBmp && (Blanks.Is((char)rune.Value) || rune.Value is '-' or '(' or '{' or '[' or '<');
            return changed;
        }, evaluation);
    }

    private static TextValue Indent(Value value, Evaluation evaluation, Arguments arguments)
    {
        var given = arguments.Bind("indent", "width", "first", "blank");
        var text = value.ToText(evaluation);
        var width = given[0] as TextValue ?? Blank(TextOperations.Number(given[0], "width") ?? 4, evaluation);
        var (first, blank) = (given[1]?.IsTrue ?? false, given[2]?.IsTrue ?? false);
        var result = new TextBuilder(evaluation.Budget);
        var start = 0;
        while (start <= text.Text.Length)
        {
            var end = text.Text.IndexOf('\n', start);
            if (end < 0) end = text.Text.Length;
            if (start == 0 ? first : blank || end > start) result.Append(width);
            result.Append(text, start, Math.Min(end + 1, text.Text.Length) - start);
            start = end + 1;
        }
        return result.ToText();
    }

    private static TextValue Blank(int width, Evaluation evaluation) => new TextBuilder(evaluation.Budget).Append(' ', width).ToText();

    private static TextValue Escape(Value value, Evaluation evaluation) => TextOperations.Map(value.ToText(evaluation), (rune, _) => rune.Value switch
    {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&#34;",
        '\'' => "&#39;",
        _ => rune.ToString(),
    }, evaluation);

    private static TextValue StripTags(TextValue text, Evaluation evaluation)
    {
        evaluation.Budget.Characters(text.Text.Length);
        var result = new StringBuilder();
        for (var at = 0; at < text.Text.Length; at++)
        {
            var isComment = text.Text.AsSpan(at).StartsWith("<!--", StringComparison.Ordinal);
            var close = text.Text[at] != '<' ? -1 : isComment ? text.Text.IndexOf("-->", at, StringComparison.Ordinal) : text.Text.IndexOf('>', at);
            if (close >= 0) at = isComment ? close + 2 : close;
            else result.Append(text.Text[at]);
        }
        var words = result.ToString().Split(Blanks.Characters, StringSplitOptions.RemoveEmptyEntries);
        return TextValue.Untrusted(System.Net.WebUtility.HtmlDecode(string.Join(' ', words)));
    }

    private static TextValue Truncate(Value value, Evaluation evaluation, Arguments arguments)
    {
        var given = arguments.Bind("truncate", "length", "killwords", "end", "leeway");
        var text = value.ToText(evaluation);
        var length = TextOperations.Number(given[0], "length") ?? 255;
        var end = given[2]?.ToText(evaluation) ?? TextValue.Trusted("...");
        if (length < end.Length) throw new TemplateFault(TemplateErrorKind.Runtime, $"expected length >= {end.Length}, got {length}");
        if (text.Length <= length + (TextOperations.Number(given[3], "leeway") ?? 5)) return text;
        var kept = text.Slice(0, text.UnitOf(length - end.Length!.Value));
        if (!(given[1]?.IsTrue ?? false) && kept.Text.LastIndexOf(' ') is >= 0 and var space) kept = kept.Slice(0, space);
        return new TextBuilder(evaluation.Budget).Append(kept).Append(end).ToText();
    }

    /// <summary>Runs of letters, digits and underscores.</summary>
    private static int WordCount(string text)
    {
        var (count, inside) = (0, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var isWord = rune.Value == '_' || Rune.IsLetter(rune) || Rune.IsNumber(rune);
            if (isWord && !inside) count++;
            inside = isWord;
        }
        return count;
    }

    /// <summary>Lines of at most a width, broken at blanks; longer words are cut when break_long_words is set.</summary>
    private static TextValue WordWrap(Value value, Evaluation evaluation, Arguments arguments)
    {
        var given = arguments.Bind("wordwrap", "width", "break_long_words", "wrapstring", "break_on_hyphens");
        var width = Math.Max(1, TextOperations.Number(given[0], "width") ?? 79);
        var cuts = given[1]?.IsTrue ?? true;
        var lineEnd = given[2] is null or NoneValue ? TextValue.Trusted("\n") : given[2]!.ToText(evaluation);
        var lines = new List<Value>();
        foreach (var paragraph in TextMethods.Lines(value.ToText(evaluation), keepEnds: false, evaluation).Cast<TextValue>())
        {
            var line = TextValue.Empty;
            foreach (var whole in TextOperations.Words(paragraph, -1, evaluation).Cast<TextValue>())
            {
                var word = whole;
                if (line.Text.Length > 0 && line.Length + 1 + word.Length <= width)
                {
                    line = new TextBuilder(evaluation.Budget).Append(line).Append(' ').Append(word).ToText();
                    continue;
                }
                if (line.Text.Length > 0) lines.Add(line);
                for (; cuts && word.Length > width; word = word.Slice(word.UnitOf(width), word.Text.Length - word.UnitOf(width))) lines.Add(word.Slice(0, word.UnitOf(width)));
                line = word;
            }
            lines.Add(line);
        }
        return TextOperations.Join(lines, lineEnd, evaluation);
    }
}
