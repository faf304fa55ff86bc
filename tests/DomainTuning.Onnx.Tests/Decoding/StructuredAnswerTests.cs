using System.ComponentModel;
using System.Numerics.Tensors;
using System.Text.Json;
using DomainTuning.Checkpoints.Templates;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Tests.Decoding.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using FunctionCallContent = Microsoft.Extensions.AI.FunctionCallContent; // Semantic Kernel has one too

namespace DomainTuning.Onnx.Tests.Decoding;

/// <summary>JSON, calls and probabilities from the shipped model itself; for calls it is given Qwen's template, whose control tokens it shares.</summary>
public sealed class StructuredAnswerTests(SmolLm2 model)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"type":"object","properties":{"name":{"type":"string","maxLength":30},"age":{"type":"integer","minimum":0,"maximum":150},"likes":{"type":"array","items":{"enum":["tea","coffee","milk"]},"minItems":1,"maxItems":3}},"required":["name","age","likes"],"additionalProperties":false}""")]
    [InlineData("""{"type":"array","items":{"type":"string","pattern":"^[A-Z][a-z]{1,8}$"},"minItems":2,"maxItems":3}""")]
    public async Task TheModelWritesWhatTheSchemaAsksFor(string schema)
    {
        var client = await model.ClientAsync();
        var judge = await NJsonSchema.JsonSchema.FromJsonAsync(schema, Cancellation);
        foreach (var temperature in new[] { 0f, 1.2f })
        {
            var options = new ChatOptions
            {
                ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonDocument.Parse(schema).RootElement),
                Temperature = temperature,
                Seed = 3,
                MaxOutputTokens = 150,
            };

            var response = await client.GetResponseAsync("Describe Anna, who is 31 and drinks tea, as JSON.", options, Cancellation);

            Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
            Assert.Empty(judge.Validate(response.Text));
        }
    }

    [Fact]
    public async Task AJsonObjectIsOneUnlessItIsCut()
    {
        var client = await model.ClientAsync();
        var options = new ChatOptions { ResponseFormat = ChatResponseFormat.Json, MaxOutputTokens = 80 };

        var whole = await client.GetResponseAsync("Answer in JSON: {\"capital\": \"?\"} for France.", options, Cancellation);
        options.MaxOutputTokens = 3;
        var cut = await client.GetResponseAsync("Answer in JSON: {\"capital\": \"?\"} for France.", options, Cancellation);

        TestContext.Current.SendDiagnosticMessage(whole.Text);
        Assert.StartsWith("{", cut.Text, StringComparison.Ordinal);
        Assert.Equal(ChatFinishReason.Length, cut.FinishReason);
        if (whole.FinishReason == ChatFinishReason.Stop) Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(whole.Text).RootElement.ValueKind);
        else Assert.Equal(80, whole.Usage!.OutputTokenCount);
    }

    [Fact]
    public async Task LogProbabilitiesAreThoseOfTheModel()
    {
        var client = await model.ClientAsync();
        ChatMessage[] chat = [new(ChatRole.User, "What is the capital of France?")];
        var options = new ChatOptions { MaxOutputTokens = 6, Temperature = 0.8f, Seed = 4, AdditionalProperties = new() { ["logprobs"] = true, ["top_logprobs"] = 2 } };

        var response = await client.GetResponseAsync(chat, options, Cancellation);

        var tokens = Assert.IsType<IReadOnlyList<TokenLogProbability>>(response.AdditionalProperties![TokenLogProbability.Property], exactMatch: false);
        Assert.Equal(response.Usage!.OutputTokenCount, tokens.Count);
        Assert.Equal(response.Text, string.Concat(tokens.Select(token => token.Text)));
        var prompt = client.Format.Encode(chat);
        using var session = SmolLm2.OpenSession(client);
        int[] ids = [.. prompt, .. tokens.Select(token => token.Id)];
        var logits = session.Run(0, ids, [ids.Length], [.. Enumerable.Range(prompt.Length - 1, tokens.Count)]).ToArray();
        for (var i = 0; i < tokens.Count; i++)
        {
            var row = logits.AsSpan(i * session.Shape.Vocabulary, session.Shape.Vocabulary).ToArray();
            var total = Math.Log(row.Sum(logit => Math.Exp(logit - row.Max()))) + row.Max();
            Assert.Equal(row[tokens[i].Id] - total, tokens[i].LogProbability, 0.5); // int8 activations are rounded otherwise in a batch of another shape
            Assert.Equal(2, tokens[i].Top.Count);
            Assert.Equal(TensorPrimitives.Max<float>(row) - total, tokens[i].Top[0].LogProbability, 0.5);
            Assert.True(tokens[i].Top[0].LogProbability >= tokens[i].Top[1].LogProbability);
        }

        Assert.DoesNotContain(TokenLogProbability.Property, (await client.GetResponseAsync(chat, new ChatOptions { MaxOutputTokens = 1 }, Cancellation)).AdditionalProperties!.Keys);
    }

    [Fact]
    public async Task ARequiredFunctionIsCalledAndItsResultAnswered()
    {
        var client = await CallingClientAsync();
        var asked = new List<string>();
        var weather = AIFunctionFactory.Create(([Description("A city.")] Cities city) => { asked.Add(city.ToString()); return $"Sunny in {city}"; }, "weather", "The weather in a city.");
        var calling = client.AsBuilder().UseFunctionInvocation().Build(); // not disposed: the engine is the fixture's
        var options = new ChatOptions { Tools = [weather], ToolMode = ChatToolMode.RequireSpecific("weather"), MaxOutputTokens = 60 };

        var first = await client.GetResponseAsync("How is the weather in Oslo?", options, Cancellation);
        var response = await calling.GetResponseAsync("How is the weather in Oslo?", options, Cancellation);

        Assert.Equal(ChatFinishReason.ToolCalls, first.FinishReason);
        Assert.Equal("weather", Assert.Single(first.Messages[0].Contents.OfType<FunctionCallContent>()).Name);
        Assert.Single(asked);
        Assert.Equal([ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant], response.Messages.Select(message => message.Role));
        Assert.NotEmpty(response.Text);
        Assert.NotEqual(ChatFinishReason.ToolCalls, response.FinishReason);
    }

    [Fact]
    public async Task ThroughSemanticKernelTheFunctionRuns()
    {
        var client = await CallingClientAsync();
        var builder = Kernel.CreateBuilder();
        builder.Services.AddSingleton<IChatClient>(_ => client.AsBuilder().UseKernelFunctionInvocation().Build());
        var kernel = builder.Build();
        var plugin = new WeatherPlugin();
        kernel.Plugins.AddFromObject(plugin, "Weather");
        var seen = new SeenCalls();
        kernel.AutoFunctionInvocationFilters.Add(seen);
        var settings = new PromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Required([kernel.Plugins.GetFunction("Weather", "Look")]) };
        settings.ExtensionData = new Dictionary<string, object> { ["max_tokens"] = 60 };

        var answer = await kernel.InvokePromptAsync("How is the weather in Oslo?", new KernelArguments(settings), cancellationToken: Cancellation);

        Assert.Equal(1, plugin.Calls);
        Assert.Equal(["Look"], seen.Names);
        Assert.NotEmpty(answer.ToString());
    }

    /// <summary>Not to be disposed: it shares the fixture's engine.</summary>
    private async Task<OnnxChatClient> CallingClientAsync()
    {
        var client = await model.ClientAsync();
        return client.Speaking(new ChatFormat(client.Format.Tokenizer, ChatTemplate.Parse(ToolFamily.TemplateOf("qwen25-style")), client.Format.StopTokens, "<|im_start|>", "<|im_end|>"));
    }

    private enum Cities
    {
        Oslo,
        Rome,
    }

    private sealed class WeatherPlugin
    {
        public int Calls { get; private set; }

        [KernelFunction, Description("The weather today.")]
        public string Look([Description("Celsius or not.")] bool celsius)
        {
            Calls++;
            return celsius ? "sunny, 20 degrees" : "sunny, 68 degrees";
        }
    }

    private sealed class SeenCalls : IAutoFunctionInvocationFilter
    {
        public List<string> Names { get; } = [];

        public async Task OnAutoFunctionInvocationAsync(AutoFunctionInvocationContext context, Func<AutoFunctionInvocationContext, Task> next)
        {
            Names.Add(context.Function.Name);
            await next(context);
        }
    }
}
