using System.Net;
using System.Text;
using System.Text.Json;

namespace DomainTuning.Server.Tests;

public sealed class ChatApiTests(ServedWorkspace served) : IClassFixture<ServedWorkspace>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryArmIsListedTheDefaultFirst()
    {
        using var models = await GetAsync("/v1/models");

        var ids = models.RootElement.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString());
        Assert.Equal(["smollm2-135m-instruct@pumps", "quote@pumps", "smollm2-135m-instruct"], ids);
    }

    [Fact]
    public async Task AQuoteComesWithFilePageAndBox()
    {
        using var answer = await AskAsync("""{"model":"quote@pumps","messages":[{"role":"user","content":"How often must the shaft seal be replaced?"}]}""");

        var message = answer.RootElement.GetProperty("choices")[0].GetProperty("message");
        var citation = message.GetProperty("citations")[0];
        Assert.Contains("2000 hours", message.GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Equal("px40.txt", citation.GetProperty("file").GetString());
        Assert.Equal(2, citation.GetProperty("page").GetInt32());
        Assert.Equal("42", citation.GetProperty("page_label").GetString());
        Assert.Equal([50, 60, 500, 90], citation.GetProperty("boxes")[0].EnumerateArray().Select(side => side.GetDouble()));
        Assert.Equal("chat.completion", answer.RootElement.GetProperty("object").GetString());
        Assert.Equal("stop", answer.RootElement.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task AStreamGivesTheSameAnswerAndEndsWithDone()
    {
        const string Question = """{"model":"quote@pumps","stream":STREAM,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"What does error E17 mean?"}]}""";
        using var whole = await AskAsync(Question.Replace("STREAM", "false", StringComparison.Ordinal));

        using var response = await PostAsync(Question.Replace("STREAM", "true", StringComparison.Ordinal));
        var lines = (await response.Content.ReadAsStringAsync(Cancelled)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("data: [DONE]", lines[^1]);
        var chunks = lines[..^1].Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement).ToList();
        var text = string.Concat(chunks.SelectMany(chunk => chunk.GetProperty("choices").EnumerateArray())
            .Select(choice => choice.GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : ""));
        Assert.Equal(whole.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), text);
        Assert.Equal("px40.txt", chunks[^2].GetProperty("choices")[0].GetProperty("delta").GetProperty("citations")[0].GetProperty("file").GetString());
        Assert.Equal(0, chunks[^1].GetProperty("choices").GetArrayLength());
        Assert.True(chunks[^1].TryGetProperty("usage", out _));
    }

    [Fact]
    public async Task WhatTheDocumentsDoNotSayIsSaidSo()
    {
        using var answer = await AskAsync("""{"model":"quote@pumps","messages":[{"role":"user","content":"Who won the football world cup in 1998?"}]}""");

        var message = answer.RootElement.GetProperty("choices")[0].GetProperty("message");
        Assert.True(message.GetProperty("not_in_documents").GetBoolean());
        Assert.Equal(0, message.GetProperty("citations").GetArrayLength());
    }

    [Fact]
    public async Task AModelAloneAnswersAndCountsItsTokens()
    {
        using var answer = await AskAsync("""{"model":"smollm2-135m-instruct","temperature":0,"max_tokens":8,"messages":[{"role":"user","content":"Say hello."}]}""");

        var usage = answer.RootElement.GetProperty("usage");
        Assert.NotEqual("", answer.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.InRange(usage.GetProperty("completion_tokens").GetInt32(), 1, 8);
        Assert.Equal(
            usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32(), usage.GetProperty("total_tokens").GetInt32());
    }

    [Theory]
    [InlineData("""{"model":"gpt-4","messages":[{"role":"user","content":"x"}]}""", 404, "quote@pumps")]
    [InlineData("""{"model":"quote@cars","messages":[{"role":"user","content":"x"}]}""", 404, "pumps")]
    [InlineData("""{"model":"smollm2-135m-instruct:none@pumps","messages":[{"role":"user","content":"x"}]}""", 404, "adapter")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}]}""", 400, "'model'")]
    [InlineData("""{"model":"quote@pumps"}""", 400, "'messages'")]
    [InlineData("""{"model":"quote@pumps","messages":[]}""", 400, "at least one")]
    [InlineData("""{"model":"quote@pumps","messages":[{"role":"robot","content":"x"}]}""", 400, "robot")]
    [InlineData("""{"model":"quote@pumps","n":2,"messages":[{"role":"user","content":"x"}]}""", 400, "'n'")]
    [InlineData("""{"model":"quote@pumps","logit_bias":{"1":5},"messages":[{"role":"user","content":"x"}]}""", 400, "'logit_bias'")]
    [InlineData("""{"model":"quote@pumps","temperature":"hot","messages":[{"role":"user","content":"x"}]}""", 400, "'temperature'")]
    [InlineData("""{"model":"quote@pumps","messages":[{"role":"user","content":"x"}]""", 400, "not valid JSON")]
    [InlineData("[]", 400, "JSON object")]
    public async Task AWrongRequestIsRefusedByName(string body, int status, string expected)
    {
        using var response = await PostAsync(body);

        using var error = await JsonAsync(response);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(expected, error.RootElement.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.True(error.RootElement.GetProperty("error").TryGetProperty("param", out _));
    }

    [Fact]
    public async Task HealthNamesTheCorpora()
    {
        using var health = await GetAsync("/health");

        Assert.Equal("ok", health.RootElement.GetProperty("status").GetString());
        Assert.Equal("pumps", health.RootElement.GetProperty("corpora")[0].GetString());
    }

    [Fact]
    public async Task ThePageIsWholeAndRunsOnlyItsOwnCode()
    {
        using var page = await served.Client.GetAsync("/", Cancelled);
        var html = await page.Content.ReadAsStringAsync(Cancelled);

        Assert.Contains("script-src 'self'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("http://", html, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", html, StringComparison.Ordinal);
        foreach (var file in new[] { "/page.js", "/page.css" })
        {
            Assert.Contains(file, html, StringComparison.Ordinal);
            Assert.NotEmpty(await served.Client.GetStringAsync(file, Cancelled));
        }
    }

    [Fact]
    public async Task APageOfAnotherSiteCannotReachTheServerByAnotherName()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Host = "evil.example" } };

        using var response = await served.Client.SendAsync(request, Cancelled);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task AnUnknownPathSaysSo()
    {
        using var response = await served.Client.GetAsync("/v1/nothing", Cancelled);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        using var error = await JsonAsync(response);
        Assert.Contains("/v1/nothing", error.RootElement.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private async Task<JsonDocument> GetAsync(string path) =>
        JsonDocument.Parse(await served.Client.GetStringAsync(path, Cancelled));

    private async Task<JsonDocument> AskAsync(string body)
    {
        using var response = await PostAsync(body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancelled));
        return await JsonAsync(response);
    }

    private Task<HttpResponseMessage> PostAsync(string body) =>
        served.Client.PostAsync("/v1/chat/completions", new StringContent(body, Encoding.UTF8, "application/json"), Cancelled);

    private static async Task<JsonDocument> JsonAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled));
}
