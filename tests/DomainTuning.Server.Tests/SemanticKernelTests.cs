using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.Connectors.OpenAI;

namespace DomainTuning.Server.Tests;

/// <summary>Semantic Kernel's OpenAI connector against this server.</summary>
public sealed class SemanticKernelTests(ServedWorkspace served)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AKernelAsksTheDocuments()
    {
        var answer = await KernelOf("quote@pumps").InvokePromptAsync("How often must the shaft seal be replaced?", cancellationToken: Cancelled);

        Assert.Contains("2000 hours", answer.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AKernelStreamsFromAModelWithItsSettings()
    {
        var chat = KernelOf("smollm2-135m-instruct").GetRequiredService<IChatCompletionService>();
        var settings = new OpenAIPromptExecutionSettings { Temperature = 0, TopP = 0.9, MaxTokens = 6, StopSequences = ["\n"], Seed = 1 };

        var text = "";
        await foreach (var piece in chat.GetStreamingChatMessageContentsAsync(new ChatHistory("You are brief.") { new(AuthorRole.User, "Say hello.") }, settings, cancellationToken: Cancelled))
            text += piece.Content;

        Assert.NotEmpty(text);
        Assert.DoesNotContain('\n', text);
    }

    [Fact]
    public async Task AKernelsFunctionIsCalledAndItsResultTakenBack()
    {
        var kernel = KernelOf("tiny-tools");
        var called = 0;
        kernel.ImportPluginFromFunctions("shop", [KernelFunctionFactory.CreateFromMethod(() => $"{++called} bar", "gauge", "Reads the gauge.")]);
        var settings = new OpenAIPromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Required(), MaxTokens = 60 };

        await kernel.InvokePromptAsync("Read the gauge.", new KernelArguments(settings), cancellationToken: Cancelled);

        Assert.Equal(1, called);
    }

    private Kernel KernelOf(string model) =>
        Kernel.CreateBuilder().AddOpenAIChatCompletion(model, new Uri(served.Address, "v1"), apiKey: "none").Build();
}
