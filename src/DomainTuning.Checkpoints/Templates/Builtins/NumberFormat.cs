using System.Globalization;
using System.Numerics;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>Numbers with a format letter (d, x, o, b, f, e, g, %, c), as % and format() share them.</summary>
internal static class NumberFormat
{
    private const int MaxPrecision = 100;

    public static string Format(Value value, char letter, int precision, bool alternate)
    {
        if (value is UndefinedValue undefined) throw undefined.Fault;
        if (value is not NumberValue number) throw TemplateFault.Type($"%{letter} format: a real number is required, not {value.TypeName}");
        precision = Math.Min(precision, MaxPrecision);
        return letter switch
        {
            'd' or 'i' or 'u' => Integer(number).ToString(CultureInfo.InvariantCulture),
            'x' or 'X' or 'o' or 'b' => Radix(Integer(number), letter, alternate),
            'f' or 'F' => number.Double.ToString("F" + (precision < 0 ? 6 : precision), CultureInfo.InvariantCulture),
            'e' or 'E' => Scientific(number.Double, precision < 0 ? 6 : precision, letter),
            'g' or 'G' => General(number.Double, precision < 0 ? 6 : Math.Max(1, precision), letter == 'G' ? 'E' : 'e'),
            '%' => (number.Double * 100).ToString("F" + (precision < 0 ? 6 : precision), CultureInfo.InvariantCulture) + "%",
            'c' => number is IntegerValue { Clamped: >= 0 and <= 0x10FFFF and (< 0xD800 or > 0xDFFF) } point ? char.ConvertFromUtf32(point.Clamped) : throw new TemplateFault(TemplateErrorKind.Overflow, "%c arg not in range(0x110000)"),
            _ => throw TemplateFault.Value($"unsupported format character '{letter}'"),
        };
    }

    private static BigInteger Integer(NumberValue number) => number is IntegerValue integer ? integer.Number
        : double.IsFinite(number.Double) ? new BigInteger(Math.Truncate(number.Double)) : throw new TemplateFault(TemplateErrorKind.Overflow, "cannot convert float infinity to integer");

    private static string Radix(BigInteger number, char letter, bool alternate)
    {
        var radix = letter switch { 'o' => 8, 'b' => 2, _ => 16 };
        var digits = new List<char>();
        for (var rest = BigInteger.Abs(number); !rest.IsZero || digits.Count == 0; rest /= radix) digits.Add("0123456789abcdef"[(int)(rest % radix)]);
        digits.Reverse();
        var text = (number.Sign < 0 ? "-" : "") + (alternate ? "0" + char.ToLowerInvariant(letter) : "") + string.Concat(digits);
        return letter == 'X' ? text.ToUpperInvariant() : text;
    }

    private static string Scientific(double number, int precision, char letter) =>
        number.ToString((precision == 0 ? "0" : "0." + new string('0', precision)) + letter + "+00", CultureInfo.InvariantCulture);

    private static string General(double number, int precision, char letter)
    {
        if (number == 0 || !double.IsFinite(number)) return number == 0 ? "0" : FloatValue.Format(number);
        var scientific = Scientific(number, precision - 1, letter);
        var exponent = int.Parse(scientific.AsSpan(scientific.IndexOf(letter, StringComparison.Ordinal) + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (exponent >= -4 && exponent < precision) return Trimmed(number.ToString("F" + (precision - 1 - exponent), CultureInfo.InvariantCulture));
        var parts = scientific.Split(letter);
        return Trimmed(parts[0]) + letter + parts[1];
    }

    private static string Trimmed(string number) => number.Contains('.', StringComparison.Ordinal) ? number.TrimEnd('0').TrimEnd('.') : number;
}
