using System.Text.Json;
using Google.Protobuf.Collections;
using Grpc.Core;
using Grpc.Net.Client;
using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Tests.QdrantDouble;

/// <summary>The double may stand in for a server because it says what a real one said: tests/fixtures/qdrant holds a conversation with Qdrant 1.18.2 (CC0).</summary>
public sealed class RecordedConversationTests
{
    private static readonly Dictionary<string, StatusCode> Codes = new()
    {
        ["OK"] = StatusCode.OK, ["ALREADY_EXISTS"] = StatusCode.AlreadyExists, ["NOT_FOUND"] = StatusCode.NotFound, ["INVALID_ARGUMENT"] = StatusCode.InvalidArgument,
        ["UNAUTHENTICATED"] = StatusCode.Unauthenticated, ["PERMISSION_DENIED"] = StatusCode.PermissionDenied,
    };

    [Fact]
    public async Task TheDoubleAnswersEveryRecordedCallAsTheServerDid()
    {
        await using var server = await QdrantServerDouble.StartAsync();
        using var channel = GrpcChannel.ForAddress(server.Address);
        var steps = Lines("grpc.jsonl");

        foreach (var step in steps)
        {
            var (status, message, answer) = await CallAsync(channel, step, null);

            Assert.True(Codes[Text(step, "status")] == status, $"{Text(step, "step")}: {status} {message}");
            if (status != StatusCode.OK) Assert.Equal(Text(step, "message"), message);
            else if (Fused(step) is { } fused) await AssertFusedAsync(channel, Text(step, "step"), fused, QueryResponse.Parser.ParseFrom(Convert.FromBase64String(Text(step, "response"))).Result, QueryResponse.Parser.ParseFrom(answer).Result);
            else AssertSame(Text(step, "step"), Text(step, "method"), Convert.FromBase64String(Text(step, "response")), answer);
        }

        Assert.Equal(66, steps.Count);
    }

    [Fact]
    public async Task TheDoubleRefusesKeysAsTheServerDid()
    {
        await using var server = await QdrantServerDouble.StartAsync("secret", "reader");
        using var channel = GrpcChannel.ForAddress(server.Address);
        var steps = Lines("auth-cluster.grpc.jsonl").Where(step => Text(step, "step").StartsWith("api key ", StringComparison.Ordinal)).ToList();

        foreach (var step in steps)
        {
            var key = Text(step, "step").Split(' ', ':')[2];
            var (status, message, _) = await CallAsync(channel, step, key == "None" ? null : key);

            Assert.True(Codes[Text(step, "status")] == status, $"{Text(step, "step")}: {status} {message}");
            if (status != StatusCode.OK) Assert.Equal(Text(step, "message"), message);
        }

        Assert.Equal(12, steps.Count);
    }

    private static async Task<(StatusCode Status, string Message, byte[] Answer)> CallAsync(GrpcChannel channel, JsonElement step, string? key)
    {
        var parts = Text(step, "method").Trim('/').Split('/');
        var bytes = Marshallers.Create<byte[]>(message => message, message => message);
        var method = new Method<byte[], byte[]>(MethodType.Unary, parts[0], parts[1], bytes, bytes);
        try
        {
            var headers = key is null ? null : new Metadata { { "api-key", key } };
            return (StatusCode.OK, "", await channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(headers, cancellationToken: TestContext.Current.CancellationToken), Convert.FromBase64String(Text(step, "request"))));
        }
        catch (RpcException refused)
        {
            return (refused.StatusCode, refused.Status.Detail, []);
        }
    }

    private static void AssertSame(string step, string method, byte[] recorded, byte[] answered)
    {
        switch (method)
        {
            case "/qdrant.Points/Query":
                AssertRanked(step, QueryResponse.Parser.ParseFrom(recorded).Result, QueryResponse.Parser.ParseFrom(answered).Result);
                break;
            case "/qdrant.Points/QueryBatch":
                foreach (var (left, right) in QueryBatchResponse.Parser.ParseFrom(recorded).Result.Zip(QueryBatchResponse.Parser.ParseFrom(answered).Result)) AssertRanked(step, left.Result, right.Result);
                break;
            case "/qdrant.Points/QueryGroups":
                var (groups, ours) = (QueryGroupsResponse.Parser.ParseFrom(recorded).Result.Groups, QueryGroupsResponse.Parser.ParseFrom(answered).Result.Groups);
                Assert.Equal(groups.Select(group => group.Id), ours.Select(group => group.Id));
                foreach (var (left, right) in groups.Zip(ours)) AssertRanked(step, left.Hits, right.Hits);
                break;
            case "/qdrant.Points/Scroll":
                var (page, own) = (ScrollResponse.Parser.ParseFrom(recorded), ScrollResponse.Parser.ParseFrom(answered));
                Assert.Equal(page.NextPageOffset, own.NextPageOffset);
                AssertPoints(step, page.Result, own.Result);
                break;
            case "/qdrant.Points/Get":
                AssertPoints(step, GetResponse.Parser.ParseFrom(recorded).Result, GetResponse.Parser.ParseFrom(answered).Result);
                break;
            case "/qdrant.Points/Count":
                Assert.Equal(CountResponse.Parser.ParseFrom(recorded).Result, CountResponse.Parser.ParseFrom(answered).Result);
                break;
            case "/qdrant.Points/Facet":
                Assert.Equal(FacetResponse.Parser.ParseFrom(recorded).Hits.OrderBy(hit => $"{hit}"), FacetResponse.Parser.ParseFrom(answered).Hits.OrderBy(hit => $"{hit}"));
                break;
            case "/qdrant.Points/Upsert" or "/qdrant.Points/Delete" or "/qdrant.Points/SetPayload" or "/qdrant.Points/CreateFieldIndex":
                Assert.Equal(PointsOperationResponse.Parser.ParseFrom(recorded).Result.Status, PointsOperationResponse.Parser.ParseFrom(answered).Result.Status);
                break;
            case "/qdrant.Collections/Get":
                AssertInfo(GetCollectionInfoResponse.Parser.ParseFrom(recorded).Result, GetCollectionInfoResponse.Parser.ParseFrom(answered).Result);
                break;
            case "/qdrant.Collections/List":
                Assert.Equal(ListCollectionsResponse.Parser.ParseFrom(recorded).Collections.OrderBy(each => each.Name), ListCollectionsResponse.Parser.ParseFrom(answered).Collections.OrderBy(each => each.Name));
                break;
            case "/qdrant.Collections/ListAliases":
                Assert.Equal(ListAliasesResponse.Parser.ParseFrom(recorded).Aliases, ListAliasesResponse.Parser.ParseFrom(answered).Aliases);
                break;
            case "/qdrant.Collections/CollectionExists":
                Assert.Equal(CollectionExistsResponse.Parser.ParseFrom(recorded).Result, CollectionExistsResponse.Parser.ParseFrom(answered).Result);
                break;
            case "/qdrant.Snapshots/Create" or "/qdrant.Snapshots/List" or "/qdrant.Snapshots/Delete":
                break; // Names, sizes and times of files that the double does not write.
            default:
                Assert.Equal(CollectionOperationResponse.Parser.ParseFrom(recorded).Result, CollectionOperationResponse.Parser.ParseFrom(answered).Result);
                break;
        }
    }

    /// <summary>The request of a step that fuses two lists; null for the others.</summary>
    private static QueryPoints? Fused(JsonElement step)
    {
        if (Text(step, "method") != "/qdrant.Points/Query") return null;
        var query = QueryPoints.Parser.ParseFrom(Convert.FromBase64String(Text(step, "request")));
        return query.Prefetch.Count > 0 ? query : null;
    }

    /// <summary>
    /// A fusion depends on the order of equal scores in its lists, which is free: by their ranks, or by which of them come before the cut. So each score, recorded or answered, must be what some order of the ties
    /// gives; where a list has no ties, that is one number.
    /// </summary>
    private static async Task AssertFusedAsync(GrpcChannel channel, string step, QueryPoints query, RepeatedField<ScoredPoint> recorded, RepeatedField<ScoredPoint> answered)
    {
        var client = new Points.PointsClient(channel);
        var lists = new List<List<ScoredPoint>>();
        foreach (var leg in query.Prefetch)
        {
            var alone = new QueryPoints { CollectionName = query.CollectionName, Query = leg.Query, Using = leg.Using, Filter = leg.Filter, Limit = 1000 };
            lists.Add([.. (await client.QueryAsync(alone, cancellationToken: TestContext.Current.CancellationToken)).Result]);
        }

        Assert.Equal(recorded.Count, answered.Count);
        foreach (var point in recorded.Concat(answered))
        {
            var possible = lists.Select((list, i) => Shares(list, point.Id, (int)query.Prefetch[i].Limit, query.Query, i).ToList()).ToList();
            Assert.True(possible[0].Any(first => possible[1].Any(second => Math.Abs(first + second - point.Score) <= 1e-5)), $"{step}: no order of ties gives {point.Id} {point.Score}.");
        }

        Assert.Equal(recorded.Select(point => point.Score).OrderDescending(), recorded.Select(point => point.Score));
        Assert.Equal(recorded[0].Score, answered[0].Score, 0.1f);
    }

    /// <summary>What a list may add to a point's score, by every rank that ties leave open.</summary>
    private static IEnumerable<double> Shares(List<ScoredPoint> list, PointId id, int limit, Query query, int which)
    {
        if (list.Find(hit => hit.Id.Equals(id)) is not { } found) return [0];
        var first = list.FindIndex(hit => hit.Score <= found.Score + 1e-5);
        var last = list.FindLastIndex(hit => hit.Score >= found.Score - 1e-5);
        return Enumerable.Range(first, last - first + 1).Select(rank => rank >= limit ? 0 : query.HasFusion && query.Fusion == Fusion.Dbsf ? Spread(list, found.Score, limit) : Reciprocal(query, which, rank));
    }

    private static double Reciprocal(Query query, int which, int rank) =>
        1 / (((rank + 1.0) / (query.Rrf is { Weights.Count: > 0 } weighted ? weighted.Weights[which] : 1)) + (query.Rrf is { HasK: true } own ? own.K : 2) - 1);

    private static double Spread(List<ScoredPoint> list, double score, int limit)
    {
        var scores = list.Take(limit).Select(hit => (double)hit.Score).ToList();
        var (mean, deviation) = (scores.Average(), Math.Sqrt(scores.Sum(each => (each - scores.Average()) * (each - scores.Average())) / (scores.Count - 1)));
        return (score - (mean - (3 * deviation))) / (6 * deviation);
    }

    /// <summary>Scores to 1e-5, and the same points; those of equal scores in any order, at the cut any of them.</summary>
    private static void AssertRanked(string step, RepeatedField<ScoredPoint> recorded, RepeatedField<ScoredPoint> answered)
    {
        Assert.True(recorded.Count == answered.Count, $"{step}: {recorded.Count} results recorded, {answered.Count} answered.");
        for (var i = 0; i < recorded.Count; i++) Assert.True(Math.Abs(recorded[i].Score - answered[i].Score) <= 1e-5, $"{step}: score {i} is {answered[i].Score}, recorded {recorded[i].Score}.");
        var last = recorded.Count == 0 ? 0 : recorded[^1].Score;
        var settled = recorded.Where(point => point.Score > last + 1e-5).ToDictionary(point => point.Id);
        var ours = answered.Where(point => point.Score > last + 1e-5).ToDictionary(point => point.Id);
        Assert.Equal(settled.Keys.OrderBy(id => id.Uuid), ours.Keys.OrderBy(id => id.Uuid));
        foreach (var (id, point) in settled) Assert.True(point.Payload.Equals(ours[id].Payload), $"{step}: payload of {id}.");
    }

    private static void AssertPoints(string step, RepeatedField<RetrievedPoint> recorded, RepeatedField<RetrievedPoint> answered)
    {
        Assert.True(recorded.Count == answered.Count, $"{step}: {recorded.Count} points recorded, {answered.Count} answered.");
        foreach (var (left, right) in recorded.Zip(answered))
        {
            Assert.True(left.Id.Equals(right.Id) && left.Payload.Equals(right.Payload) && Equals(left.OrderValue, right.OrderValue), $"{step}: {left} recorded, {right} answered.");
            Assert.Equal(left.Vectors is null, right.Vectors is null);
            foreach (var (name, vector) in left.Vectors?.Vectors.Vectors ?? [])
            {
                var own = right.Vectors!.Vectors.Vectors[name];
                if (vector.Dense is { } dense) Assert.All(dense.Data.Zip(own.Dense.Data), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
                else Assert.Equal(vector.Sparse, own.Sparse);
            }
        }
    }

    private static void AssertInfo(CollectionInfo recorded, CollectionInfo answered)
    {
        Assert.Equal((recorded.Status, recorded.OptimizerStatus, recorded.PointsCount), (answered.Status, answered.OptimizerStatus, answered.PointsCount));
        Assert.Equal(recorded.Config.Params.VectorsConfig, answered.Config.Params.VectorsConfig);
        Assert.Equal(recorded.Config.Params.SparseVectorsConfig, answered.Config.Params.SparseVectorsConfig);
        Assert.Equal(
            recorded.PayloadSchema.Select(field => (field.Key, field.Value.DataType, field.Value.Points)).Order(), answered.PayloadSchema.Select(field => (field.Key, field.Value.DataType, field.Value.Points)).Order());
    }

    private static List<JsonElement> Lines(string file) => [.. File.ReadLines(Fixtures.Path("qdrant", file)).Select(line => JsonDocument.Parse(line).RootElement)];

    private static string Text(JsonElement step, string name) => step.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}
