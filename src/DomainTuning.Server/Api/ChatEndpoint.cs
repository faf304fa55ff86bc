using System.Text.Json;
using DomainTuning.Answering;
using DomainTuning.Arms;
using Microsoft.Extensions.AI;

namespace DomainTuning.Server.Api;

/// <summary>POST /v1/chat/completions: a model alone, or a model (or the quote alone) over a corpus, whole or as server-sent events.</summary>
internal static class ChatEndpoint
{
    /// <summary>A conversation of a few hundred thousand characters; what is longer fits no model here.</summary>
    private const long MaxBodyBytes = 4 << 20;

    public static async Task HandleAsync(HttpContext context, ArmCatalog arms, TimeProvider clock)
    {
        var cancellationToken = context.RequestAborted;
        var request = await ReadAsync(context, cancellationToken).ConfigureAwait(false);
        arms.RefuseAdapter(request.Arm);
        var head = new CompletionBody("chatcmpl-" + Guid.NewGuid().ToString("N"), request.Stream ? "chat.completion.chunk" : "chat.completion",
            clock.GetUtcNow().ToUnixTimeSeconds(), request.Arm.ToString(), [], null);
        var events = await EventsAsync(request, arms, cancellationToken).ConfigureAwait(false);
        await (request.Stream ? StreamAsync(context, request, head, events, cancellationToken) : AnswerAsync(context, head, events, cancellationToken))
            .ConfigureAwait(false);
    }

    /// <summary>What both kinds of arm give: text to append, then one closing event.</summary>
    private sealed record AnswerEvent(string? Text, string? FinishReason = null, UsageBody? Usage = null, Answer? Answer = null);

    private static async Task<ChatRequest> ReadAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (context.Request.ContentLength > MaxBodyBytes)
            throw new ApiException(413, $"The body has {context.Request.ContentLength} bytes; at most {MaxBodyBytes} are read.");
        try
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body, default, cancellationToken).ConfigureAwait(false);
            return ChatRequest.Parse(body.RootElement);
        }
        catch (JsonException e)
        {
            throw ApiException.BadRequest($"The body is not valid JSON: {e.Message}");
        }
    }

    private static async Task<IAsyncEnumerable<AnswerEvent>> EventsAsync(ChatRequest request, ArmCatalog arms, CancellationToken cancellationToken)
    {
        if (request.Arm.Corpus is null)
        {
            if (!request.Filter.IsEmpty) throw ApiException.BadRequest("'documents' and 'tags' filter a corpus; this model id names none.", "model");
            return Plain(await arms.ChatModelAsync(request.Arm.Model, cancellationToken).ConfigureAwait(false), request, cancellationToken);
        }

        return Grounded(await arms.AnswererAsync(request.Arm, cancellationToken).ConfigureAwait(false), request, cancellationToken);
    }

    private static async IAsyncEnumerable<AnswerEvent> Plain(
        IChatClient model, ChatRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        UsageBody? usage = null;
        string? finish = null;
        await foreach (var update in model.GetStreamingResponseAsync(request.Messages, request.Options, cancellationToken).ConfigureAwait(false))
        {
            if (update.Text.Length > 0) yield return new AnswerEvent(update.Text);
            finish = update.FinishReason?.Value ?? finish;
            if (update.Contents.OfType<UsageContent>().FirstOrDefault() is { } counted)
                usage = new UsageBody((int)(counted.Details.InputTokenCount ?? 0), (int)(counted.Details.OutputTokenCount ?? 0));
        }

        yield return new AnswerEvent(null, finish ?? "stop", usage);
    }

    private static async IAsyncEnumerable<AnswerEvent> Grounded(
        Answerer answerer, ChatRequest request, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var update in answerer.StreamAsync(request.Messages, request.Filter, cancellationToken).ConfigureAwait(false))
        {
            if (update.Text is { Length: > 0 } text) yield return new AnswerEvent(text);
            if (update.Final is { } answer)
                yield return new AnswerEvent(null, "stop", new UsageBody(answer.Usage.PromptTokens, answer.Usage.CompletionTokens), answer);
        }
    }

    private static async Task AnswerAsync(HttpContext context, CompletionBody head, IAsyncEnumerable<AnswerEvent> events, CancellationToken cancellationToken)
    {
        var text = new System.Text.StringBuilder();
        AnswerEvent? last = null;
        await foreach (var step in events.ConfigureAwait(false))
        {
            text.Append(step.Text);
            last = step;
        }

        var message = new MessageBody("assistant", text.ToString(), CitationsOf(last?.Answer), NotInDocuments(last?.Answer));
        await context.Response.WriteAsJsonAsync(
            head with { Choices = [new Choice(0, message, null, last?.FinishReason ?? "stop")], Usage = last?.Usage }, ApiJson.Default.CompletionBody,
            cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    private static async Task StreamAsync(
        HttpContext context, ChatRequest request, CompletionBody head, IAsyncEnumerable<AnswerEvent> events, CancellationToken cancellationToken)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        await SendAsync(head with { Choices = [new Choice(0, null, new MessageBody("assistant", ""), null)] }).ConfigureAwait(false);
        try
        {
            await foreach (var step in events.ConfigureAwait(false))
            {
                if (step.Text is not null)
                    await SendAsync(head with { Choices = [new Choice(0, null, new MessageBody(null, step.Text), null)] }).ConfigureAwait(false);
                if (step.FinishReason is null) continue;
                var closing = new MessageBody(null, null, CitationsOf(step.Answer), NotInDocuments(step.Answer));
                await SendAsync(head with { Choices = [new Choice(0, null, closing, step.FinishReason)] }).ConfigureAwait(false);
                if (request.IncludeUsage) await SendAsync(head with { Choices = [], Usage = step.Usage ?? new UsageBody(0, 0) }).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The status is sent already: what went wrong travels as an event, as OpenAI does.
            var error = ApiErrors.From(e).Body;
            await WriteAsync(JsonSerializer.Serialize(error, ErrorJson.Default.ErrorBody)).ConfigureAwait(false);
        }

        await WriteAsync("[DONE]").ConfigureAwait(false);

        Task SendAsync(CompletionBody body) => WriteAsync(JsonSerializer.Serialize(body, ApiJson.Default.CompletionBody));

        async Task WriteAsync(string data)
        {
            await context.Response.WriteAsync($"data: {data}\n\n", cancellationToken).ConfigureAwait(false);
            await context.Response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static List<CitationBody>? CitationsOf(Answer? answer) => answer is null ? null : [.. answer.Citations.Select(CitationBody.From)];

    private static bool? NotInDocuments(Answer? answer) => answer?.NotInDocuments == true ? true : null;
}
