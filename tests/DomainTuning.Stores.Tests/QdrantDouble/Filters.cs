using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Tests.QdrantDouble;

/// <summary>Which points a filter lets pass: the conditions that the recordings and the index use.</summary>
internal static class Filters
{
    public static bool Pass(Filter? filter, StoredPoint point) =>
        filter is null
        || (filter.Must.All(condition => Holds(condition, point)) && !filter.MustNot.Any(condition => Holds(condition, point))
            && (filter.Should.Count == 0 || filter.Should.Any(condition => Holds(condition, point))));

    /// <summary>A list's values count one by one.</summary>
    public static IEnumerable<Value> Values(StoredPoint point, string field) =>
        !point.Payload.TryGetValue(field, out var value) ? [] : value.KindCase == Value.KindOneofCase.ListValue ? value.ListValue.Values : [value];

    private static bool Holds(Condition condition, StoredPoint point) => condition.ConditionOneOfCase switch
    {
        Condition.ConditionOneOfOneofCase.HasId => condition.HasId.HasId.Contains(point.Id),
        Condition.ConditionOneOfOneofCase.Filter => Pass(condition.Filter, point),
        Condition.ConditionOneOfOneofCase.Field => Values(point, condition.Field.Key).Any(value => Holds(condition.Field, value)),
        var other => throw new NotSupportedException($"The double has no condition {other}."),
    };

    private static bool Holds(FieldCondition field, Value value)
    {
        if (field.Range is { } range)
        {
            var number = value.KindCase == Value.KindOneofCase.IntegerValue ? value.IntegerValue : value.DoubleValue;
            return value.KindCase is Value.KindOneofCase.IntegerValue or Value.KindOneofCase.DoubleValue
                && (!range.HasGt || number > range.Gt) && (!range.HasGte || number >= range.Gte) && (!range.HasLt || number < range.Lt) && (!range.HasLte || number <= range.Lte);
        }

        return field.Match.MatchValueCase switch
        {
            Match.MatchValueOneofCase.Keyword => value.HasStringValue && value.StringValue == field.Match.Keyword,
            Match.MatchValueOneofCase.Keywords => value.HasStringValue && field.Match.Keywords.Strings.Contains(value.StringValue),
            Match.MatchValueOneofCase.Integer => value.HasIntegerValue && value.IntegerValue == field.Match.Integer,
            Match.MatchValueOneofCase.Integers => value.HasIntegerValue && field.Match.Integers.Integers.Contains(value.IntegerValue),
            Match.MatchValueOneofCase.Text => value.HasStringValue && Words(field.Match.Text).All(Words(value.StringValue).Contains),
            var other => throw new NotSupportedException($"The double has no match {other}."),
        };
    }

    private static string[] Words(string text) => text.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
