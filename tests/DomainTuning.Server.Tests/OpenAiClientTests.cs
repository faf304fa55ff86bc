using System.ClientModel;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;

namespace DomainTuning.Server.Tests;

/// <summary>OpenAI's own .NET client, pointed at this server and nothing else changed.</summary>
public sealed class OpenAiClientTests(ServedWorkspace served)
{
    private const string Model = "smollm2-135m-instruct";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private OpenAIClient Client => new(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(served.Address, "v1"), RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0) });

    [Fact]
    public async Task AChatIsAnsweredWithItsUsage()
    {
        var options = new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 6, IncludeLogProbabilities = true, TopLogProbabilityCount = 2 };

        ChatCompletion answer = await Client.GetChatClient(Model).CompleteChatAsync([new UserChatMessage("Say hello.")], options, Cancelled);

        Assert.NotEmpty(answer.Content[0].Text);
        Assert.Equal((ChatMessageRole.Assistant, Model), (answer.Role, answer.Model));
        Assert.InRange(answer.Usage.OutputTokenCount, 1, 6);
        Assert.InRange(answer.Usage.InputTokenDetails.CachedTokenCount, 0, answer.Usage.InputTokenCount);
        Assert.Equal(answer.Usage.OutputTokenCount, answer.ContentTokenLogProbabilities.Count);
        Assert.All(answer.ContentTokenLogProbabilities, token => Assert.Equal(2, token.TopLogProbabilities.Count));
    }

    [Fact]
    public async Task AStreamEndsWithItsUsage()
    {
        var text = "";
        ChatTokenUsage? usage = null;
        ChatFinishReason? finish = null;
        await foreach (var update in Client.GetChatClient("quote@pumps").CompleteChatStreamingAsync([new UserChatMessage("What does error E17 mean?")], cancellationToken: Cancelled))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            usage = update.Usage ?? usage;
            finish = update.FinishReason ?? finish;
        }

        Assert.Contains("runs dry", text, StringComparison.Ordinal);
        Assert.Equal(ChatFinishReason.Stop, finish);
        Assert.NotNull(usage);
    }

    [Fact]
    public async Task StructuredOutputFollowsItsSchema()
    {
        var schema = BinaryData.FromString("""{"type":"object","properties":{"unit":{"enum":["bar","psi"]},"high":{"type":"boolean"}},"required":["unit","high"],"additionalProperties":false}""");
        var options = new ChatCompletionOptions { Temperature = 0, ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("pressure", schema, jsonSchemaIsStrict: true) };

        ChatCompletion answer = await Client.GetChatClient(Model).CompleteChatAsync([new UserChatMessage("The pressure is 6 bar.")], options, Cancelled);

        using var json = JsonDocument.Parse(answer.Content[0].Text);
        Assert.Contains(json.RootElement.GetProperty("unit").GetString(), (string[])["bar", "psi"]);
        Assert.Contains(json.RootElement.GetProperty("high").ValueKind, (JsonValueKind[])[JsonValueKind.True, JsonValueKind.False]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ARequiredToolIsCalled(bool streamed)
    {
        var tool = ChatTool.CreateFunctionTool("gauge", "Reads a gauge", BinaryData.FromString("""{"type":"object","properties":{"unit":{"enum":["bar","psi"]}},"required":["unit"],"additionalProperties":false}"""));
        var options = new ChatCompletionOptions { Tools = { tool }, ToolChoice = ChatToolChoice.CreateFunctionChoice("gauge"), MaxOutputTokenCount = 200 };
        var chat = Client.GetChatClient("tiny-tools");
        var (name, arguments, finish) = ("", "", (ChatFinishReason?)null);
        if (streamed)
        {
            await foreach (var update in chat.CompleteChatStreamingAsync([new UserChatMessage("Read it.")], options, Cancelled))
            {
                foreach (var call in update.ToolCallUpdates) (name, arguments) = (name + call.FunctionName, arguments + call.FunctionArgumentsUpdate);
                finish = update.FinishReason ?? finish;
            }
        }
        else
        {
            ChatCompletion answer = await chat.CompleteChatAsync([new UserChatMessage("Read it.")], options, Cancelled);
            (name, arguments, finish) = (answer.ToolCalls[0].FunctionName, answer.ToolCalls[0].FunctionArguments.ToString(), answer.FinishReason);
            // The result of a call is taken back in the next request.
            await chat.CompleteChatAsync([new UserChatMessage("Read it."), new AssistantChatMessage(answer), new ToolChatMessage(answer.ToolCalls[0].Id, "6 bar")], new ChatCompletionOptions { MaxOutputTokenCount = 2 }, Cancelled);
        }

        Assert.Equal(("gauge", ChatFinishReason.ToolCalls), (name, finish));
        Assert.Matches("""^\{\s*"unit"\s*:\s*"(bar|psi)"\s*\}$""", arguments);
    }

    [Fact]
    public async Task ToolsForAModelWithoutAPlaceForThemAreRefused()
    {
        var options = new ChatCompletionOptions { Tools = { ChatTool.CreateFunctionTool("gauge") } };

        var error = await Assert.ThrowsAsync<ClientResultException>(() => Client.GetChatClient(Model).CompleteChatAsync([new UserChatMessage("Read it.")], options, Cancelled));

        Assert.Equal(400, error.Status);
        Assert.Contains("no place for tools", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EmbeddingsComeInTheOrderOfTheirTextsAndUnitLength()
    {
        OpenAIEmbeddingCollection both = await Client.GetEmbeddingClient("bge-small-en-v1.5").GenerateEmbeddingsAsync(["a pump", "a cat"], new EmbeddingGenerationOptions { Dimensions = 384 }, Cancelled);
        OpenAIEmbedding alone = await Client.GetEmbeddingClient("bge-small-en-v1.5").GenerateEmbeddingAsync("a cat", cancellationToken: Cancelled);

        Assert.Equal(384, both[0].ToFloats().Length);
        Assert.Equal(1, both[0].ToFloats().ToArray().Sum(value => value * value), 3);
        Assert.Equal(alone.ToFloats().ToArray(), both[1].ToFloats().ToArray());
        Assert.Equal(both.Usage.InputTokenCount, both.Usage.TotalTokenCount);
    }

    [Fact]
    public async Task OtherDimensionsAreRefused()
    {
        var error = await Assert.ThrowsAsync<ClientResultException>(() =>
            Client.GetEmbeddingClient("bge-small-en-v1.5").GenerateEmbeddingsAsync(["a pump"], new EmbeddingGenerationOptions { Dimensions = 256 }, Cancelled));

        Assert.Equal(400, error.Status);
        Assert.Contains("384", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelsAreListedAndFoundById()
    {
        var models = Client.GetOpenAIModelClient();
        var all = (await models.GetModelsAsync(Cancelled)).Value;
        var one = (await models.GetModelAsync("quote@pumps", Cancelled)).Value;
        var error = await Assert.ThrowsAsync<ClientResultException>(() => models.GetModelAsync("gpt-4", Cancelled));

        Assert.Contains("quote@pumps", all.Select(model => model.Id));
        Assert.Equal(("quote@pumps", "domaintuning"), (one.Id, one.OwnedBy));
        Assert.Equal(404, error.Status);
    }

    [Fact]
    public async Task AnUnknownModelIsAnErrorOfTheClientsOwnKind()
    {
        var error = await Assert.ThrowsAsync<ClientResultException>(() => Client.GetChatClient("gpt-4").CompleteChatAsync([new UserChatMessage("x")], cancellationToken: Cancelled));

        Assert.Equal(404, error.Status);
        Assert.Contains("model_not_found", error.Message, StringComparison.Ordinal);
    }

    /// <summary>8,000 tokens take minutes; a place that is freed at the next token takes none of them.</summary>
    [Fact(Timeout = 60_000)]
    public async Task ACancelledStreamFreesItsPlace()
    {
        var client = (Onnx.Decoding.OnnxChatClient)await served.Arms.ChatClientAsync(Model, Cancelled);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 8000, Temperature = 1.5f };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var update in Client.GetChatClient(Model).CompleteChatStreamingAsync([new UserChatMessage("Count to ten thousand.")], options, stop.Token))
                if (update.ContentUpdate.Count > 0 && update.ContentUpdate[0].Text.Length > 0)
                    await stop.CancelAsync();
        });

        while (client.Places > 0) await Task.Delay(20, Cancelled);
    }
}
