using System.Globalization;
using System.Numerics;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>Filters that give numbers: int, float, round; and the size of a file in words.</summary>
internal static class NumberFilters
{
    public static Value Integer(Value value, Evaluation evaluation, Arguments arguments)
    {
        var given = arguments.Bind("int", "default", "base");
        var preset = given[0] ?? new IntegerValue(0);
        switch (value)
        {
            case UndefinedValue undefined: throw undefined.Fault;
            case IntegerValue integer: return new IntegerValue(integer.Number);
            case FloatValue number: return double.IsFinite(number.Number) ? new IntegerValue(new BigInteger(Math.Truncate(number.Number))) : preset;
            case TextValue text:
                if (Parse(text.Text, TextOperations.Number(given[1], "base") ?? 10) is { } parsed) return new IntegerValue(parsed);
                return TextOperations.TryFloat(text.Text, out var real) && double.IsFinite(real) ? new IntegerValue(new BigInteger(Math.Truncate(real))) : preset;
            default: return preset;
        }
    }

    public static Value Float(Value value, Evaluation evaluation, Arguments arguments)
    {
        var preset = arguments.Bind("float", "default")[0] ?? new FloatValue(0);
        return value switch
        {
            UndefinedValue undefined => throw undefined.Fault,
            NumberValue number => new FloatValue(number.Double),
            TextValue text when TextOperations.TryFloat(text.Text, out var number) => new FloatValue(number),
            _ => preset,
        };
    }

    public static Value Round(Value value, Evaluation evaluation, Arguments arguments)
    {
        var given = arguments.Bind("round", "precision", "method");
        var precision = Math.Clamp(TextOperations.Number(given[0], "precision") ?? 0, -300, 300);
        var method = given[1] is null ? "common" : TextOperations.Text(given[1], "method").Text;
        if (value is UndefinedValue undefined) throw undefined.Fault;
        if (value is not NumberValue number) throw TemplateFault.Type($"type {value.TypeName} doesn't define __round__ method");
        if (method is not ("common" or "ceil" or "floor")) throw new TemplateFault(TemplateErrorKind.Runtime, "method must be common, ceil or floor");
        if (method != "common")
        {
            var scale = Math.Pow(10, precision);
            return new FloatValue((method == "ceil" ? Math.Ceiling(number.Double * scale) : Math.Floor(number.Double * scale)) / scale);
        }
        if (value is IntegerValue integer && precision >= 0) return new IntegerValue(integer.Number);
        return new FloatValue(precision is >= 0 and <= 15
            // Round half to even on the exact decimal value, as the reference does: fixed-point formatting is exact.
            ? double.Parse(number.Double.ToString("F" + precision, CultureInfo.InvariantCulture) is var rounded && IsTie(number.Double, precision) ? Math.Round(number.Double, precision, MidpointRounding.ToEven).ToString("R", CultureInfo.InvariantCulture) : rounded, CultureInfo.InvariantCulture)
            : precision < 0 ? Math.Round(number.Double / Math.Pow(10, -precision), MidpointRounding.ToEven) * Math.Pow(10, -precision) : number.Double);
    }

    public static Value FileSize(Value value, Evaluation evaluation, Arguments arguments)
    {
        var binary = arguments.Bind("filesizeformat", "binary")[0]?.IsTrue ?? false;
        var bytes = ((NumberValue)Float(value, evaluation, Arguments.None)).Double;
        var unit = binary ? 1024 : 1000;
        if (bytes == 1) return TextValue.Untrusted("1 Byte");
        if (bytes < unit) return TextValue.Untrusted($"{Math.Truncate(bytes).ToString("F0", CultureInfo.InvariantCulture)} Bytes");
        string[] names = binary ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"] : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
        var power = 0;
        for (bytes /= unit; bytes >= unit && power < names.Length - 1; bytes /= unit) power++;
        return TextValue.Untrusted($"{bytes.ToString("F1", CultureInfo.InvariantCulture)} {names[power]}");
    }

    private static bool IsTie(double number, int precision)
    {
        var exact = number.ToString("F" + Math.Min(precision + 40, 60), CultureInfo.InvariantCulture);
        var tail = exact.AsSpan(exact.IndexOf('.', StringComparison.Ordinal) + 1 + precision);
        return tail[0] == '5' && tail[1..].IndexOfAnyExcept('0') < 0;
    }

    private static BigInteger? Parse(string text, int radix)
    {
        var digits = text.Trim(Blanks.Characters).ToLowerInvariant();
        var negative = digits.StartsWith('-');
        if (negative || digits.StartsWith('+')) digits = digits[1..];
        var prefix = radix switch { 16 => "0x", 8 => "0o", 2 => "0b", _ => "" };
        if (prefix.Length > 0 && digits.StartsWith(prefix, StringComparison.Ordinal)) digits = digits[2..];
        digits = digits.Replace("_", "", StringComparison.Ordinal);
        if (digits.Length is 0 or > 4000 || radix is < 2 or > 36) return null;
        var value = BigInteger.Zero;
        foreach (var character in digits)
        {
            var digit = char.IsAsciiDigit(character) ? character - '0' : char.IsAsciiLetter(character) ? character - 'a' + 10 : CharUnicodeInfo.GetDecimalDigitValue(character);
            if (digit < 0 || digit >= radix) return null;
            value = (value * radix) + digit;
        }
        return negative ? -value : value;
    }
}
