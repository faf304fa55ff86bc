using System.Runtime.CompilerServices;
using System.Threading.Channels;
using DomainTuning.Answering;
using DomainTuning.Arms;
using DomainTuning.Indexing;
using DomainTuning.Onnx.Decoding;
using Microsoft.Extensions.AI;

namespace DomainTuning.Server.Api;

/// <summary>Where the events of a chat come from: a model alone, or a model (or the quote alone) over a corpus.</summary>
internal static class AnswerSource
{
    /// <summary>One stream a choice, all written at once. Models and corpora are open when this returns; what they refuse is thrown by the first event.</summary>
    public static async Task<IReadOnlyList<IAsyncEnumerable<AnswerEvent>>> OpenAsync(ChatRequest request, ArmCatalog arms, CancellationToken cancellationToken)
    {
        if (!request.Arm.IsExtractive)
            SamplingFields.CheckFor(await arms.ChatModelAsync(request.Arm, cancellationToken).ConfigureAwait(false), request.Options);
        if (request.Arm.Corpus is null)
        {
            var model = await arms.ChatModelAsync(request.Arm, cancellationToken).ConfigureAwait(false);
            return [.. Enumerable.Range(0, request.Choices).Select(choice => Plain(model.GetStreamingResponseAsync(request.Messages, OptionsOf(request, choice), cancellationToken), request.OneCall, cancellationToken))];
        }

        var corpus = await arms.CorpusAsync(request.Arm.Corpus, cancellationToken).ConfigureAwait(false);
        var filter = await request.Passages.FilterAsync(corpus, cancellationToken).ConfigureAwait(false);
        var retrieval = arms.Retrieval with { Top = request.Passages.Count ?? arms.Retrieval.Top };
        var streams = new List<IAsyncEnumerable<AnswerEvent>>();
        for (var choice = 0; choice < request.Choices; choice++)
        {
            var options = SamplingFields.Into(new AnsweringOptions { Retrieval = retrieval }, OptionsOf(request, choice));
            streams.Add(Grounded(await arms.AnswererAsync(request.Arm, options, cancellationToken).ConfigureAwait(false), request.Messages, filter, cancellationToken));
        }

        return streams;
    }

    /// <summary>The events of one model's answer.</summary>
    /// <param name="oneCall">End with the first call of a function.</param>
    public static async IAsyncEnumerable<AnswerEvent> Plain(
        IAsyncEnumerable<ChatResponseUpdate> updates, bool oneCall = false, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var tokens = default(TokenCounts);
        string? finish = null;
        await foreach (var update in updates.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            var calls = update.Contents.OfType<FunctionCallContent>().ToList();
            var drawn = update.AdditionalProperties?.GetValueOrDefault(TokenLogProbability.Property) as IReadOnlyList<TokenLogProbability> ?? [];
            if (update.Text.Length > 0 || calls.Count > 0 || drawn.Count > 0)
                yield return new AnswerEvent { Text = update.Text.Length > 0 ? update.Text : null, Calls = oneCall ? [.. calls.Take(1)] : calls, LogProbabilities = drawn };
            finish = update.FinishReason?.Value ?? finish;
            if (update.Contents.OfType<UsageContent>().FirstOrDefault() is { } counted) tokens = TokenCounts.Of(counted.Details);
            if (oneCall && calls.Count > 0)
            {
                finish = ChatFinishReason.ToolCalls.Value;
                break;
            }
        }

        yield return new AnswerEvent { End = new AnswerEnd(finish ?? ChatFinishReason.Stop.Value, tokens) };
    }

    /// <summary>Yields what any of the streams gives, as it comes, with the stream's number. Ending the enumeration ends all of them; so does the failure of one.</summary>
    public static async IAsyncEnumerable<(int Choice, AnswerEvent Event)> MergeAsync(
        IReadOnlyList<IAsyncEnumerable<AnswerEvent>> streams, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (streams.Count == 1)
        {
            await foreach (var step in streams[0].WithCancellation(cancellationToken).ConfigureAwait(false)) yield return (0, step);
            yield break;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var merged = Channel.CreateBounded<(int, AnswerEvent)>(streams.Count);
        var writing = Task.WhenAll(streams.Select((stream, choice) => WriteAsync(stream, choice)));
        _ = writing.ContinueWith(done => merged.Writer.TryComplete(done.Exception?.InnerException), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        try
        {
            await foreach (var step in merged.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false)) yield return step;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task WriteAsync(IAsyncEnumerable<AnswerEvent> stream, int choice)
        {
            try
            {
                await foreach (var step in stream.WithCancellation(stop.Token).ConfigureAwait(false)) await merged.Writer.WriteAsync((choice, step), stop.Token).ConfigureAwait(false);
            }
            catch
            {
                await stop.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>The first event comes when the passages are found: whoever streams can begin.</summary>
    private static async IAsyncEnumerable<AnswerEvent> Grounded(
        Answerer answerer, IReadOnlyList<ChatMessage> messages, ChunkFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var update in answerer.StreamAsync(messages, filter, cancellationToken).ConfigureAwait(false))
        {
            if (update.Text is { Length: > 0 } || update.Passages is not null) yield return new AnswerEvent { Text = update.Text };
            if (update.Final is { } answer)
                yield return new AnswerEvent { End = new AnswerEnd("stop", new TokenCounts(answer.Usage.PromptTokens, answer.Usage.CompletionTokens, answer.Usage.CachedTokens), answer) };
        }
    }

    /// <summary>Each choice has a seed of its own, or a seeded request would get the same answer n times.</summary>
    private static ChatOptions OptionsOf(ChatRequest request, int choice)
    {
        var options = request.Options.Clone();
        if (options.Seed is { } seed) options.Seed = unchecked(seed + choice);
        return options;
    }
}
