using DomainTuning.Adapters;
using DomainTuning.Answering;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Tests.Decoding;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Tests.Adapters;

/// <summary>The shipped model with adapters that were not trained but leave a fingerprint: a, b and c, which tests leave as they are.</summary>
public sealed class AdaptedSmolLm2(SmolLm2 smolLm2) : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    public OnnxChatClient Client { get; private set; } = null!;

    public string Adapters => folder["adapters"];

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Adapters);
        Client = await smolLm2.LoadAsync(new ChatEngineOptions { ContextTokens = 512, ParallelRequests = 8, Adapters = new AdapterFolders("smollm2-135m-instruct", Adapters) });
        foreach (var (name, seed) in new[] { ("a", 1), ("b", 2), ("c", 3) }) Write(name, seed);
    }

    /// <summary>Writes or replaces an adapter.</summary>
    public void Write(string name, int seed) => RandomAdapter.Write(Adapters, name, Client.Conversion.Shape, seed);

    public ValueTask DisposeAsync()
    {
        Client.Dispose();
        folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

public sealed class AdaptedChatTests(AdaptedSmolLm2 model) : IClassFixture<AdaptedSmolLm2>
{
    private static readonly ChatMessage[] Question = [new(ChatRole.User, "Tell me about the pump in the cellar.")];

    private static readonly ScoringRequest Text = new("The pump", " stands in the cellar, where its valves are cleaned once a month by the janitor.");

    /// <summary>Nats that the sum may differ by when the same text is read in other company.</summary>
    private const double Rounding = 0.3;

    private readonly OnnxChatClient client = model.Client;

    /// <summary>By the likelihood of one text, which tells adapters apart by whole units; what rows share a run changes it by rounding.</summary>
    [Fact]
    public async Task EightRequestsUnderDifferentAdaptersNeverMix()
    {
        string[] arms = [client.ModelId, client.ModelId + ":a", client.ModelId + ":b", client.ModelId + ":c"];
        var alone = new Dictionary<string, double>();
        foreach (var arm in arms) alone[arm] = await ScoreAsync(arm);

        var answers = arms.Select(AskAsync).ToList(); // others write meanwhile
        var together = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i => (Arm: arms[i % 4], Score: await ScoreAsync(arms[i % 4]))));
        await Task.WhenAll(answers);

        Assert.All(alone.Values, score => Assert.All(alone.Values, other => Assert.True(score == other || Math.Abs(score - other) > 5 * Rounding)));
        Assert.All(together, answer => Assert.InRange(answer.Score - alone[answer.Arm], -Rounding, Rounding));
    }

    [Fact]
    public async Task AViewAnswersThroughItsAdapterAndNamesItself()
    {
        var view = client.WithAdapter("a");

        var response = await view.GetResponseAsync(Question, Options(null), TestContext.Current.CancellationToken);

        Assert.NotEmpty(response.Text);
        Assert.Equal(client.ModelId + ":a", response.ModelId);
        Assert.Equal(client.ModelId + ":a", ((ChatClientMetadata)view.GetService(typeof(ChatClientMetadata))!).DefaultModelId);
        Assert.NotNull(view.GetService(typeof(ModelLimits)));
    }

    [Fact]
    public async Task AViewScoresThroughItsAdapterUnlessAnotherIsNamed()
    {
        var scorer = (TextScorer)client.WithAdapter("b").GetService(typeof(TextScorer))!;

        var scores = await scorer.ScoreAsync([Text, Text with { ModelId = client.ModelId }, Text with { ModelId = client.ModelId + ":c" }], TestContext.Current.CancellationToken);

        Assert.InRange(scores[0].Sum - await ScoreAsync(client.ModelId + ":b"), -Rounding, Rounding);
        Assert.InRange(scores[1].Sum - await ScoreAsync(client.ModelId), -Rounding, Rounding);
        Assert.InRange(scores[2].Sum - await ScoreAsync(client.ModelId + ":c"), -Rounding, Rounding);
    }

    [Fact]
    public async Task ReplacingAnAdapterUnderLoadDropsNoRequest()
    {
        model.Write("replaced", seed: 8);
        var before = await ScoreAsync(client.ModelId + ":replaced");
        var running = Enumerable.Range(0, 4).Select(_ => AskAsync(client.ModelId + ":replaced")).ToList();
        model.Write("replaced", seed: 9);
        running.AddRange(Enumerable.Range(0, 4).Select(_ => AskAsync(client.ModelId + ":replaced")));

        Assert.All(await Task.WhenAll(running), Assert.NotEmpty);
        Assert.True(Math.Abs(before - await ScoreAsync(client.ModelId + ":replaced")) > 5 * Rounding);
    }

    [Fact]
    public async Task AnAdapterOfAnotherBaseTemplateOrTokenizerIsRefusedWithTheReason()
    {
        var (checkpoint, template, tokenizer) = client.Identity;
        var card = new AdapterCard { BaseModel = client.ModelId, BaseSha256 = checkpoint, TemplateSha256 = template, TokenizerSha256 = tokenizer, Method = "lora" };
        model.Write("carded", seed: 4);
        card.Write(Path.Combine(model.Adapters, "carded"));
        _ = await client.LoadAdapterAsync("carded", TestContext.Current.CancellationToken);
        Directory.Move(Path.Combine(model.Adapters, "carded"), Path.Combine(model.Adapters, "foreign"));

        foreach (var (wrong, reason) in new[] { (card with { BaseSha256 = "0" }, "checkpoint"), (card with { TemplateSha256 = "0" }, "chat template"), (card with { TokenizerSha256 = "0" }, "tokenizer") })
        {
            wrong.Write(Path.Combine(model.Adapters, "foreign"));
            var error = await Assert.ThrowsAsync<AdapterException>(() => client.LoadAdapterAsync("foreign", TestContext.Current.CancellationToken));
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task WhatIsNoAdapterOfThisModelIsRefusedByName()
    {
        Assert.Contains("'zzz'", (await Assert.ThrowsAsync<AdapterException>(() => AskAsync(client.ModelId + ":zzz"))).Message, StringComparison.Ordinal);
        Assert.Contains("'other:a'", (await Assert.ThrowsAsync<NotSupportedException>(() => AskAsync("other:a"))).Message, StringComparison.Ordinal);
        Assert.Superset(new HashSet<string> { "a", "b", "c" }, client.Adapters.ToHashSet());
    }

    [Fact]
    public async Task AnExportedAdapterServesLikeItsFolder()
    {
        await client.ExportAdapterAsync("c", Path.Combine(model.Adapters, "d.onnx_adapter"), TestContext.Current.CancellationToken);

        Assert.InRange(await ScoreAsync(client.ModelId + ":c") - await ScoreAsync(client.ModelId + ":d"), -Rounding, Rounding);
    }

    private async Task<string> AskAsync(string arm) => (await client.GetResponseAsync(Question, Options(arm), TestContext.Current.CancellationToken)).Text;

    private async Task<double> ScoreAsync(string arm) =>
        (await ((TextScorer)client.GetService(typeof(TextScorer))!).ScoreAsync([Text with { ModelId = arm }], TestContext.Current.CancellationToken))[0].Sum;

    private static ChatOptions Options(string? arm) => new() { ModelId = arm, Temperature = 0, MaxOutputTokens = 8 };
}
