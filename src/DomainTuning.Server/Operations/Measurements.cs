using System.Diagnostics;
using System.Diagnostics.Metrics;
using DomainTuning.Answering;

namespace DomainTuning.Server.Operations;

/// <summary>
/// What is counted while answering, by OpenTelemetry's names where it has one (semantic conventions for generative AI), else under "domaintuning". GET /metrics
/// shows it; so does any other listener to the meter <see cref="Name"/>.
/// </summary>
internal sealed class Measurements : IDisposable
{
    /// <summary>Of the meter and of the source of traces.</summary>
    public const string Name = "DomainTuning";

    private static readonly double[] Seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

    private readonly Meter meter;
    private readonly Histogram<double> duration;
    private readonly Histogram<double> firstToken;
    private readonly Histogram<double> speed;
    private readonly Histogram<double> retrieval;
    private readonly Counter<long> tokens;
    private readonly Counter<long> citations;
    private readonly Counter<long> dropped;
    private readonly Counter<long> notInDocuments;
    private readonly UpDownCounter<int> active;
    private readonly UpDownCounter<int> queued;

    public Measurements(IMeterFactory meters)
    {
        meter = meters.Create(Name);
        var seconds = new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds };
        duration = meter.CreateHistogram("gen_ai.server.request.duration", "s", "From the request to the end of its answer", null, seconds);
        firstToken = meter.CreateHistogram("gen_ai.server.time_to_first_token", "s", "From the request to the first text of its answer", null, seconds);
        speed = meter.CreateHistogram("domaintuning.tokens_per_second", null, "Tokens a second of an answer, after its first text", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2, 5, 10, 20, 50, 100, 200, 500] });
        retrieval = meter.CreateHistogram("domaintuning.retrieval.duration", "s", "Searching a corpus", null, seconds);
        tokens = meter.CreateCounter<long>("domaintuning.tokens", null, "Tokens by kind: read (prompt), cached (of the prompt, not read again), written");
        citations = meter.CreateCounter<long>("domaintuning.citations", null, "Quotes that answers stand on");
        dropped = meter.CreateCounter<long>("domaintuning.dropped", null, "What was kept out of answers: citations that are not on their page, sentences that no quote supports");
        notInDocuments = meter.CreateCounter<long>("domaintuning.not_in_documents", null, "Questions that the documents do not answer");
        active = meter.CreateUpDownCounter<int>("domaintuning.requests.active", null, "Requests that are being answered");
        queued = meter.CreateUpDownCounter<int>("domaintuning.requests.waiting", null, "Those of them that have no text yet: they wait for a place, or are read");
    }

    public static ActivitySource Traces { get; } = new(Name);

    public void Dispose() => meter.Dispose();

    /// <summary>Times a search until it is disposed.</summary>
    public Lap Retrieval(string corpus) => new(retrieval, corpus);

    public void Begun()
    {
        active.Add(1);
        queued.Add(1);
    }

    public void Spoke(string arm, TimeSpan since)
    {
        queued.Add(-1);
        firstToken.Record(since.TotalSeconds, new KeyValuePair<string, object?>("gen_ai.request.model", arm));
    }

    /// <param name="spoke">Whether <see cref="Spoke"/> was called.</param>
    /// <param name="error">Null when all went well.</param>
    public void Done(string arm, TimeSpan took, bool spoke, string? error)
    {
        active.Add(-1);
        if (!spoke) queued.Add(-1);
        duration.Record(took.TotalSeconds, new("gen_ai.request.model", arm), new("error.type", error));
    }

    public void Answered(string arm, int read, int cached, int written, TimeSpan writing, Answer? answer)
    {
        var model = new KeyValuePair<string, object?>("gen_ai.request.model", arm);
        tokens.Add(read, model, new("kind", "read"));
        tokens.Add(cached, model, new("kind", "cached"));
        tokens.Add(written, model, new("kind", "written"));
        if (written > 1 && writing > TimeSpan.Zero) speed.Record((written - 1) / writing.TotalSeconds, model);
        if (answer is null) return;
        retrieval.Record(answer.Timings.Retrieval.TotalSeconds, model);
        citations.Add(answer.Citations.Count, model);
        dropped.Add(answer.DroppedCitations, model, new("kind", "citation"));
        dropped.Add(answer.DroppedSentences, model, new("kind", "sentence"));
        if (answer.NotInDocuments) notInDocuments.Add(1, model);
    }

    internal readonly struct Lap(Histogram<double> histogram, string corpus) : IDisposable
    {
        private readonly long start = Stopwatch.GetTimestamp();

        public void Dispose() => histogram.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, new KeyValuePair<string, object?>("corpus", corpus));
    }
}
