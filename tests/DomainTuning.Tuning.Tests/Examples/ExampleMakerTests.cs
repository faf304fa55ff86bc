using DomainTuning.Answering;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Runs;
using DomainTuning.Training;
using DomainTuning.Tuning.Examples;
using Microsoft.Extensions.AI;

namespace DomainTuning.Tuning.Tests.Examples;

public sealed class ExampleMakerTests
{
    private static readonly TrainingRecipe Recipe = new() { Name = "pump", Examples = new ExampleRecipe { Validation = 0.2, WithoutRightPassage = 0.2, ClosedBook = 0.1, QuestionRepeats = 2 } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task NothingOfATestSectionIsAskedOrShown()
    {
        var set = await MakeAsync(Recipe);

        foreach (var message in set.Train.Concat(set.Validation).SelectMany(example => example.Messages))
        {
            Assert.DoesNotContain("A77", message.Content, StringComparison.Ordinal);
            Assert.DoesNotContain("ALARM_HOLD", message.Content, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(PumpManual.TestSection, set.Sections);
        Assert.Contains("stands in a test section", set.Dropped.Keys);
        Assert.Empty(LeakageCheck.Run(set, PumpManual.Questions));
    }

    [Fact]
    public async Task WhatIsHeldOutWouldBeSeenWithoutTheTestQuestions()
    {
        var set = await MakeAsync(Recipe, [.. PumpManual.Questions.Where(question => question.Split != QuestionSplit.Test)]);

        Assert.Contains(set.Train.Concat(set.Validation), example => example.Messages.Any(message => message.Content.Contains("ALARM_HOLD", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task APromptIsWordForWordWhatServingWrites()
    {
        var sources = await PumpManual.SourcesAsync();
        var set = await new ExampleMaker(sources).MakeAsync(Recipe with { Examples = Recipe.Examples with { Passages = 6, ClosedBook = 0, WithoutRightPassage = 0 } }, null, Token);
        var asked = set.Train.Where(example => example.Id == "r1").Concat(set.Train.Where(example => example.Id == "r1#2")).ToList();

        var found = (await sources.Retriever.SearchAsync("When must the pump be serviced?", sources.Retrieval with { Top = 18 }, Indexing.ChunkFilter.None, Token))
            .Where(passage => !passage.Chunk.Text.Contains("A77", StringComparison.Ordinal)).Take(6).ToList();
        var served = ShortAnswerPrompt.WithPassages("When must the pump be serviced?", found, sources.Limits, new AnsweringOptions { MaxOutputTokens = 48 });

        Assert.Equal(2, asked.Count);
        Assert.All(asked, example => Assert.Equal(served[0].Text, example.Messages[0].Content));
        Assert.All(asked, example => Assert.Equal("2000 hours", example.Messages[^1].Content));
        // One of the two may be shuffled; its passages are the same ones.
        Assert.All(asked, example => Assert.Equal(served[1].Text.Length, example.Messages[1].Content.Length));
    }

    [Fact]
    public async Task SharesAreWhatTheRecipeSays()
    {
        var set = await MakeAsync(Recipe with { Examples = Recipe.Examples with { Passages = 1 } });

        var refusals = set.Train.Count(example => example.Messages[^1].Content == ShortAnswerPrompt.NoAnswer);
        var closed = set.Train.Count(example => example.Messages[0].Content == ShortAnswerPrompt.ClosedBook("?")[0].Text);
        Assert.InRange((double)refusals / set.Train.Count, 0.15, 0.25);
        Assert.InRange((double)closed / set.Train.Count, 0.05, 0.15);
        Assert.Equal("not in the documents", set.Train.Single(example => example.Id == "r3").Messages[^1].Content);
    }

    [Fact]
    public async Task ARefusalsPassagesDoNotHoldTheAnswer()
    {
        var set = await MakeAsync(Recipe with { Examples = Recipe.Examples with { Passages = 1, ClosedBook = 0, WithoutRightPassage = 0.5 } });

        var right = (await MakeAsync(Recipe with { Examples = Recipe.Examples with { Passages = 1, ClosedBook = 0, WithoutRightPassage = 0 } })).Train.ToDictionary(example => example.Id, example => example.Messages[^1].Content);
        foreach (var refusal in set.Train.Where(example => example.Messages[^1].Content == ShortAnswerPrompt.NoAnswer && right[example.Id] is { Length: > 3 } and not ShortAnswerPrompt.NoAnswer))
        {
            Assert.Null(refusal.Source);
            Assert.DoesNotContain(right[refusal.Id], refusal.Messages[1].Content.Split("\n\nQuestion:")[0], StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task TheSameRecipeGivesTheSameBytesAndAnotherSeedOthers()
    {
        var first = await MakeAsync(Recipe);

        Assert.Equal(first.DataSha256, (await MakeAsync(Recipe)).DataSha256);
        Assert.NotEqual(first.DataSha256, (await MakeAsync(Recipe with { Seed = 2 })).DataSha256);
    }

    [Fact]
    public async Task TheEvaluatorsGuardReadsWhatIsWritten()
    {
        using var folder = new TemporaryFolder();
        var set = await MakeAsync(Recipe);

        await set.WriteAsync(folder.Path, Token);

        Assert.NotNull(LeakageGuard.Check("pump", folder.Path, [.. PumpManual.Questions.Where(question => question.Split == QuestionSplit.Test)]));
        var leak = Assert.Throws<EvaluationException>(() => LeakageGuard.Check("pump", folder.Path, [.. PumpManual.Questions.Where(question => question.Id == "r1")]));
        Assert.Contains("r1", leak.Message, StringComparison.Ordinal);
        Assert.Equal(set.Train.Count, File.ReadAllLines(folder[ExampleSet.TrainFile]).Length);
    }

    [Fact]
    public async Task TooLittleSaysHowMuchIsNeededAndWhatWasLeftOut()
    {
        var failure = await Assert.ThrowsAsync<ExampleException>(() => MakeAsync(Recipe with { Examples = Recipe.Examples with { Structure = false } }));

        Assert.Contains("at least 20 and 1 are needed", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACancelledMakingEnds()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await new ExampleMaker(await PumpManual.SourcesAsync()).MakeAsync(Recipe, null, cancelled.Token));
    }

    [Fact]
    public async Task AChatModelsQuestionIsKeptOnlyWithItsAnswerInTheChunk()
    {
        using var model = new LineModel(chunk => chunk.Contains("MOTOR_POLES", StringComparison.Ordinal) ? "Question: How many magnetic poles does the motor of the pump have?\nAnswer: 4"
            : chunk.Contains("NET_RETRIES", StringComparison.Ordinal) ? "Question: How many attempts are made for one message?\nAnswer: eleven" : "I cannot.");
        var sources = await PumpManual.SourcesAsync() with { ChatModel = model };

        var set = await new ExampleMaker(sources).MakeAsync(Recipe with { Examples = Recipe.Examples with { ChatModelExamples = 100 } }, null, Token);

        var kept = Assert.Single(set.Train.Concat(set.Validation), example => example.Kind == "chat-model");
        Assert.Contains("magnetic poles", kept.Messages[1].Content, StringComparison.Ordinal);
        Assert.Equal(1, set.Dropped["the chat model's answer does not stand in its chunk"]);
        Assert.DoesNotContain(model.Asked, text => text.Contains("A77", StringComparison.Ordinal));
    }

    private static async Task<ExampleSet> MakeAsync(TrainingRecipe recipe, IReadOnlyList<Question>? questions = null) =>
        await new ExampleMaker(await PumpManual.SourcesAsync(questions: questions)).MakeAsync(recipe, null, Token);

    /// <summary>Answers by a rule.</summary>
    private sealed class LineModel(Func<string, string> answer) : IChatClient
    {
        public List<string> Asked { get; } = [];

        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            Asked.Add(messages.Last().Text);
            return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, answer(Asked[^1]))));
        }

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
