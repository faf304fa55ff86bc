using System.Numerics;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>+ - * / // % ** by Python's rules: / gives a float, // and % round down, text and lists add and repeat.</summary>
internal static class Arithmetic
{
    public static Value Apply(string sign, Value left, Value right, Evaluation evaluation)
    {
        if (left is UndefinedValue l) throw l.Fault;
        if (right is UndefinedValue r && !(sign == "%" && left is TextValue)) throw r.Fault;
        switch (sign, left, right)
        {
            case (_, IntegerValue a, IntegerValue b) when sign != "/": return Integers(sign, a.Number, b.Number);
            case (_, NumberValue a, NumberValue b): return new FloatValue(Floats(sign, a.Double, b.Double));
            case ("+", TextValue a, TextValue b): return new TextBuilder(evaluation.Budget).Append(a).Append(b).ToText();
            case ("+", ListValue { IsSequence: true } a, ListValue b) when a.Kind == b.Kind:
                evaluation.Budget.Steps(a.Elements.Count + b.Elements.Count);
                return new ListValue([.. a.Elements, .. b.Elements], a.Kind);
            case ("*", TextValue or ListValue { IsSequence: true }, IntegerValue count): return Repeat(left, count, evaluation);
            case ("*", IntegerValue count, TextValue or ListValue { IsSequence: true }): return Repeat(right, count, evaluation);
            case ("%", TextValue format, _): return PercentFormat.Apply(format, right, evaluation);
            case ("+", TextValue, _): throw TemplateFault.Type($"can only concatenate str (not \"{right.TypeName}\") to str");
            case ("+", ListValue { IsSequence: true }, _): throw TemplateFault.Type($"can only concatenate {left.TypeName} (not \"{right.TypeName}\") to {left.TypeName}");
            default: throw TemplateFault.Type($"unsupported operand type(s) for {(sign == "**" ? "** or pow()" : sign)}: '{left.TypeName}' and '{right.TypeName}'");
        }
    }

    public static Value Signed(Value value, bool negative) => value switch
    {
        IntegerValue integer => new IntegerValue(negative ? -integer.Number : integer.Number),
        FloatValue number => new FloatValue(negative ? -number.Number : number.Number),
        UndefinedValue undefined => throw undefined.Fault,
        _ => throw TemplateFault.Type($"bad operand type for unary {(negative ? '-' : '+')}: '{value.TypeName}'"),
    };

    private static Value Integers(string sign, BigInteger a, BigInteger b)
    {
        switch (sign)
        {
            case "+": return new IntegerValue(a + b);
            case "-": return new IntegerValue(a - b);
            case "*": return new IntegerValue(a * b);
            case "**" when b >= 0: return new IntegerValue(Power(a, b));
            case "**": return new FloatValue(a.IsZero ? throw DividedByZero("0.0 cannot be raised to a negative power") : Math.Pow((double)a, (double)b));
        }
        if (b.IsZero) throw DividedByZero(sign == "%" ? "integer modulo by zero" : "integer division or modulo by zero");
        var quotient = BigInteger.DivRem(a, b, out var rest);
        var down = !rest.IsZero && (rest.Sign < 0) != (b.Sign < 0);
        return new IntegerValue(sign == "%" ? (down ? rest + b : rest) : down ? quotient - 1 : quotient);
    }

    private static BigInteger Power(BigInteger a, BigInteger b)
    {
        if (BigInteger.Abs(a) <= 1) return b.IsZero ? 1 : a.Sign < 0 && b.IsEven ? 1 : a;
        return b > 20_000 || a.GetBitLength() * b > 20_000 ? throw Budget.TooLarge() : BigInteger.Pow(a, (int)b);
    }

    private static double Floats(string sign, double a, double b)
    {
        if (b == 0 && (sign is "/" or "//" or "%")) throw DividedByZero(sign switch { "/" => "division by zero", "%" => "float modulo by zero", _ => "float floor division by zero" });
        switch (sign)
        {
            case "+": return a + b;
            case "-": return a - b;
            case "*": return a * b;
            case "/": return a / b;
            case "**": return Math.Pow(a, b);
        }
        var rest = a % b;
        if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
        return sign == "%" ? rest : Math.Round((a - rest) / b);
    }

    private static Value Repeat(Value value, IntegerValue count, Evaluation evaluation)
    {
        var times = Math.Max(0, count.Clamped);
        if (value is TextValue text)
        {
            evaluation.Budget.Characters((long)text.Text.Length * times);
            var result = new TextBuilder(evaluation.Budget);
            for (var i = 0; i < times && text.Text.Length > 0; i++) result.Append(text);
            return result.ToText();
        }
        var list = (ListValue)value;
        evaluation.Budget.Steps((long)list.Elements.Count * times);
        return new ListValue(list.Elements.Count == 0 ? [] : [.. Enumerable.Repeat(list.Elements, times).SelectMany(items => items)], list.Kind);
    }

    private static TemplateFault DividedByZero(string detail) => new(TemplateErrorKind.ZeroDivision, detail);
}

/// <summary>The comparison operators and 'in'.</summary>
internal static class Comparison
{
    public static bool Holds(string sign, Value left, Value right, Evaluation evaluation) => sign switch
    {
        "==" => evaluation.Equality.Equals(left, right),
        "!=" => !evaluation.Equality.Equals(left, right),
        "<" => evaluation.Equality.Compare(left, right, sign) < 0,
        "<=" => evaluation.Equality.Compare(left, right, sign) <= 0,
        ">" => evaluation.Equality.Compare(left, right, sign) > 0,
        ">=" => evaluation.Equality.Compare(left, right, sign) >= 0,
        "in" => Contains(right, left, evaluation),
        _ => !Contains(right, left, evaluation),
    };

    private static bool Contains(Value where, Value what, Evaluation evaluation)
    {
        switch (where)
        {
            case TextValue text:
                if (what is not TextValue part) throw what is UndefinedValue undefined ? undefined.Fault : TemplateFault.Type($"'in <string>' requires string as left operand, not {what.TypeName}");
                evaluation.Budget.Steps(text.Text.Length >> 8);
                return text.Text.Contains(part.Text, StringComparison.Ordinal);
            case MapValue map:
                return map.Entries.ContainsKey(ValueEquality.Hashable(what));
        }
        if (where.Items is null) throw TemplateFault.Type($"argument of type '{where.TypeName}' is not iterable");
        foreach (var item in where.Items)
        {
            evaluation.Budget.Steps();
            if (evaluation.Equality.Equals(item, what)) return true;
        }
        return false;
    }
}
