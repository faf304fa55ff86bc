using System.Globalization;
using System.Text;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>The functions that every chat template may call.</summary>
internal static class Globals
{
    private const int MaxRange = 100_000;

    public static void AddTo(Scope scope)
    {
        Add("raise_exception", (evaluation, arguments) =>
            throw new TemplateFault(TemplateErrorKind.Raised, (arguments.Bind("raise_exception", "message")[0] ?? TextValue.Empty).ToText(evaluation).Text));
        Add("strftime_now", (evaluation, arguments) => Time(TextOperations.Text(arguments.Bind("strftime_now", "format")[0], "strftime_now() argument"), evaluation));
        Add("namespace", (evaluation, arguments) => Namespace(arguments));
        Add("range", (_, arguments) => Range(arguments));
        Add("dict", Map);
        Add("cycler", (_, arguments) => arguments.Positional.Count > 0 ? new CyclerValue(arguments.Positional) : throw TemplateFault.Type("at least one item has to be provided"));
        Add("joiner", (evaluation, arguments) => new JoinerValue(arguments.Bind("joiner", "sep")[0]?.ToText(evaluation) ?? TextValue.Trusted(", ")));
        Add("lipsum", (_, _) => throw new TemplateFault(TemplateErrorKind.Security, "lipsum() writes random text, which has no place in a prompt"));

        void Add(string name, Func<Evaluation, Arguments, Value> body) => scope.Set(name, new FunctionValue(name, body));
    }

    private static NamespaceValue Namespace(Arguments arguments)
    {
        var space = new NamespaceValue();
        foreach (var given in arguments.Positional)
        {
            if (given is not MapValue map) throw TemplateFault.Type($"namespace() takes mappings, not {given.TypeName}");
            foreach (var (key, value) in map.Entries) space.Set(TextOperations.Text(key, "namespace() key").Text, value);
        }
        foreach (var (name, value) in arguments.Named) space.Set(name, value);
        return space;
    }

    private static RangeValue Range(Arguments arguments)
    {
        var given = arguments.Bind("range", "start", "stop", "step");
        var first = TextOperations.Number(given[0], "range() argument") ?? throw TemplateFault.Type("range expected at least 1 argument, got 0");
        var (start, stop) = given[1] is null ? (0, first) : (first, TextOperations.Number(given[1], "range() argument") ?? 0);
        var step = TextOperations.Number(given[2], "range() argument") ?? 1;
        if (step == 0) throw TemplateFault.Value("range() arg 3 must not be zero");
        var range = new RangeValue(start, stop, step);
        return range.Length <= MaxRange ? range : throw new TemplateFault(TemplateErrorKind.Overflow, $"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MaxRange}).");
    }

    private static MapValue Map(Evaluation evaluation, Arguments arguments)
    {
        var entries = MapValue.NewEntries(evaluation);
        foreach (var given in arguments.Positional)
        {
            if (given is MapValue map)
                foreach (var (key, value) in map.Entries) entries[key] = value;
            else
                foreach (var pair in given.Iterate())
                {
                    if (pair.Iterate().Take(3).ToList() is not [var key, var value]) throw TemplateFault.Value("dictionary update sequence element has the wrong length; 2 is required");
                    entries[ValueEquality.Hashable(key)] = value;
                }
        }
        foreach (var (name, value) in arguments.Named) entries[TextValue.Trusted(name)] = value;
        return new MapValue(entries);
    }

    /// <summary>strftime in the C locale.</summary>
    private static TextValue Time(TextValue format, Evaluation evaluation)
    {
        var now = evaluation.Clock.GetLocalNow();
        var text = new StringBuilder();
        for (var i = 0; i < format.Text.Length; i++)
        {
            if (format.Text[i] != '%' || i + 1 == format.Text.Length)
            {
                text.Append(format.Text[i]);
                continue;
            }
            var letter = format.Text[++i];
            var bare = letter == '-' && i + 1 < format.Text.Length;
            if (bare) letter = format.Text[++i];
            var part = TimePart(now, letter) ?? throw TemplateFault.Value($"Invalid format string: '%{letter}' is not known");
            if (bare && char.IsAsciiDigit(part[0])) part = part.TrimStart('0') is { Length: > 0 } trimmed ? trimmed : "0";
            text.Append(part);
        }
        return format.With(text.ToString());
    }

    private static string? TimePart(DateTimeOffset now, char letter)
    {
        return letter switch
        {
            'Y' => In("yyyy"),
            'y' => In("yy"),
            'm' => In("MM"),
            'd' => In("dd"),
            'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'B' => In("MMMM"),
            'b' or 'h' => In("MMM"),
            'A' => In("dddd"),
            'a' => In("ddd"),
            'H' => In("HH"),
            'I' => In("hh"),
            'M' => In("mm"),
            'S' => In("ss"),
            'p' => In("tt"),
            'f' => In("ffffff"),
            'j' => now.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            'u' => (now.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'w' => ((int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'F' => In("yyyy-MM-dd"),
            'T' => In("HH:mm:ss"),
            'R' => In("HH:mm"),
            'D' or 'x' => In("MM/dd/yy"),
            'X' => In("HH:mm:ss"),
            'c' => $"{In("ddd MMM")} {now.Day,2} {In("HH:mm:ss yyyy")}",
            's' => now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            'V' => ISOWeek.GetWeekOfYear(now.DateTime).ToString("00", CultureInfo.InvariantCulture),
            'G' => ISOWeek.GetYear(now.DateTime).ToString("0000", CultureInfo.InvariantCulture),
            'n' => "\n",
            't' => "\t",
            '%' => "%",
            'z' or 'Z' => "", // the reference's clock has no zone
            _ => null,
        };

        string In(string picture) => now.ToString(picture, CultureInfo.InvariantCulture);
    }
}
