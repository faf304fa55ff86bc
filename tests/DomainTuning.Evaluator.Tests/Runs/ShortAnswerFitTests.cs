using DomainTuning.Answering;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Runs;
using DomainTuning.Retrieval;
using Microsoft.Extensions.AI;

namespace DomainTuning.Evaluator.Tests.Runs;

/// <summary>A model that is sure where it is right, less sure where it is wrong, and sees what has no answer.</summary>
public sealed class ShortAnswerFitTests
{
    private static readonly IReadOnlyList<Question> Held = [.. PumpCorpus.Questions.Select(question => question with { Split = QuestionSplit.Validation })];

    [Fact]
    public async Task WhatItIsSureOfLeadsAndWhatItIsWrongAboutDoesNot()
    {
        var fit = await FitAsync(Model(litres: "40 litres per minute", sure: 0.9));

        Assert.InRange(fit.Best.LeastShortAnswer, 0.2, 0.9);
        Assert.InRange(fit.Best.RefusalFrom, 0.05, 0.7);
        Assert.True(fit.Best.F1 > fit.Quote.F1);
        Assert.Equal(fit.Quote.Contained, fit.Best.Contained);
        Assert.Equal((1, 0), (fit.Best.Refused, fit.Best.WronglyRefused));
    }

    [Fact]
    public async Task AModelThatIsSureOfWhatIsWrongNeverLeads()
    {
        var fit = await FitAsync(Model(litres: "6 bar", sure: 0.9, seal: "12 Nm", code: "Close the outlet valve"));

        Assert.True(fit.Best.LeastShortAnswer > 0.9);
        Assert.Equal(fit.Quote.F1, fit.Best.F1);
    }

    [Fact]
    public async Task TestQuestionsAreRefused()
    {
        var corpus = await PumpCorpus.CreateAsync(TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<ArgumentException>(() => ShortAnswerFit.MeasureAsync(Answerer(corpus, null), Answerer(corpus, null), PumpCorpus.Questions, null, TestContext.Current.CancellationToken));
    }

    private static async Task<ShortAnswerFit> FitAsync(IChatClient model)
    {
        var corpus = await PumpCorpus.CreateAsync(TestContext.Current.CancellationToken);
        return await ShortAnswerFit.MeasureAsync(Answerer(corpus, null), Answerer(corpus, model), Held, null, TestContext.Current.CancellationToken);
    }

    // Evidence never refuses here: what is fitted is the model's own.
    private static Answerer Answerer(PumpCorpus corpus, IChatClient? model) => new(
        corpus.Index, new Retriever(corpus.Index, corpus.Embedder), corpus.Embedder, model,
        new AnsweringOptions { Retrieval = PumpCorpus.Recipe.Retrieval, MinEvidence = 0, AnswersShortly = model is not null, LeastShortAnswer = 0, RefusalFrom = 1 });

    private static ScriptedModel Model(string litres, double sure, string seal = "12 Nm", string code = "the pump runs dry")
    {
        string Answer(string prompt) => prompt.Contains("litres per minute does", StringComparison.Ordinal) ? litres
            : prompt.Contains("hours is the shaft", StringComparison.Ordinal) ? seal
            : prompt.Contains("error E17", StringComparison.Ordinal) ? code : "the heater";
        return new ScriptedModel(Answer)
        {
            Probability = (prompt, text) => text == ShortAnswerPrompt.NoAnswer ? (Answer(prompt) == "the heater" ? 0.7 : 0.05) : text == "12 Nm" && sure > 0.5 && litres != "6 bar" ? 0.2 : sure,
        };
    }
}
