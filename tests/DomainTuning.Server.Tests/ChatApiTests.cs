using System.Net;
using System.Text;
using System.Text.Json;

namespace DomainTuning.Server.Tests;

public sealed class ChatApiTests(ServedWorkspace served)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryArmIsListedTheDefaultFirst()
    {
        using var models = await GetAsync("/v1/models");

        var ids = models.RootElement.GetProperty("data").EnumerateArray().Select(model => $"{model.GetProperty("kind")} {model.GetProperty("id")}")
            .Where(id => !id.Contains(':', StringComparison.Ordinal) && (id.EndsWith("@pumps", StringComparison.Ordinal) || !id.Contains('@', StringComparison.Ordinal)));
        Assert.Equal(
            ["chat smollm2-135m-instruct@pumps", "chat tiny-tools@pumps", "chat quote@pumps", "chat smollm2-135m-instruct", "chat tiny-tools", "embedding bge-small-en-v1.5"], ids);
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
    [InlineData("""{"model":"quote@pumps","logprobs":true,"messages":[{"role":"user","content":"x"}]}""", 400, "'logprobs'")]
    [InlineData("""{"model":"smollm2-135m-instruct@pumps","response_format":{"type":"json_object"},"messages":[{"role":"user","content":"x"}]}""", 400, "'response_format'")]
    [InlineData("""{"model":"smollm2-135m-instruct","top_logprobs":3,"messages":[{"role":"user","content":"x"}]}""", 400, "'top_logprobs'")]
    [InlineData("""{"model":"smollm2-135m-instruct","passages":3,"messages":[{"role":"user","content":"x"}]}""", 400, "'passages'")]
    [InlineData("""{"model":"smollm2-135m-instruct","reasoning_effort":"high","messages":[{"role":"user","content":"x"}]}""", 400, "'reasoning_effort'")]
    [InlineData("""{"model":"quote@pumps","documents":["nothing.pdf"],"messages":[{"role":"user","content":"x"}]}""", 400, "nothing.pdf")]
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
    public async Task SamplingReachesTheModelOverACorpus()
    {
        const string Question = """{"model":"smollm2-135m-instruct@pumps","max_tokens":MAX,"messages":[{"role":"user","content":"How much does the pump deliver?"}]}""";

        using var one = await AskAsync(Question.Replace("MAX", "1", StringComparison.Ordinal));
        using var many = await AskAsync(Question.Replace("MAX", "40", StringComparison.Ordinal));

        Assert.Equal(1, one.RootElement.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.InRange(many.RootElement.GetProperty("usage").GetProperty("completion_tokens").GetInt32(), 2, 40);
        Assert.InRange(many.RootElement.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32(), 20, int.MaxValue);
    }

    [Fact]
    public async Task SeveralAnswersAreWrittenAtOnceAndTheSameSeedsGiveThemAgain()
    {
        const string Question = """{"model":"smollm2-135m-instruct","n":3,"temperature":1.5,"seed":7,"max_tokens":12,"messages":[{"role":"user","content":"Name a colour."}]}""";

        using var first = await AskAsync(Question);
        using var second = await AskAsync(Question);

        var answers = Texts(first);
        Assert.Equal(3, answers.Distinct().Count());
        Assert.Equal(answers, Texts(second));

        static string?[] Texts(JsonDocument body) => [.. body.RootElement.GetProperty("choices").EnumerateArray().Select(choice => choice.GetProperty("message").GetProperty("content").GetString())];
    }

    [Fact]
    public async Task ATextGoesOnWithoutATemplate()
    {
        using var response = await served.Client.PostAsync(
            "/v1/completions", new StringContent("""{"model":"smollm2-135m-instruct","prompt":["1, 2, 3, 4, 5,","Monday, Tuesday, Wednesday,"],"max_tokens":4,"temperature":0,"logprobs":2}""", Encoding.UTF8, "application/json"), Cancelled);
        using var body = await JsonAsync(response);

        Assert.True(response.IsSuccessStatusCode, body.RootElement.ToString());
        var choices = body.RootElement.GetProperty("choices");
        Assert.Contains("6", choices[0].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Contains("Thursday", choices[1].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal("length", choices[0].GetProperty("finish_reason").GetString());
        Assert.Equal(4, choices[0].GetProperty("logprobs").GetProperty("tokens").GetArrayLength());
        Assert.Equal(8, body.RootElement.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task DocumentsAreRerankedByTheLikelihoodOfTheQuestion()
    {
        using var response = await served.Client.PostAsync(
            "/v1/rerank", new StringContent("""{"model":"likelihood","query":"What does the pump deliver?","documents":["Cats sleep all day.","The pump delivers 40 litres."],"top_n":1,"return_documents":true}""", Encoding.UTF8, "application/json"), Cancelled);
        using var body = await JsonAsync(response);

        var best = Assert.Single(body.RootElement.GetProperty("results").EnumerateArray());
        Assert.Equal(1, best.GetProperty("index").GetInt32());
        Assert.Equal("The pump delivers 40 litres.", best.GetProperty("document").GetProperty("text").GetString());
    }

    [Fact]
    public async Task WithoutARerankerTheRemedyIsSaid()
    {
        using var response = await served.Client.PostAsync("/v1/rerank", new StringContent("""{"query":"x","documents":["y"]}""", Encoding.UTF8, "application/json"), Cancelled);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("--reranker", await response.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HealthNamesTheCorpora()
    {
        using var health = await GetAsync("/health");

        Assert.Equal("ok", health.RootElement.GetProperty("status").GetString());
        Assert.Contains("pumps", health.RootElement.GetProperty("corpora").EnumerateArray().Select(corpus => corpus.GetString()));
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
