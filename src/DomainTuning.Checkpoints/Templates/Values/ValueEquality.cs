using System.Numerics;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>Equality and order by Python's rules: 1 == 1.0 == True, lists item by item, text by code points.</summary>
internal sealed class ValueEquality(Budget budget) : IEqualityComparer<Value>
{
    /// <summary>Refuses what cannot be a key.</summary>
    public static Value Hashable(Value key) => key is ListValue { Kind: not ListKind.Tuple } or MapValue ? throw TemplateFault.Type($"unhashable type: '{key.TypeName}'") : key;

    public bool Equals(Value? x, Value? y)
    {
        if (ReferenceEquals(x, y)) return x is not FloatValue { Number: double.NaN };
        return (x, y) switch
        {
            (TextValue a, TextValue b) => a.Text == b.Text,
            (IntegerValue a, IntegerValue b) => a.Number == b.Number,
            (NumberValue a, NumberValue b) => NumbersEqual(a, b),
            (UndefinedValue, UndefinedValue) => true,
            (ListValue a, ListValue b) => a.Kind == b.Kind && ListsEqual(a.Elements, b.Elements),
            (MapValue a, MapValue b) => MapsEqual(a, b),
            (RangeValue a, RangeValue b) => ListsEqual([.. a.Items], [.. b.Items]),
            _ => false,
        };
    }

    public int GetHashCode(Value value)
    {
        switch (value)
        {
            case TextValue text: return text.Text.GetHashCode(StringComparison.Ordinal);
            case IntegerValue integer: return ((double)integer.Number).GetHashCode();
            case FloatValue number: return number.Number.GetHashCode();
            case NoneValue: return 1;
            case UndefinedValue: return 2;
            case ListValue list:
                budget.Enter();
                var hash = new HashCode();
                foreach (var item in list.Elements) hash.Add(GetHashCode(Hashable(item)));
                budget.Leave();
                return hash.ToHashCode();
            default: return System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value);
        }
    }

    /// <summary>Negative, zero or positive; <paramref name="sign"/> names the operator in the message when the two have no order.</summary>
    public int Compare(Value x, Value y, string sign = "<")
    {
        budget.Steps();
        switch (x, y)
        {
            case (IntegerValue a, IntegerValue b): return a.Number.CompareTo(b.Number);
            case (NumberValue a, NumberValue b): return a.Double.CompareTo(b.Double);
            case (TextValue a, TextValue b): return CompareCodePoints(a.Text, b.Text);
            case (ListValue { IsSequence: true } a, ListValue { IsSequence: true } b) when a.Kind == b.Kind:
                budget.Enter();
                for (var i = 0; i < Math.Min(a.Elements.Count, b.Elements.Count); i++)
                {
                    if (Equals(a.Elements[i], b.Elements[i])) continue;
                    var order = Compare(a.Elements[i], b.Elements[i], sign);
                    budget.Leave();
                    return order;
                }
                budget.Leave();
                return a.Elements.Count.CompareTo(b.Elements.Count);
            case (UndefinedValue a, _): throw a.Fault;
            case (_, UndefinedValue b): throw b.Fault;
            default: throw TemplateFault.Type($"'{sign}' not supported between instances of '{x.TypeName}' and '{y.TypeName}'");
        }
    }

    /// <summary>Order by code point, which above U+FFFF is not the order of UTF-16 units.</summary>
    private static int CompareCodePoints(string a, string b)
    {
        var common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length) return a.Length.CompareTo(b.Length);
        var (x, y) = (a[common], b[common]);
        return char.IsSurrogate(x) != char.IsSurrogate(y) ? (char.IsSurrogate(x) ? 1 : -1) : x.CompareTo(y);
    }

    private static bool NumbersEqual(NumberValue a, NumberValue b)
    {
        if (a is FloatValue x && b is FloatValue y) return x.Number == y.Number;
        var (number, integer) = a is FloatValue ? (a.Double, ((IntegerValue)b).Number) : (b.Double, ((IntegerValue)a).Number);
        return double.IsFinite(number) && Math.Floor(number) == number && new BigInteger(number) == integer;
    }

    private bool ListsEqual(IReadOnlyList<Value> a, IReadOnlyList<Value> b)
    {
        if (a.Count != b.Count) return false;
        budget.Enter();
        var equal = true;
        for (var i = 0; equal && i < a.Count; i++)
        {
            budget.Steps();
            equal = Equals(a[i], b[i]);
        }
        budget.Leave();
        return equal;
    }

    private bool MapsEqual(MapValue a, MapValue b)
    {
        if (a.Entries.Count != b.Entries.Count) return false;
        budget.Enter();
        var equal = true;
        foreach (var (key, value) in a.Entries)
        {
            budget.Steps();
            equal = b.Entries.TryGetValue(key, out var other) && Equals(value, other);
            if (!equal) break;
        }
        budget.Leave();
        return equal;
    }
}
