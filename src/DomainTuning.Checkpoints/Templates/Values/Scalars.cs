using System.Globalization;
using System.Numerics;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>None: JSON's null.</summary>
internal sealed class NoneValue : Value
{
    public static NoneValue Instance { get; } = new();

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;

    public override void Print(TextBuilder into, bool quoted) => into.Append("None", trusted: false);
}

/// <summary>A number; truth values are numbers too.</summary>
internal abstract class NumberValue : Value
{
    /// <summary>The number in double precision, infinite if it is too large.</summary>
    public abstract double Double { get; }
}

/// <summary>An integer of any reasonable size, or a truth value, which counts as 0 or 1.</summary>
internal class IntegerValue(BigInteger number) : NumberValue
{
    public BigInteger Number { get; } = Budget.Checked(number);

    public override string TypeName => "int";

    public override bool IsTrue => !Number.IsZero;

    public override double Double => (double)Number;

    /// <summary>The number for counts, widths and indices; beyond int it is the nearest int.</summary>
    public int Clamped => Number > int.MaxValue ? int.MaxValue : Number < int.MinValue ? int.MinValue : (int)Number;

    public override void Print(TextBuilder into, bool quoted) => into.Append(Number.ToString(CultureInfo.InvariantCulture), trusted: false);
}

internal sealed class BooleanValue : IntegerValue
{
    private BooleanValue(bool truth)
        : base(truth ? 1 : 0)
    {
    }

    public static BooleanValue True { get; } = new(true);

    public static BooleanValue False { get; } = new(false);

    public override string TypeName => "bool";

    public static BooleanValue Of(bool truth) => truth ? True : False;

    public override void Print(TextBuilder into, bool quoted) => into.Append(IsTrue ? "True" : "False", trusted: false);
}

internal sealed class FloatValue(double number) : NumberValue
{
    public double Number { get; } = number;

    public override string TypeName => "float";

    public override bool IsTrue => Number != 0;

    public override double Double => Number;

    public override void Print(TextBuilder into, bool quoted) => into.Append(Format(Number), trusted: false);

    /// <summary>The shortest digits that read back the same: 1.0, 0.0001, 1e-05, 1e+16.</summary>
    public static string Format(double number)
    {
        if (double.IsNaN(number)) return "nan";
        if (double.IsInfinity(number)) return number > 0 ? "inf" : "-inf";
        var scientific = number.ToString("E16", CultureInfo.InvariantCulture);
        var shortest = number.ToString("R", CultureInfo.InvariantCulture);
        var sign = scientific[0] == '-' ? "-" : "";
        var mantissa = shortest.TrimStart('-').Split('E')[0];
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        if (digits.Length == 0) return sign + "0.0";
        var point = Exponent(shortest.TrimStart('-'), mantissa);

        if (point is < -4 or >= 16)
            return $"{sign}{digits[0]}{(digits.Length > 1 ? "." + digits[1..] : "")}e{(point < 0 ? '-' : '+')}{Math.Abs(point):00}";
        if (point < 0) return sign + "0." + new string('0', -point - 1) + digits;
        return digits.Length > point + 1
            ? $"{sign}{digits[..(point + 1)]}.{digits[(point + 1)..]}"
            : sign + digits.PadRight(point + 1, '0') + ".0";
    }

    /// <summary>The power of ten of the first digit that is not zero.</summary>
    private static int Exponent(string shortest, string mantissa)
    {
        var e = shortest.IndexOf('E', StringComparison.Ordinal);
        var power = e < 0 ? 0 : int.Parse(shortest.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        var whole = dot < 0 ? mantissa.Length : dot;
        var first = mantissa.AsSpan().IndexOfAnyInRange('1', '9');
        return power + (first < whole ? whole - 1 - first : whole - first);
    }
}
