using Google.Protobuf.Collections;
using Qdrant.Client.Grpc;

namespace DomainTuning.Stores.Qdrant;

/// <summary>
/// What makes writes atomic by document on a server without transactions. Everything that a write stores carries its generation, a number that grows; this one
/// point says which generations count. Writing it is a single, atomic upsert under the condition that nobody else wrote it meanwhile: that is the commit.
/// Before it, a new version is invisible because its generation is above <see cref="Committed"/>; with it, the new version counts and the old one is
/// <see cref="Hidden"/>; points of hidden generations are deleted later.
/// A reader takes the state, asks with its filter, and looks at the state again: its answer is whole unless a deletion began that it could not know of,
/// which <see cref="Purged"/> tells.
/// </summary>
/// <param name="Revision">Grows with every write of the state; the condition of the next one.</param>
/// <param name="Birth">Another one after a rebuild.</param>
/// <param name="Committed">Generations above it do not count.</param>
/// <param name="Purged">The value of <see cref="Committed"/> when points were last deleted: what was hidden then may be gone.</param>
/// <param name="Hidden">Generations that were replaced or deleted and whose points may still be there.</param>
/// <param name="Abandoned">Generations of broken writes, whose points may still come in late: hidden for good.</param>
/// <param name="Writer">Who writes, in words; empty when nobody does.</param>
/// <param name="Token">Of the writer.</param>
/// <param name="WriterUntil">Unix milliseconds until which the writer has promised to write again.</param>
internal sealed record IndexState(
    long Revision, string Birth, long Committed, long Purged, IReadOnlyList<long> Hidden, IReadOnlyList<long> Abandoned, string Writer, string Token, long WriterUntil)
{
    /// <summary>Late points of broken writes come within minutes; more numbers than this would only lengthen every filter.</summary>
    private const int MostAbandoned = 32;

    public static IndexState New(string birth) => new(1, birth, 0, 0, [], [], "", "", 0);

    /// <summary>The same index at the same moment, whoever has renewed a promise meanwhile.</summary>
    public bool IsSameMoment(IndexState other) => Birth == other.Birth && Committed == other.Committed;

    /// <summary>True when everything that counts at <paramref name="earlier"/> was still there now.</summary>
    public bool StillHolds(IndexState earlier) => Birth == earlier.Birth && Purged <= earlier.Committed;

    public IndexState Commit(long generation, IEnumerable<long> replaced, IEnumerable<long> broken) => this with
    {
        Committed = generation,
        Hidden = [.. Hidden.Concat(replaced).Distinct()],
        Abandoned = [.. Abandoned.Concat(broken).Distinct().TakeLast(MostAbandoned)],
    };

    /// <summary>Of one kind, as they count at this moment.</summary>
    public Filter Visible(string kind, params IEnumerable<Condition> conditions)
    {
        var filter = new Filter();
        filter.Must.Add(Where.Is(Payloads.Kind, kind));
        filter.Must.Add(Where.AtMost(Payloads.Generation, Committed));
        filter.Must.AddRange(conditions);
        if (Hidden.Count + Abandoned.Count > 0) filter.MustNot.Add(Where.In(Payloads.Generation, Hidden.Concat(Abandoned)));
        return filter;
    }

    public void Write(MapField<string, Value> payload)
    {
        payload[Payloads.Kind] = Payloads.Text("state");
        payload[Payloads.Revision] = Payloads.Number(Revision);
        payload["birth"] = Payloads.Text(Birth);
        payload["committed"] = Payloads.Number(Committed);
        payload["purged"] = Payloads.Number(Purged);
        payload["hidden"] = Payloads.Numbers(Hidden);
        payload["abandoned"] = Payloads.Numbers(Abandoned);
        payload["writer"] = Payloads.Text(Writer);
        payload["token"] = Payloads.Text(Token);
        payload["writer_until"] = Payloads.Number(WriterUntil);
    }

    public static IndexState Read(MapField<string, Value> payload) => new(
        payload[Payloads.Revision].IntegerValue, payload["birth"].StringValue, payload["committed"].IntegerValue, payload["purged"].IntegerValue,
        Numbers(payload["hidden"]), Numbers(payload["abandoned"]), payload["writer"].StringValue, payload["token"].StringValue, payload["writer_until"].IntegerValue);

    private static long[] Numbers(Value value) => [.. value.ListValue.Values.Select(number => number.IntegerValue)];
}
