using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace DomainTuning.Server.Tests;

public sealed class ConversationApiTests(ServedWorkspace served)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnAnswerIsSavedWithItsCitations(bool streamed)
    {
        var id = await CreateAsync("{}");

        using var asked = await AskAsync(id, "What does error E17 mean?", streamed);
        using var saved = JsonDocument.Parse(await served.Client.GetStringAsync($"/v1/conversations/{id}", Cancelled));

        var messages = saved.RootElement.GetProperty("messages");
        Assert.Equal("What does error E17 mean?", saved.RootElement.GetProperty("title").GetString());
        Assert.Equal(("user", "What does error E17 mean?"), (messages[0].GetProperty("role").GetString(), messages[0].GetProperty("content").GetString()));
        Assert.Equal("quote@pumps", messages[1].GetProperty("model").GetString());
        Assert.Contains("runs dry", messages[1].GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Equal(3, messages[1].GetProperty("citations")[0].GetProperty("page").GetInt32());
    }

    [Fact]
    public async Task AConversationIsRenamedExportedAndDeleted()
    {
        var id = await CreateAsync("""{"title":"First"}""");
        using var asked = await AskAsync(id, "How often must the shaft seal be replaced?", streamed: false);

        using var renamed = await served.Client.PatchAsync($"/v1/conversations/{id}", Json("""{"title":"Seals <b>"}"""), Cancelled);
        var list = await served.Client.GetStringAsync("/v1/conversations", Cancelled);
        using var export = await served.Client.GetAsync($"/v1/conversations/{id}/export?format=markdown", Cancelled);
        using var deleted = await served.Client.DeleteAsync($"/v1/conversations/{id}", Cancelled);
        using var gone = await served.Client.GetAsync($"/v1/conversations/{id}", Cancelled);

        Assert.Equal(HttpStatusCode.OK, renamed.StatusCode);
        Assert.Contains(id, list, StringComparison.Ordinal);
        Assert.Equal("attachment", export.Content.Headers.ContentDisposition!.DispositionType);
        var markdown = await export.Content.ReadAsStringAsync(Cancelled);
        Assert.StartsWith("# Seals <b>\n", markdown, StringComparison.Ordinal);
        Assert.Contains("px40.txt, page 2", markdown, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (deleted.StatusCode, gone.StatusCode));
    }

    [Fact]
    public async Task AChatInAnUnknownConversationIsRefusedBeforeItIsAnswered()
    {
        using var response = await AskAsync("conv_0", "What does error E17 mean?", streamed: true);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private async Task<string> CreateAsync(string body)
    {
        using var response = await served.Client.PostAsync("/v1/conversations", Json(body), Cancelled);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled)).GetProperty("id").GetString()!;
    }

    private async Task<HttpResponseMessage> AskAsync(string conversation, string question, bool streamed)
    {
        var response = await served.Client.PostAsync(
            "/v1/chat/completions", JsonContent.Create(new { model = "quote@pumps", stream = streamed, conversation, messages = new[] { new { role = "user", content = question } } }), Cancelled);
        await response.Content.ReadAsStringAsync(Cancelled); // to the end of the stream: then it is saved
        return response;
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");
}
