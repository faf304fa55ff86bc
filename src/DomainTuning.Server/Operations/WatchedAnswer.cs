using System.Diagnostics;
using DomainTuning.Server.Api;
using Microsoft.Extensions.AI;

namespace DomainTuning.Server.Operations;

/// <summary>
/// One chat request as it is counted and traced: a span "chat MODEL" with OpenTelemetry's gen_ai names, and of our own the arm's adapter and corpus and the chunks
/// that were read. No text of question or answer is in it.
/// </summary>
internal sealed class WatchedAnswer(Measurements measurements, ChatRequest request)
{
    private readonly long start = Stopwatch.GetTimestamp();
    private readonly string arm = request.Arm.ToString();
    private long first;

    public async IAsyncEnumerable<(int Choice, AnswerEvent Event)> WatchAsync(IAsyncEnumerable<(int Choice, AnswerEvent Event)> events)
    {
        using var span = Begin();
        measurements.Begun();
        var enumerator = events.GetAsyncEnumerator();
        await using var _ = enumerator.ConfigureAwait(false);
        string? error = "cancelled";
        try
        {
            while (await MoveAsync().ConfigureAwait(false))
            {
                See(enumerator.Current.Event, span);
                yield return enumerator.Current;
            }

            error = null;
        }
        finally
        {
            measurements.Done(arm, Stopwatch.GetElapsedTime(start), first != 0, error);
            if (error is not null) span?.SetTag("error.type", error).SetStatus(ActivityStatusCode.Error);
        }

        async ValueTask<bool> MoveAsync()
        {
            try
            {
                return await enumerator.MoveNextAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                error = e.GetType().Name;
                throw;
            }
        }
    }

    private Activity? Begin()
    {
        var span = Measurements.Traces.StartActivity($"chat {arm}", ActivityKind.Server);
        if (span is null) return null;
        var options = request.Options;
        return span.SetTag("gen_ai.operation.name", "chat").SetTag("gen_ai.provider.name", "domaintuning").SetTag("gen_ai.request.model", arm)
            .SetTag("gen_ai.request.temperature", options.Temperature).SetTag("gen_ai.request.top_p", options.TopP).SetTag("gen_ai.request.top_k", options.TopK)
            .SetTag("gen_ai.request.max_tokens", options.MaxOutputTokens).SetTag("gen_ai.request.seed", options.Seed)
            .SetTag("gen_ai.request.frequency_penalty", options.FrequencyPenalty).SetTag("gen_ai.request.presence_penalty", options.PresencePenalty)
            .SetTag("gen_ai.request.choice.count", request.Choices > 1 ? request.Choices : null)
            .SetTag("gen_ai.output.type", options.ResponseFormat is ChatResponseFormatJson ? "json" : "text")
            .SetTag("domaintuning.model", request.Arm.Model).SetTag("domaintuning.adapter", request.Arm.Adapter).SetTag("domaintuning.corpus", request.Arm.Corpus);
    }

    private void See(AnswerEvent step, Activity? span)
    {
        if (first == 0 && (step.Text is not null || step.Calls.Count > 0 || step.End is not null))
        {
            first = Stopwatch.GetTimestamp();
            measurements.Spoke(arm, Stopwatch.GetElapsedTime(start, first));
        }

        if (step.End is not { } end) return;
        measurements.Answered(arm, end.Tokens.Prompt, end.Tokens.Cached, end.Tokens.Completion, Stopwatch.GetElapsedTime(first), end.Answer);
        span?.SetTag("gen_ai.response.model", arm).SetTag("gen_ai.response.finish_reasons", new[] { end.FinishReason })
            .SetTag("gen_ai.usage.input_tokens", end.Tokens.Prompt).SetTag("gen_ai.usage.output_tokens", end.Tokens.Completion).SetTag("gen_ai.usage.cache_read.input_tokens", end.Tokens.Cached);
        if (end.Answer is not { } answer) return;
        span?.SetTag("domaintuning.chunk_ids", answer.Passages.Select(passage => passage.Chunk.Id.ToString()).ToArray())
            .SetTag("domaintuning.cited_chunk_ids", answer.Citations.Select(citation => citation.ChunkId.ToString()).ToArray())
            .SetTag("domaintuning.not_in_documents", answer.NotInDocuments).SetTag("domaintuning.evidence", answer.Evidence?.Score)
            .SetTag("domaintuning.retrieval.seconds", answer.Timings.Retrieval.TotalSeconds).SetTag("domaintuning.dropped_citations", answer.DroppedCitations);
    }
}
