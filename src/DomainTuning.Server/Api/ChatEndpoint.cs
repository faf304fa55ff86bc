using System.Text;
using System.Text.Json;
using DomainTuning.Arms;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Server.Conversations;
using DomainTuning.Server.Operations;
using DomainTuning.Stores.Conversations;
using Microsoft.Extensions.AI;

namespace DomainTuning.Server.Api;

/// <summary>POST /v1/chat/completions: the events of an <see cref="AnswerSource"/>, whole or as server-sent events.</summary>
internal static class ChatEndpoint
{
    public static async Task HandleAsync(HttpContext context, ArmCatalog arms, ConversationFile conversations, Measurements measurements, TimeProvider clock)
    {
        using var body = await RequestFields.ReadAsync(context).ConfigureAwait(false);
        var request = ChatRequest.Parse(body.RootElement);
        var head = new CompletionBody("chatcmpl-" + Guid.NewGuid().ToString("N"), request.Stream ? "chat.completion.chunk" : "chat.completion",
            clock.GetUtcNow().ToUnixTimeSeconds(), request.Arm.ToString(), [], null);
        var streams = await AnswerSource.OpenAsync(request, arms, context.RequestAborted).ConfigureAwait(false);
        var events = new WatchedAnswer(measurements, request).WatchAsync(AnswerSource.MergeAsync(streams, context.RequestAborted));
        if (request.Conversation is { } id)
        {
            var owner = Caller.Of(context).Name;
            if (await conversations.FindAsync(owner, id, context.RequestAborted).ConfigureAwait(false) is null) throw ConversationEndpoint.NotFound(id);
            events = new SavedTurn(conversations, clock, owner, id, request).KeepAsync(events);
        }

        await (request.Stream ? StreamAsync(context, request, head, events) : AnswerAsync(context, request, head, events)).ConfigureAwait(false);
    }

    private static async Task AnswerAsync(HttpContext context, ChatRequest request, CompletionBody head, IAsyncEnumerable<(int Choice, AnswerEvent Event)> events)
    {
        var gathered = Enumerable.Range(0, request.Choices).Select(_ => new GatheredAnswer()).ToArray();
        await foreach (var (choice, step) in events.ConfigureAwait(false)) gathered[choice].Add(step);
        var tokens = gathered.Select(answer => answer.End.Tokens).Aggregate((sum, next) => sum.Beside(next));
        await context.Response.WriteAsJsonAsync(
            head with { Choices = [.. gathered.Select((answer, i) => answer.ToChoice(i, request))], Usage = UsageBody.From(tokens) },
            ApiJson.Default.CompletionBody, cancellationToken: context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task StreamAsync(HttpContext context, ChatRequest request, CompletionBody head, IAsyncEnumerable<(int Choice, AnswerEvent Event)> events)
    {
        // The first event is awaited before the status is sent: what is refused gets a status of its own.
        var enumerator = events.GetAsyncEnumerator(context.RequestAborted);
        await using var _ = enumerator.ConfigureAwait(false);
        var more = await enumerator.MoveNextAsync().ConfigureAwait(false);
        var output = ServerSentEvents.Begin(context);
        var calls = new int[request.Choices];
        TokenCounts? tokens = null;
        for (var i = 0; i < request.Choices; i++) await SendAsync(new Choice(i, null, new MessageBody("assistant", ""), null)).ConfigureAwait(false);
        try
        {
            for (; more; more = await enumerator.MoveNextAsync().ConfigureAwait(false))
            {
                var (choice, step) = enumerator.Current;
                if (step.Text is not null || step.Calls.Count > 0 || step.LogProbabilities.Count > 0)
                    await SendAsync(new Choice(choice, null, new MessageBody(null, step.Text, ToolCallBody.From(step.Calls, calls[choice])), null, LogProbabilitiesBody.From(step.LogProbabilities))).ConfigureAwait(false);
                calls[choice] += step.Calls.Count;
                if (step.End is not { } end) continue;
                tokens = tokens?.Beside(end.Tokens) ?? end.Tokens;
                await SendAsync(new Choice(choice, null, MessageBody.Closing(end.Answer), end.FinishReason)).ConfigureAwait(false);
            }

            if (request.IncludeUsage) await output.SendAsync(Json(head with { Choices = [], Usage = UsageBody.From(tokens ?? default) })).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The status is sent already: what went wrong travels as an event, as OpenAI does.
            await output.SendAsync(JsonSerializer.Serialize(ApiErrors.From(e).Body, ErrorJson.Default.ErrorBody)).ConfigureAwait(false);
        }

        await output.SendAsync("[DONE]").ConfigureAwait(false);

        Task SendAsync(Choice choice) => output.SendAsync(Json(head with { Choices = [choice] }));
    }

    private static string Json(CompletionBody body) => JsonSerializer.Serialize(body, ApiJson.Default.CompletionBody);
}

/// <summary>One choice of an answer that is sent whole.</summary>
internal sealed class GatheredAnswer
{
    private readonly StringBuilder text = new();
    private readonly List<FunctionCallContent> calls = [];
    private readonly List<TokenLogProbability> drawn = [];

    public AnswerEnd End { get; private set; } = new("stop", default);

    /// <summary>False while the answer goes on, and for one that was broken off.</summary>
    public bool Ended { get; private set; }

    public string Text => text.ToString();

    public IReadOnlyList<TokenLogProbability> LogProbabilities => drawn;

    public void Add(AnswerEvent step)
    {
        text.Append(step.Text);
        calls.AddRange(step.Calls);
        drawn.AddRange(step.LogProbabilities);
        End = step.End ?? End;
        Ended |= step.End is not null;
    }

    public Choice ToChoice(int index, ChatRequest request)
    {
        var content = text.Length == 0 && calls.Count > 0 ? null : Text;
        var message = MessageBody.Closing(End.Answer) with { Role = "assistant", Content = content, ToolCalls = ToolCallBody.From(calls, null) };
        return new Choice(index, message, null, End.FinishReason, request.Options.AdditionalProperties?.ContainsKey("logprobs") == true ? LogProbabilitiesBody.From(drawn) ?? LogProbabilitiesBody.None : null);
    }
}
