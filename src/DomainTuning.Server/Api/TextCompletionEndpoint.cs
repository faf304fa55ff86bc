using System.Text.Json;
using DomainTuning.Answering;
using DomainTuning.Arms;
using DomainTuning.Onnx.Decoding;
using Microsoft.Extensions.AI;

namespace DomainTuning.Server.Api;

/// <summary>POST /v1/completions: a text goes on, with no chat template around it (OpenAI API reference, "Create completion"). For models that run here.</summary>
internal static class TextCompletionEndpoint
{
    /// <summary>As with OpenAI, where a request does not say.</summary>
    private const int DefaultTokens = 16;

    private const int MostChoices = 16;

    private static readonly string[] Harmless = ["user"];

    public static async Task HandleAsync(HttpContext context, ArmCatalog arms, TimeProvider clock)
    {
        using var body = await RequestFields.ReadAsync(context).ConfigureAwait(false);
        var request = Parse(body.RootElement);
        var model = (await arms.ChatModelAsync(request.Arm, context.RequestAborted).ConfigureAwait(false)).GetService(typeof(OnnxChatClient)) as OnnxChatClient
            ?? throw ApiException.BadRequest($"Another server runs '{request.Arm.Model}', and a text without a chat template does not reach it. Use /v1/chat/completions.", "model");
        var streams = request.Prompts.SelectMany(prompt => Enumerable.Range(0, request.Choices).Select(choice => AnswerSource.Plain(model.ContinueStreamingAsync(prompt, OptionsOf(request, choice), context.RequestAborted)))).ToList();
        var head = new TextCompletionBody("cmpl-" + Guid.NewGuid().ToString("N"), "text_completion", clock.GetUtcNow().ToUnixTimeSeconds(), request.Arm.ToString(), [], null);
        await (request.Stream ? StreamAsync(context, request, head, streams) : AnswerAsync(context, request, head, streams)).ConfigureAwait(false);
    }

    private sealed record TextRequest(ArmId Arm, ChatOptions Options)
    {
        public List<string> Prompts { get; init; } = [];

        public bool Stream { get; init; }

        public bool IncludeUsage { get; init; }

        public int Choices { get; init; } = 1;

        public bool WithLogProbabilities => Options.AdditionalProperties?.ContainsKey("logprobs") == true;
    }

    private static TextRequest Parse(JsonElement body)
    {
        var request = new TextRequest(ChatRequest.ReadArm(body), new ChatOptions { MaxOutputTokens = DefaultTokens });
        if (request.Arm.Corpus is not null) throw ApiException.BadRequest($"'{request.Arm}' answers questions from documents; a text goes on with '{request.Arm with { Corpus = null }}'.", "model");
        foreach (var (name, value) in body.Fields())
            request = name switch
            {
                "model" => request,
                "prompt" => request with { Prompts = value.OneOrMoreTexts(name) },
                "stream" => request with { Stream = value.Truth(name) },
                "stream_options" => request with { IncludeUsage = value.Optional("include_usage")?.Truth("stream_options.include_usage") ?? false },
                "n" => request with { Choices = (int)value.Whole(name, 1, MostChoices) },
                "logprobs" => WithLogProbabilities(request, (int)value.Whole(name, 0, 20)),
                "echo" when value.ValueKind == JsonValueKind.False => request,
                "best_of" when value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var best) && best == 1 => request,
                _ when Harmless.Contains(name) || SamplingFields.TryRead(name, value, request.Options) => request,
                _ => throw RequestFields.Unknown(name),
            };
        if (request.Prompts.Count * request.Choices is 0 or > MostChoices) throw ApiException.BadRequest($"'prompt' takes 1 to {MostChoices} texts, 'n' counted in.", "prompt");
        return request;
    }

    private static TextRequest WithLogProbabilities(TextRequest request, int top)
    {
        SamplingFields.Additional(request.Options)["logprobs"] = true;
        SamplingFields.Additional(request.Options)["top_logprobs"] = (float)top;
        return request;
    }

    private static ChatOptions OptionsOf(TextRequest request, int choice)
    {
        var options = request.Options.Clone();
        options.ModelId = (request.Arm with { Corpus = null }).ToString();
        if (options.Seed is { } seed) options.Seed = unchecked(seed + choice);
        return options;
    }

    private static async Task AnswerAsync(HttpContext context, TextRequest request, TextCompletionBody head, List<IAsyncEnumerable<AnswerEvent>> streams)
    {
        var gathered = streams.Select(_ => new GatheredAnswer()).ToArray();
        await foreach (var (choice, step) in AnswerSource.MergeAsync(streams, context.RequestAborted).ConfigureAwait(false)) gathered[choice].Add(step);
        var choices = gathered.Select((answer, i) => new TextChoice(i, answer.Text, answer.End.FinishReason, request.WithLogProbabilities ? TextLogProbabilities.From(answer.LogProbabilities) : null));
        await context.Response.WriteAsJsonAsync(
            head with { Choices = [.. choices], Usage = Usage(gathered.Select(answer => answer.End.Tokens), request.Choices) }, ApiJson.Default.TextCompletionBody, cancellationToken: context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task StreamAsync(HttpContext context, TextRequest request, TextCompletionBody head, List<IAsyncEnumerable<AnswerEvent>> streams)
    {
        var enumerator = AnswerSource.MergeAsync(streams, context.RequestAborted).GetAsyncEnumerator(context.RequestAborted);
        await using var _ = enumerator.ConfigureAwait(false);
        var more = await enumerator.MoveNextAsync().ConfigureAwait(false);
        var output = ServerSentEvents.Begin(context);
        var tokens = new TokenCounts[streams.Count];
        try
        {
            for (; more; more = await enumerator.MoveNextAsync().ConfigureAwait(false))
            {
                var (choice, step) = enumerator.Current;
                tokens[choice] = step.End?.Tokens ?? tokens[choice];
                var piece = new TextChoice(choice, step.Text ?? "", step.End?.FinishReason, step.LogProbabilities.Count > 0 ? TextLogProbabilities.From(step.LogProbabilities) : null);
                await output.SendAsync(Json(head with { Choices = [piece] })).ConfigureAwait(false);
            }

            if (request.IncludeUsage) await output.SendAsync(Json(head with { Choices = [], Usage = Usage(tokens, request.Choices) })).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await output.SendAsync(JsonSerializer.Serialize(ApiErrors.From(e).Body, ErrorJson.Default.ErrorBody)).ConfigureAwait(false);
        }

        await output.SendAsync("[DONE]").ConfigureAwait(false);
    }

    /// <summary>The n answers to one prompt share it; several prompts add up.</summary>
    private static UsageBody Usage(IEnumerable<TokenCounts> tokens, int choices) => UsageBody.From(
        tokens.Chunk(choices).Select(group => group.Aggregate((sum, next) => sum.Beside(next)))
            .Aggregate((sum, next) => new TokenCounts(sum.Prompt + next.Prompt, sum.Completion + next.Completion, sum.Cached + next.Cached)));

    private static string Json(TextCompletionBody body) => JsonSerializer.Serialize(body, ApiJson.Default.TextCompletionBody);
}

internal sealed record TextCompletionBody(string Id, string Object, long Created, string Model, IReadOnlyList<TextChoice> Choices, UsageBody? Usage);

internal sealed record TextChoice(int Index, string Text, string? FinishReason, TextLogProbabilities? Logprobs);

/// <summary>The older form: parallel lists.</summary>
internal sealed record TextLogProbabilities(IReadOnlyList<string> Tokens, IReadOnlyList<double> TokenLogprobs, IReadOnlyList<IReadOnlyDictionary<string, double>> TopLogprobs)
{
    public static TextLogProbabilities From(IReadOnlyList<TokenLogProbability> drawn) => new(
        [.. drawn.Select(token => token.Text)], [.. drawn.Select(token => token.LogProbability)],
        [.. drawn.Select(token => token.Top.GroupBy(other => other.Text).ToDictionary(same => same.Key, same => same.First().LogProbability))]);
}
