using System.Globalization;
using DomainTuning.Indexing;
using Grpc.Core;

namespace DomainTuning.Stores.Qdrant;

/// <summary>Tells passing faults from lasting ones, and turns what a server says into a sentence with the remedy.</summary>
internal static class QdrantErrors
{
    public static IndexException Explain(RpcException error, QdrantOptions options, string doing) => new(Sentence(error, options, doing), error);

    /// <summary>
    /// What may be gone a moment later. INTERNAL is how a cluster says that a node is missing; RESOURCE_EXHAUSTED passes only where the server names a time,
    /// otherwise its disk is full or the answer was too large.
    /// </summary>
    /// <returns>The least pause before the next attempt; null for a lasting fault.</returns>
    public static TimeSpan? Passes(RpcException error) => error.StatusCode switch
    {
        StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Aborted => TimeSpan.Zero,
        StatusCode.Internal when IsMissingNode(error) || IsCut(error) => TimeSpan.Zero,
        StatusCode.ResourceExhausted when double.TryParse(error.Trailers.GetValue("retry-after"), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) =>
            TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 60)),
        _ => null,
    };

    private static bool IsMissingNode(RpcException error) =>
        error.Status.Detail.Contains("enough active replicas", StringComparison.Ordinal) || error.Status.Detail.Contains("tcp connect error", StringComparison.Ordinal)
        || error.Status.Detail.Contains("transport", StringComparison.OrdinalIgnoreCase);

    /// <summary>The connection broke while the answer was on its way.</summary>
    private static bool IsCut(RpcException error) => error.Status.DebugException is IOException or System.Net.Http.HttpRequestException { InnerException: IOException } or System.Net.Http.HttpProtocolException;

    private static string Sentence(RpcException error, QdrantOptions options, string doing)
    {
        var (server, said) = (options.Address.GetLeftPart(UriPartial.Authority), error.Status.Detail.Trim());
        return error.StatusCode switch
        {
            StatusCode.Unavailable =>
                $"The Qdrant server at {server} does not answer ({doing}). Start it, or check address and port (gRPC, usually 6334). Nothing that was stored is lost: run the same command again.",
            StatusCode.DeadlineExceeded =>
                $"The Qdrant server at {server} did not answer within {options.Deadline.TotalSeconds:0} s, {options.Attempts} times ({doing}). Nothing that was stored is lost: run the same command again when it is less busy, or give it longer with ?deadline=SECONDS.",
            StatusCode.Unauthenticated =>
                $"The Qdrant server at {server} refuses {(options.ApiKey is null ? "a call without a key" : "this API key")} ({doing}). Set DOMAINTUNING_INDEX_API_KEY to the server's key.",
            StatusCode.PermissionDenied =>
                $"The API key may read on the Qdrant server at {server}, but not write ({doing}). Set DOMAINTUNING_INDEX_API_KEY to a key that may; reading needs no other.",
            StatusCode.NotFound =>
                $"The Qdrant server at {server} no longer has the collection ({doing}: {said}). Run 'domaintuning ingest' again, or restore a snapshot.",
            StatusCode.ResourceExhausted when error.Trailers.GetValue("qdrant-insufficient-storage") is not null =>
                $"The Qdrant server at {server} is out of memory or disk ({doing}). Nothing that was stored is lost: give it more, then run the same command again.",
            StatusCode.ResourceExhausted when error.Trailers.GetValue("retry-after") is not null =>
                $"The Qdrant server at {server} limits the rate of calls ({doing}). Nothing that was stored is lost: run the same command again later, or raise the collection's rate limit.",
            StatusCode.ResourceExhausted => $"The answer of the Qdrant server at {server} is larger than {options.MaxReceiveBytes >> 20} MB ({doing}). Ask for fewer at a time with ?batch=N.",
            StatusCode.InvalidArgument when said.Contains("Vector dimension error", StringComparison.Ordinal) =>
                $"The collection at {server} holds vectors of another length ({doing}: {said}). Use the embedder that it was built with, or re-ingest with --rebuild.",
            StatusCode.Internal when IsMissingNode(error) =>
                $"Too few nodes of the Qdrant cluster at {server} are up ({doing}: {said.Split('\n')[0]}). Start the missing ones; nothing that was stored is lost.",
            StatusCode.Internal when error.Status.DebugException is not null =>
                $"The Qdrant server at {server} cannot be spoken to ({doing}: {error.Status.DebugException.Message}). Check that it is the gRPC port (6334), that http or https is right, and that no proxy stands between.",
            _ => $"The Qdrant server at {server} refuses ({doing}): {said}",
        };
    }
}
