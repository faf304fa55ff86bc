using System.Numerics.Tensors;
using Google.Protobuf.Collections;
using Qdrant.Client.Grpc;
using QueryKind = Qdrant.Client.Grpc.Query.VariantOneofCase;
using Value = Qdrant.Client.Grpc.Value;

namespace DomainTuning.Stores.Tests.QdrantDouble;

/// <summary>What is asked of a collection: exact cosine, BM25 by sparse vectors, the fusions, filters, pages, groups.</summary>
internal sealed partial class PointStore
{
    public GetResponse Get(GetPoints request)
    {
        var answer = new GetResponse();
        answer.Result.AddRange(request.Ids.Select(StoredPoint.OrderOf).Where(points.ContainsKey).Select(key => Retrieved(points[key], request.WithPayload, request.WithVectors)));
        return answer;
    }

    public CountResponse Count(CountPoints request)
    {
        CheckFilter(request.Filter);
        return new CountResponse { Result = new CountResult { Count = (ulong)points.Values.Count(point => Filters.Pass(request.Filter, point)) } };
    }

    public ScrollResponse Scroll(ScrollPoints request)
    {
        CheckFilter(request.Filter);
        CheckLimit(request.Limit);
        var limit = request.HasLimit ? (int)request.Limit : 10;
        var answer = new ScrollResponse();
        var passing = points.Values.Where(point => Filters.Pass(request.Filter, point));
        if (request.OrderBy is { } order)
        {
            if (indexes.GetValueOrDefault(order.Key, FieldType.Keyword) != FieldType.Integer)
                throw Refused($"Wrong input: No range index for `order_by` key: `{order.Key}`. Please create one to use `order_by`. Check https://qdrant.tech/documentation/concepts/indexing/#payload-index to see which payload schemas support Range conditions");
            foreach (var point in passing.OrderBy(point => point.Payload[order.Key].IntegerValue).Take(limit))
            {
                var retrieved = Retrieved(point, request.WithPayload, request.WithVectors);
                retrieved.OrderValue = new OrderValue { Int = point.Payload[order.Key].IntegerValue };
                answer.Result.Add(retrieved);
            }

            return answer;
        }

        if (request.Offset is { } offset) passing = passing.Where(point => string.CompareOrdinal(point.Order, StoredPoint.OrderOf(offset)) >= 0);
        var page = passing.Take(limit + 1).ToList();
        answer.Result.AddRange(page.Take(limit).Select(point => Retrieved(point, request.WithPayload, request.WithVectors)));
        if (page.Count > limit) answer.NextPageOffset = page[limit].Id;
        return answer;
    }

    public FacetResponse Facet(FacetCounts request)
    {
        var answer = new FacetResponse();
        answer.Hits.AddRange(points.Values.Where(point => Filters.Pass(request.Filter, point)).SelectMany(point => Filters.Values(point, request.Key)).CountBy(value => value.StringValue)
            .OrderByDescending(count => count.Value).ThenBy(count => count.Key, StringComparer.Ordinal).Take((int)request.Limit)
            .Select(count => new FacetHit { Value = new FacetValue { StringValue = count.Key }, Count = (ulong)count.Value }));
        return answer;
    }

    public QueryResponse Query(QueryPoints request)
    {
        CheckLimit(request.Limit);
        var answer = new QueryResponse();
        answer.Result.AddRange(Run(request));
        return answer;
    }

    public QueryBatchResponse QueryBatch(QueryBatchPoints request)
    {
        var answer = new QueryBatchResponse();
        foreach (var query in request.QueryPoints)
        {
            CheckLimit(query.Limit);
            var batch = new BatchResult();
            batch.Result.AddRange(Run(query));
            answer.Result.Add(batch);
        }

        return answer;
    }

    public QueryGroupsResponse QueryGroups(QueryPointGroups request)
    {
        var groups = Ranked(request.Query, request.Using, request.Prefetch, request.Filter, int.MaxValue)
            .GroupBy(hit => hit.Point.Payload[request.GroupBy].StringValue)
            .Take((int)request.Limit);
        var result = new GroupsResult();
        foreach (var group in groups)
        {
            var hits = new PointGroup { Id = new GroupId { StringValue = group.Key } };
            hits.Hits.AddRange(group.Take((int)request.GroupSize).Select(hit => Scored(hit.Point, hit.Score, request.WithPayload, request.WithVectors)));
            result.Groups.Add(hits);
        }

        return new QueryGroupsResponse { Result = result };
    }

    private IEnumerable<ScoredPoint> Run(QueryPoints request)
    {
        var limit = request.HasLimit ? (int)request.Limit : 10;
        return Ranked(request.Query, request.Using, request.Prefetch, request.Filter, (int)request.Offset + limit)
            .Where(hit => !request.HasScoreThreshold || hit.Score >= request.ScoreThreshold)
            .Skip((int)request.Offset).Take(limit)
            .Select(hit => Scored(hit.Point, hit.Score, request.WithPayload, request.WithVectors));
    }

    private List<(StoredPoint Point, float Score)> Ranked(Query query, string vector, RepeatedField<PrefetchQuery> prefetch, Filter? filter, int limit)
    {
        CheckFilter(filter);
        if (query.VariantCase == QueryKind.Nearest)
        {
            var passing = points.Values.Where(point => Filters.Pass(filter, point));
            var scored = query.Nearest.VariantCase == VectorInput.VariantOneofCase.Sparse ? SparseScores(query.Nearest.Sparse, vector, passing) : DenseScores([.. query.Nearest.Dense.Data], vector, passing);
            return [.. scored.OrderByDescending(hit => hit.Score).ThenBy(hit => hit.Point.Arrival).Take(limit)];
        }

        var lists = prefetch.Select(inner => Ranked(inner.Query, inner.Using, inner.Prefetch, inner.Filter, inner.HasLimit ? (int)inner.Limit : 10)).ToList();
        var sums = new Dictionary<StoredPoint, double>();
        for (var list = 0; list < lists.Count; list++)
        {
            var scores = query.VariantCase == QueryKind.Fusion && query.Fusion == Fusion.Dbsf
                ? DistributionScores(lists[list])
                : lists[list].Select((_, rank) => 1 / (((rank + 1) / Weight(query, list)) + (query.Rrf is { HasK: true } rrf ? rrf.K : 2) - 1));
            foreach (var (hit, score) in lists[list].Zip(scores)) sums[hit.Point] = sums.GetValueOrDefault(hit.Point) + score;
        }

        return [.. sums.Where(sum => Filters.Pass(filter, sum.Key)).Select(sum => (sum.Key, (float)sum.Value)).OrderByDescending(hit => hit.Item2).Take(limit)];
    }

    private static double Weight(Query query, int list) => query.Rrf is { Weights.Count: > 0 } rrf ? rrf.Weights[list] : 1;

    /// <summary>Each list by its mean ± 3σ, σ over n − 1.</summary>
    private static IEnumerable<double> DistributionScores(List<(StoredPoint Point, float Score)> list)
    {
        var mean = list.Average(hit => (double)hit.Score);
        var deviation = list.Count < 2 ? 0 : Math.Sqrt(list.Sum(hit => (hit.Score - mean) * (hit.Score - mean)) / (list.Count - 1));
        return list.Select(hit => deviation == 0 ? 0.5 : (hit.Score - (mean - (3 * deviation))) / (6 * deviation));
    }

    private IEnumerable<(StoredPoint Point, float Score)> DenseScores(float[] query, string vector, IEnumerable<StoredPoint> passing)
    {
        var size = (int)Params(vector).Size;
        if (query.Length != size) throw Refused($"Wrong input: Vector dimension error: expected dim: {size}, got {query.Length}");
        var unit = Normalised(query);
        return passing.Where(point => point.Dense.ContainsKey(vector)).Select(point => (point, TensorPrimitives.Dot(unit, point.Dense[vector])));
    }

    /// <summary>Σ query value × idf × stored value over all that was ever stored and not yet tidied away.</summary>
    private IEnumerable<(StoredPoint Point, float Score)> SparseScores(SparseVector query, string vector, IEnumerable<StoredPoint> passing)
    {
        if (settings.SparseVectorsConfig?.Map.ContainsKey(vector) != true) throw Refused($"Wrong input: Not existing vector name error: {vector}");
        var all = points.Values.Select(point => point.Sparse).Concat(ghosts).Where(vectors => vectors.ContainsKey(vector)).Select(vectors => vectors[vector]).ToList();
        var weights = new Dictionary<uint, double>();
        for (var i = 0; i < query.Indices.Count; i++)
        {
            var holding = all.Count(stored => stored.Indices.Contains(query.Indices[i]));
            weights[query.Indices[i]] = query.Values[i] * Math.Log(((all.Count - holding + 0.5) / (holding + 0.5)) + 1);
        }

        foreach (var point in passing)
        {
            if (!point.Sparse.TryGetValue(vector, out var stored)) continue;
            double score = 0;
            var shares = false;
            for (var i = 0; i < stored.Indices.Count; i++)
                if (weights.TryGetValue(stored.Indices[i], out var weight))
                {
                    score += weight * stored.Values[i];
                    shares = true;
                }

            if (shares) yield return (point, (float)score);
        }
    }

    /// <summary>Strict mode refuses a filter on a field without an index.</summary>
    private void CheckFilter(Filter? filter, bool update = false)
    {
        if (filter is null || Strict is not { Enabled: true } || (update ? Strict.UnindexedFilteringUpdate : Strict.UnindexedFilteringRetrieve)) return;
        foreach (var condition in filter.Must.Concat(filter.Should).Concat(filter.MustNot))
            if (condition.Field is { } field && !indexes.ContainsKey(field.Key))
                throw Refused($"Bad request: Index required but not found for \"{field.Key}\" of one of the following types: [{(field.Match?.HasInteger == true ? "integer" : "keyword")}]. Help: Create an index for this key or use a different filter.");
    }

    private void CheckLimit(ulong limit)
    {
        if (Strict is { Enabled: true, HasMaxQueryLimit: true } && limit > Strict.MaxQueryLimit)
            throw Refused($"Bad request: Limit exceeded {limit} > {Strict.MaxQueryLimit} for \"limit\". Help: Reduce the \"limit\" parameter to or below {Strict.MaxQueryLimit}.");
    }

    private static ScoredPoint Scored(StoredPoint point, float score, WithPayloadSelector? payload, WithVectorsSelector? vectors)
    {
        var scored = new ScoredPoint { Id = point.Id, Score = score, Version = point.Version };
        Copy(point, payload, scored.Payload);
        if (Vectors(point, vectors) is { } output) scored.Vectors = output;
        return scored;
    }

    private static RetrievedPoint Retrieved(StoredPoint point, WithPayloadSelector? payload, WithVectorsSelector? vectors)
    {
        var retrieved = new RetrievedPoint { Id = point.Id };
        Copy(point, payload, retrieved.Payload);
        if (Vectors(point, vectors) is { } output) retrieved.Vectors = output;
        return retrieved;
    }

    private static void Copy(StoredPoint point, WithPayloadSelector? selector, MapField<string, Value> to)
    {
        foreach (var (key, value) in point.Payload)
            if (selector?.SelectorOptionsCase switch
            {
                WithPayloadSelector.SelectorOptionsOneofCase.Enable => selector.Enable,
                WithPayloadSelector.SelectorOptionsOneofCase.Include => selector.Include.Fields.Contains(key),
                _ => false,
            }) to[key] = value;
    }

    private static VectorsOutput? Vectors(StoredPoint point, WithVectorsSelector? selector)
    {
        var names = selector?.SelectorOptionsCase switch
        {
            WithVectorsSelector.SelectorOptionsOneofCase.Enable when selector.Enable => point.Dense.Keys.Concat(point.Sparse.Keys).ToList(),
            WithVectorsSelector.SelectorOptionsOneofCase.Include => [.. selector.Include.Names],
            _ => [],
        };
        if (names.Count == 0) return null;
        var output = new NamedVectorsOutput();
        foreach (var name in names)
            if (point.Dense.TryGetValue(name, out var dense))
            {
                var data = new DenseVector();
                data.Data.AddRange(dense);
                output.Vectors[name] = new VectorOutput { Dense = data };
            }
            else if (point.Sparse.TryGetValue(name, out var sparse))
            {
                output.Vectors[name] = new VectorOutput { Sparse = sparse };
            }

        return new VectorsOutput { Vectors = output };
    }
}
