using System.Linq.Expressions;
using DomainTuning.Indexing;

namespace DomainTuning.Answering;

/// <summary>Reads a filter expression over passages into a <see cref="ChunkFilter"/>: comparisons of the document and tags, joined by || within a kind and by &amp;&amp; between the kinds.</summary>
internal static class PassageFilter
{
    /// <summary>The filter, or null when it names only documents that are not in the index, so nothing can pass.</summary>
    public static ChunkFilter? Read(Expression<Func<CorpusPassage, bool>> filter, IReadOnlyList<IndexedDocument> documents)
    {
        List<string>? paths = null, tags = null;
        foreach (var condition in Split(filter.Body, ExpressionType.AndAlso))
        {
            var alternatives = Split(condition, ExpressionType.OrElse).Select(term => Leaf(term, filter)).ToList();
            var isDocument = alternatives[0].IsDocument;
            if (alternatives.Any(leaf => leaf.IsDocument != isDocument)) throw Unsupported(filter, "document and tag cannot be alternatives of one another");
            ref var list = ref isDocument ? ref paths : ref tags;
            if (list is not null) throw Unsupported(filter, $"two conditions on the {(isDocument ? "document" : "tags")} cannot both be required");
            list = [.. alternatives.SelectMany(leaf => leaf.Values)];
        }

        if (paths is null) return new ChunkFilter { Tags = tags ?? [] };
        var ids = documents.Where(document => paths.Contains(document.Path, StringComparer.Ordinal)).Select(document => document.Id).ToList();
        return ids.Count == 0 ? null : new ChunkFilter { Documents = ids, Tags = tags ?? [] };
    }

    private static IEnumerable<Expression> Split(Expression expression, ExpressionType join) =>
        expression is BinaryExpression binary && binary.NodeType == join ? Split(binary.Left, join).Concat(Split(binary.Right, join)) : [expression];

    private static (bool IsDocument, IReadOnlyList<string> Values) Leaf(Expression expression, LambdaExpression filter)
    {
        switch (expression)
        {
            case BinaryExpression { NodeType: ExpressionType.Equal } equal when IsMember(equal.Left, nameof(CorpusPassage.Document)):
                return (true, [Value<string>(equal.Right, filter)]);
            case BinaryExpression { NodeType: ExpressionType.Equal } equal when IsMember(equal.Right, nameof(CorpusPassage.Document)):
                return (true, [Value<string>(equal.Left, filter)]);
            case MethodCallExpression { Method.Name: "Contains" } call:
                Expression[] parts = call.Object is null ? [.. call.Arguments] : [call.Object, .. call.Arguments];
                if (parts.Length == 2 && IsMember(Bare(parts[0]), nameof(CorpusPassage.Tags))) return (false, [Value<string>(parts[1], filter)]);
                if (parts.Length >= 2 && IsMember(parts[1], nameof(CorpusPassage.Document))) return (true, [.. Value<IEnumerable<string>>(Bare(parts[0]), filter)]);
                break;
        }

        throw Unsupported(filter, $"'{expression}' is neither");
    }

    /// <summary>C# 14 passes an array to Contains as a span; the array is what can be evaluated.</summary>
    private static Expression Bare(Expression expression) => expression switch
    {
        MethodCallExpression { Method.Name: "op_Implicit", Arguments: [var inner] } => Bare(inner),
        UnaryExpression { NodeType: ExpressionType.Convert, Operand: var inner } => Bare(inner),
        _ => expression,
    };

    private static bool IsMember(Expression expression, string name) =>
        expression is MemberExpression { Expression: ParameterExpression, Member.Name: var member } && member == name;

    private static T Value<T>(Expression expression, LambdaExpression filter)
    {
        if (Mentions(expression, filter.Parameters[0])) throw Unsupported(filter, $"'{expression}' depends on the passage");
        var value = Expression.Lambda(expression).Compile(preferInterpretation: true).DynamicInvoke();
        return value is T wanted ? wanted : throw Unsupported(filter, $"'{expression}' is {value?.GetType().Name ?? "null"}, not {typeof(T).Name}");
    }

    private static bool Mentions(Expression expression, ParameterExpression parameter)
    {
        var search = new ParameterSearch(parameter);
        search.Visit(expression);
        return search.Found;
    }

    private static NotSupportedException Unsupported(LambdaExpression filter, string why) =>
        new($"The filter '{filter}' cannot be searched with: {why}. Supported: passage.Document == \"a.pdf\", passage.Tags.Contains(\"tag\"), a list that contains passage.Document, "
            + "|| between documents or between tags, && between the two.");

    private sealed class ParameterSearch(ParameterExpression parameter) : ExpressionVisitor
    {
        public bool Found { get; private set; }

        protected override Expression VisitParameter(ParameterExpression node)
        {
            Found |= node == parameter;
            return node;
        }
    }
}
