using System.Globalization;
using DomainTuning.Indexing;

namespace DomainTuning.Stores.Qdrant;

/// <summary>How the server keeps a second, small copy of the vectors that it searches first; the best are scored again with the full ones.</summary>
public enum VectorQuantisation
{
    None,

    /// <summary>A byte a dimension: a quarter of the memory.</summary>
    Int8,

    /// <summary>A bit a dimension: a thirty-second of the memory, for vectors of 768 dimensions and more.</summary>
    Binary,
}

/// <summary>Where an index on a Qdrant server is, how it is spoken to, and how its collection is made. Written as an address: see <see cref="Parse"/>.</summary>
public sealed record QdrantOptions
{
    /// <summary>The oldest server that has what the index needs: conditional upserts and metadata (1.16).</summary>
    public static Version OldestServer { get; } = new(1, 16);

    /// <summary>The gRPC side of the server, such as http://localhost:6334; https for TLS.</summary>
    public required Uri Address { get; init; }

    /// <summary>The REST side, which alone can restore snapshots. Default: the same host at port 6333.</summary>
    public Uri RestAddress => new UriBuilder(Address) { Port = RestPort }.Uri;

    public int RestPort { get; init; } = 6333;

    public string? ApiKey { get; init; }

    /// <summary>Bound of one call. Default 30 s: an upsert of a batch on a busy server.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a call is made that a passing fault stops. Default 5: with growing pauses some three seconds, a leader election or a restarted pod.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>Pause before the second attempt; doubles after each.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Largest answer that is accepted. Default 64 MB: gRPC's own 4 MB stop a page of 1,000 long vectors.</summary>
    public int MaxReceiveBytes { get; init; } = 64 << 20;

    /// <summary>Points of one upsert or one page. Default 256: about 1 MB.</summary>
    public int Batch { get; init; } = 256;

    /// <summary>Parts of the collection. Default 1, which alone gives exact BM25: every part counts words for itself.</summary>
    public int Shards { get; init; } = 1;

    /// <summary>Copies of each part, on as many nodes.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>How many copies must have taken a write before it counts as done.</summary>
    public int WriteConsistency { get; init; } = 1;

    public VectorQuantisation Quantisation { get; init; }

    /// <summary>"majority", "quorum", "all" or a number of copies that must agree on what is read. Default: any one copy.</summary>
    public string? ReadConsistency { get; init; }

    /// <summary>"weak", "medium" or "strong". Default: the server's, weak.</summary>
    public string? WriteOrdering { get; init; }

    /// <summary>Mean number of terms of a chunk, frozen when the collection is made. Default null: two fifths of the longest chunk, near what manuals have.</summary>
    public double? AverageLength { get; init; }

    /// <summary>Reads "http://host:6334/collection?shards=3&amp;replicas=2". The key never stands in an address.</summary>
    /// <returns>The options, and the collection where the address names one.</returns>
    /// <exception cref="IndexException">The address cannot be used; the message says why.</exception>
    public static (QdrantOptions Options, string? Collection) Parse(string address, string? apiKey)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new IndexException($"'{address}' is no address of a Qdrant server. Write it as http://localhost:6334 or https://host:6334/collection.");
        if (uri.UserInfo.Length > 0) throw new IndexException("A Qdrant address must not hold a key. Set DOMAINTUNING_INDEX_API_KEY instead.");
        if (uri.Port == 6333) throw new IndexException($"Port 6333 of {uri.Host} is Qdrant's REST side; the index speaks gRPC. Use port 6334.");
        // A Uri without a port means 80 or 443, where no Qdrant listens by default; behind a TLS proxy 443 is right.
        if (uri.IsDefaultPort && uri.Scheme == "http") uri = new UriBuilder(uri) { Port = 6334 }.Uri;
        var collection = Uri.UnescapeDataString(uri.AbsolutePath.Trim('/'));
        var options = new QdrantOptions { Address = new Uri(uri.GetLeftPart(UriPartial.Authority)), ApiKey = apiKey };
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = pair.Split('=', 2) is [var left, var right] ? (left, Uri.UnescapeDataString(right)) : (pair, "");
            options = options.With(name, value, address);
        }

        options.Validate();
        return (options, collection.Length == 0 ? null : collection);
    }

    /// <summary>Checks all values together; throws <see cref="IndexException"/> with the rule that was broken.</summary>
    public void Validate()
    {
        if (WriteConsistency > Replicas) throw new IndexException($"writeConsistency is {WriteConsistency}, but there are only {Replicas} replicas: no write could ever succeed.");
        if (ReadConsistency is not (null or "majority" or "quorum" or "all") && !int.TryParse(ReadConsistency, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            throw new IndexException($"readConsistency is '{ReadConsistency}'; majority, quorum, all or a number is expected.");
        if (WriteOrdering is not (null or "weak" or "medium" or "strong")) throw new IndexException($"writeOrdering is '{WriteOrdering}'; weak, medium or strong is expected.");
    }

    private QdrantOptions With(string name, string value, string address) => name switch
    {
        "shards" => this with { Shards = Whole(name, value, address) },
        "replicas" => this with { Replicas = Whole(name, value, address) },
        "writeConsistency" => this with { WriteConsistency = Whole(name, value, address) },
        "readConsistency" => this with { ReadConsistency = value },
        "writeOrdering" => this with { WriteOrdering = value },
        "quantisation" => this with
        {
            Quantisation = Enum.TryParse<VectorQuantisation>(value, ignoreCase: true, out var kind) && Enum.IsDefined(kind)
                ? kind
                : throw new IndexException($"quantisation is '{value}' in {address}; none, int8 or binary is expected."),
        },
        "batch" => this with { Batch = Whole(name, value, address) },
        "deadline" => this with { Deadline = TimeSpan.FromSeconds(Whole(name, value, address)) },
        "attempts" => this with { Attempts = Whole(name, value, address) },
        "restPort" => this with { RestPort = Whole(name, value, address) },
        _ => throw new IndexException(
            $"'{name}' in {address} is not known. Known are shards, replicas, writeConsistency, readConsistency, writeOrdering, quantisation, batch, deadline (seconds), attempts and restPort."),
    };

    private static int Whole(string name, string value, string address) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 65535
            ? number
            : throw new IndexException($"{name} is '{value}' in {address}; a whole number from 1 to 65535 is expected.");
}
