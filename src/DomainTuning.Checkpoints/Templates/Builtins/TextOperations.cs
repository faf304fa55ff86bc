using System.Globalization;
using System.Text;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>Cutting and joining text without losing its provenance; shared by methods and filters.</summary>
internal static class TextOperations
{
    /// <summary>Cuts characters off the ends: white space, or those of a set.</summary>
    public static TextValue Strip(TextValue text, string? characters, bool left = true, bool right = true)
    {
        var set = characters?.EnumerateRunes().ToHashSet();
        var (start, end) = (0, text.Text.Length);
        while (left && start < end && Rune.DecodeFromUtf16(text.Text.AsSpan(start, end - start), out var rune, out var units) >= 0 && Goes(rune)) start += units;
        while (right && end > start && Rune.DecodeLastFromUtf16(text.Text.AsSpan(start, end - start), out var rune, out var units) >= 0 && Goes(rune)) end -= units;
        return text.Slice(start, end - start);

        bool Goes(Rune rune) => set?.Contains(rune) ?? (rune.IsBmp && Blanks.Is((char)rune.Value));
    }

    public static TextValue Replace(TextValue text, TextValue old, TextValue by, int count, Evaluation evaluation)
    {
        var result = new TextBuilder(evaluation.Budget);
        var done = 0;
        if (old.Text.Length == 0)
        {
            foreach (var character in text.Items.Cast<TextValue>())
            {
                if (count-- != 0) result.Append(by);
                result.Append(character);
            }
            if (count != 0) result.Append(by);
            return result.ToText();
        }
        for (int at; count != 0 && (at = text.Text.IndexOf(old.Text, done, StringComparison.Ordinal)) >= 0; count--)
        {
            evaluation.Budget.Steps();
            result.Append(text, done, at - done).Append(by);
            done = at + old.Text.Length;
        }
        return result.Append(text, done, text.Text.Length - done).ToText();
    }

    public static List<Value> Split(TextValue text, string separator, int count, Evaluation evaluation)
    {
        if (separator.Length == 0) throw TemplateFault.Value("empty separator");
        var parts = new List<Value>();
        var done = 0;
        for (int at; count != 0 && (at = text.Text.IndexOf(separator, done, StringComparison.Ordinal)) >= 0; count--)
        {
            evaluation.Budget.Steps();
            parts.Add(text.Slice(done, at - done));
            done = at + separator.Length;
        }
        parts.Add(text.Slice(done, text.Text.Length - done));
        return parts;
    }

    public static List<Value> SplitFromRight(TextValue text, string separator, int count, Evaluation evaluation)
    {
        if (separator.Length == 0) throw TemplateFault.Value("empty separator");
        var parts = new List<Value>();
        var end = text.Text.Length;
        for (int at; count != 0 && end > 0 && (at = text.Text.AsSpan(0, end).LastIndexOf(separator)) >= 0; count--)
        {
            evaluation.Budget.Steps();
            parts.Add(text.Slice(at + separator.Length, end - at - separator.Length));
            end = at;
        }
        parts.Add(text.Slice(0, end));
        parts.Reverse();
        return parts;
    }

    /// <summary>Words between white space; the last one keeps the rest when there are more than the count allows.</summary>
    public static List<Value> Words(TextValue text, int count, Evaluation evaluation)
    {
        var parts = new List<Value>();
        for (var at = 0; ; count--)
        {
            while (at < text.Text.Length && Blanks.Is(text.Text[at])) at++;
            if (at == text.Text.Length) return parts;
            evaluation.Budget.Steps();
            var start = at;
            if (count == 0) at = text.Text.AsSpan().TrimEnd(Blanks.Characters).Length;
            else while (at < text.Text.Length && !Blanks.Is(text.Text[at])) at++;
            parts.Add(text.Slice(start, at - start));
            if (count == 0) return parts;
        }
    }

    public static TextValue Join(IEnumerable<Value> values, TextValue separator, Evaluation evaluation)
    {
        var result = new TextBuilder(evaluation.Budget);
        var first = true;
        foreach (var value in values)
        {
            evaluation.Budget.Steps();
            if (!first) result.Append(separator);
            first = false;
            value.Print(result, quoted: false);
        }
        return result.ToText();
    }

    /// <summary>Fills up to a width in code points; left and right are the shares of the filling.</summary>
    public static TextValue Pad(TextValue text, int width, char filling, double left, Evaluation evaluation)
    {
        var missing = width - text.Length!.Value;
        if (missing <= 0) return text;
        var before = (int)Math.Floor(missing * left);
        // Python's center puts the odd place left when the width is odd.
        if (left is > 0 and < 1) before = (missing / 2) + (missing & width & 1);
        return new TextBuilder(evaluation.Budget).Append(filling, before).Append(text).Append(filling, missing - before).ToText();
    }

    public static TextValue Map(TextValue text, Func<Rune, int, string> change, Evaluation evaluation)
    {
        var result = new TextBuilder(evaluation.Budget);
        for (var at = 0; at < text.Text.Length;)
        {
            if (Rune.DecodeFromUtf16(text.Text.AsSpan(at), out var rune, out var units) != System.Buffers.OperationStatus.Done) result.Append(text, at, units);
            else result.Append(change(rune, at), text.Slice(at, units).IsTrusted);
            at += units;
        }
        return result.ToText();
    }

    public static TextValue Upper(TextValue text, Evaluation evaluation) => Map(text, (rune, _) => Casing.Upper(rune), evaluation);

    public static TextValue Lower(TextValue text, Evaluation evaluation) => Map(text, (rune, at) => Casing.Lower(rune, text.Text, at), evaluation);

    public static TextValue Capitalize(TextValue text, Evaluation evaluation) =>
        Map(text, (rune, at) => at == 0 ? Casing.Title(rune) : Casing.Lower(rune, text.Text, at), evaluation);

    /// <summary>str.title(): a letter after a letter is lower case, any other upper case.</summary>
    public static TextValue Title(TextValue text, Evaluation evaluation)
    {
        var inside = false;
        return Map(text, (rune, at) =>
        {
            var changed = inside ? Casing.Lower(rune, text.Text, at) : Casing.Title(rune);
            inside = Casing.IsCased(rune);
            return changed;
        }, evaluation);
    }

    public static int? Number(Value? value, string what) => value switch
    {
        null or NoneValue => null,
        IntegerValue integer => integer.Clamped,
        _ => throw TemplateFault.Type($"{what} must be an integer, not {value.TypeName}"),
    };

    public static TextValue Text(Value? value, string what) => value switch
    {
        TextValue text => text,
        UndefinedValue undefined => throw undefined.Fault,
        _ => throw TemplateFault.Type($"{what} must be str, not {value?.TypeName ?? "nothing"}"),
    };

    /// <summary>Numbers as a template reads them from text: decimal, with underscores and surrounding blanks.</summary>
    public static bool TryFloat(string text, out double number) =>
        double.TryParse(text.Trim(Blanks.Characters).Replace("_", "", StringComparison.Ordinal), NumberStyles.Float & ~NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out number);
}
