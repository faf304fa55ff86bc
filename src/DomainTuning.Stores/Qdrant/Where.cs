using DomainTuning.Indexing;
using Qdrant.Client.Grpc;
using Range = Qdrant.Client.Grpc.Range;

namespace DomainTuning.Stores.Qdrant;

/// <summary>The few conditions that the index asks with.</summary>
internal static class Where
{
    public static Condition Is(string field, string value) => On(field, new Match { Keyword = value });

    public static Condition Is(string field, long value) => On(field, new Match { Integer = value });

    public static Condition In(string field, IEnumerable<string> values)
    {
        var strings = new RepeatedStrings();
        strings.Strings.AddRange(values);
        return On(field, new Match { Keywords = strings });
    }

    public static Condition In(string field, IEnumerable<long> values)
    {
        var integers = new RepeatedIntegers();
        integers.Integers.AddRange(values);
        return On(field, new Match { Integers = integers });
    }

    public static Condition AtMost(string field, long value) => new() { Field = new FieldCondition { Key = field, Range = new Range { Lte = value } } };

    public static Condition Above(string field, long value) => new() { Field = new FieldCondition { Key = field, Range = new Range { Gt = value } } };

    public static Condition Between(string field, long first, long last) => new() { Field = new FieldCondition { Key = field, Range = new Range { Gte = first, Lte = last } } };

    public static IEnumerable<Condition> Passes(ChunkFilter filter)
    {
        if (filter.Documents.Count > 0) yield return In(Payloads.DocumentField, filter.Documents.Select(document => document.Value));
        if (filter.Tags.Count > 0) yield return In(Payloads.Tags, filter.Tags);
    }

    private static Condition On(string field, Match match) => new() { Field = new FieldCondition { Key = field, Match = match } };
}
