using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DomainTuning.Endpoints.Tests;

/// <summary>
/// A small OpenAI-compatible server on 127.0.0.1, over real sockets. It answers a chat with the model's name and the last message, embeds a text by its
/// letters, and on request fails, wants a key, is silent, or breaks off.
/// </summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private LoopbackServer(WebApplication app) => this.app = app;

    public Uri Url => new(app.Urls.Single() + "/v1");

    /// <summary>What /v1/models lists.</summary>
    public string[] Models { get; set; } = ["big", "pumps"];

    public string? Key { get; set; }

    /// <summary>So many requests are answered with this status first.</summary>
    public (int Status, int Times) Failing { get; set; }

    public TimeSpan Silence { get; set; }

    /// <summary>A stream ends in the middle of the answer.</summary>
    public bool BreaksOff { get; set; }

    /// <summary>Another one gives other vectors.</summary>
    public int EmbeddingSeed { get; set; }

    public bool AnswersHtml { get; set; }

    /// <summary>Bodies of the requests, in order.</summary>
    public List<JsonNode> Requests { get; } = [];

    public static async Task<LoopbackServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new LoopbackServer(builder.Build());
        server.app.MapGet("/v1/models", server.ListAsync);
        server.app.MapPost("/v1/chat/completions", server.ChatAsync);
        server.app.MapPost("/v1/embeddings", server.EmbedAsync);
        await server.app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private Task ListAsync(HttpContext context) => AnswerAsync(context, new JsonObject
    {
        ["object"] = "list",
        ["data"] = new JsonArray([.. Models.Select(model => new JsonObject { ["id"] = model, ["object"] = "model", ["created"] = 0, ["owned_by"] = "me" })]),
    });

    private async Task ChatAsync(HttpContext context)
    {
        var body = (await JsonNode.ParseAsync(context.Request.Body))!;
        if (await RefusedAsync(context, body)) return;
        var answer = $"{body["model"]} heard {body["messages"]!.AsArray()[^1]!["content"]}";
        if (body["stream"]?.GetValue<bool>() != true)
        {
            await AnswerAsync(context, Completion("chat.completion", "message", answer, "stop"));
            return;
        }

        context.Response.ContentType = "text/event-stream";
        foreach (var word in answer.Split(' '))
        {
            await context.Response.WriteAsync($"data: {Completion("chat.completion.chunk", "delta", word + " ", null).ToJsonString()}\n\n");
            await context.Response.Body.FlushAsync();
            if (!BreaksOff) continue;
            context.Abort();
            return;
        }

        await context.Response.WriteAsync($"data: {Completion("chat.completion.chunk", "delta", "", "stop").ToJsonString()}\n\ndata: [DONE]\n\n");
    }

    private async Task EmbedAsync(HttpContext context)
    {
        var body = (await JsonNode.ParseAsync(context.Request.Body))!;
        if (await RefusedAsync(context, body)) return;
        var texts = body["input"]!.AsArray().Select(text => text!.GetValue<string>());
        await AnswerAsync(context, new JsonObject
        {
            ["object"] = "list",
            ["model"] = body["model"]!.DeepClone(),
            ["data"] = new JsonArray([.. texts.Select((text, i) => new JsonObject { ["object"] = "embedding", ["index"] = i, ["embedding"] = Embedding(text) })]),
            ["usage"] = new JsonObject { ["prompt_tokens"] = 1, ["total_tokens"] = 1 },
        });
    }

    private string Embedding(string text)
    {
        var vector = new float[8];
        foreach (var letter in text) vector[(letter * 31 + EmbeddingSeed) % 8 + 0] += 1 + (letter + EmbeddingSeed) % 3;
        return Convert.ToBase64String(System.Runtime.InteropServices.MemoryMarshal.AsBytes(vector.AsSpan())); // the client asks for base64
    }

    private async Task<bool> RefusedAsync(HttpContext context, JsonNode body)
    {
        lock (Requests) Requests.Add(body);
        if (Silence > TimeSpan.Zero) await Task.Delay(Silence, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        if (AnswersHtml)
        {
            await context.Response.WriteAsync("<html>It works!</html>");
            return true;
        }

        var (status, message) =
            Key is not null && context.Request.Headers.Authorization != "Bearer " + Key ? (401, "wrong key")
            : Failing.Times > 0 ? (Failing.Status, "not now")
            : !Models.Contains(body["model"]!.GetValue<string>()) ? (404, "no such model")
            : (0, "");
        if (status == 0) return false;
        Failing = Failing with { Times = Failing.Times - 1 };
        context.Response.StatusCode = status;
        await AnswerAsync(context, new JsonObject { ["error"] = new JsonObject { ["message"] = message, ["type"] = "error", ["code"] = null } });
        return true;
    }

    private static JsonObject Completion(string kind, string part, string text, string? finish) => new()
    {
        ["id"] = "x",
        ["object"] = kind,
        ["created"] = 0,
        ["model"] = "big",
        ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, [part] = new JsonObject { ["role"] = "assistant", ["content"] = text }, ["finish_reason"] = finish }),
    };

    private static Task AnswerAsync(HttpContext context, JsonObject body)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(JsonSerializer.Serialize(body));
    }
}
