using DomainTuning.Answering;

namespace DomainTuning.Tests.Answering;

/// <summary>A model that was trained to answer in the fewest words leads when it is sure and right about where that stands; otherwise the quote does.</summary>
public sealed class ShortAnswersTests
{
    private const string Question = "What is the tool table file called?";

    private static readonly AnsweringOptions Options = new() { MinEvidence = 0.4, AnswersShortly = true, ShortAnswerPassages = 2, LeastShortAnswer = 0.3, RefusalFrom = 0.5 };

    [Fact]
    public async Task AnAnswerThatTheModelIsSureOfLeadsAndIsCitedFromItsQuote()
    {
        var manual = await SmallManual.CreateAsync();
        var model = Model("tool.tbl", probability: 0.8, refusal: 0.01);

        var answer = await manual.AskAsync(Question, model, Options);

        Assert.Equal("tool.tbl [1]", answer.Text);
        Assert.Contains("tool.tbl", Assert.Single(answer.Citations).Quote, StringComparison.Ordinal);
        Assert.Equal(0.8, answer.Probability!.Value, 6);
    }

    [Fact]
    public async Task ItIsAskedWithThePromptThatItWasTrainedWith()
    {
        var manual = await SmallManual.CreateAsync();
        var model = Model("tool.tbl", probability: 0.8, refusal: 0.01);

        var answer = await manual.AskAsync(Question, model, Options);

        var expected = ShortAnswerPrompt.WithPassages(Question, answer.Passages, ModelLimits.Of(model, Options.ContextTokens), Options);
        Assert.Equal(expected.Select(message => message.Text), Assert.Single(model.Asked).Select(message => message.Text));
        Assert.Contains("[passage 2 ", expected[^1].Text, StringComparison.Ordinal);
        Assert.DoesNotContain("[passage 3 ", expected[^1].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tool.tbl", 0.29)] // not sure enough
    [InlineData("tool.txt", 0.9)] // stands nowhere
    [InlineData("ool.tbl", 0.9)] // stands only in the middle of a word
    public async Task OtherwiseTheQuoteLeads(string said, double probability)
    {
        var manual = await SmallManual.CreateAsync();

        var answer = await manual.AskAsync(Question, Model(said, probability, refusal: 0.01), Options);

        Assert.StartsWith("“The tool table file is called tool.tbl by default.", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tool.tbl", 0.5, true)] // the answer was likelier, the refusal likely enough
    [InlineData("not in the documents", 0.49, false)]
    public async Task ARefusalCountsFromItsThresholdOn(string said, double refusal, bool refused)
    {
        var manual = await SmallManual.CreateAsync();

        var answer = await manual.AskAsync(Question, Model(said, probability: 0.49, refusal), Options);

        Assert.Equal(refused, answer.NotInDocuments);
        Assert.Equal(refused, answer.Citations.Count == 0);
    }

    [Fact]
    public async Task AModelWithoutProbabilitiesIsTakenAtItsWord()
    {
        var manual = await SmallManual.CreateAsync();

        Assert.Equal("tool.tbl [1]", (await manual.AskAsync(Question, ScriptedChatClient.Saying("Answer: tool.tbl"), Options)).Text);
        Assert.True((await manual.AskAsync(Question, ScriptedChatClient.Saying("Not in the documents."), Options)).NotInDocuments);
    }

    private static ScriptedChatClient Model(string said, double probability, double refusal)
    {
        var likely = new Dictionary<string, double> { [said] = Math.Log(probability) };
        likely[ShortAnswerPrompt.NoAnswer] = Math.Log(refusal);
        return new ScriptedChatClient([said]) { LogProbabilities = likely };
    }
}
