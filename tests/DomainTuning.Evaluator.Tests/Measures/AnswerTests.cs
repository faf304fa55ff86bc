using DomainTuning.Corpora;
using DomainTuning.Evaluator.Measures.Answers;

namespace DomainTuning.Evaluator.Tests.Measures;

/// <summary>The measures of our own: containment, quantities, outcomes, citations.</summary>
public sealed class AnswerTests
{
    [Theory]
    [InlineData("The answer is 2.", "2", true)]
    [InlineData("It takes 20 seconds.", "2", false)]
    [InlineData("It takes 2.5 seconds.", "2", false)]
    [InlineData("It is 0.2 mm.", "2", false)]
    [InlineData("It is .2 mm.", "2", false)]
    [InlineData("It is -2.", "2", false)]
    [InlineData("It is -2.", "-2", true)]
    [InlineData("Lines 3-2 apply.", "-2", false)]
    [InlineData("Use G2 here", "2", false)]
    [InlineData("Use G33.1 here", "G33", false)]
    [InlineData("Use G33.", "G33", true)]
    [InlineData("Set HOME_OFFSET", "HOME", false)]
    [InlineData("set HOME in the file", "home", true)]
    [InlineData("1,000 of them", "1", false)]
    [InlineData("1, 2 or 3", "2", true)]
    [InlineData("run linuxcnc -h", "-h", true)]
    [InlineData("the rs274ngc.var\n file", "rs274ngc.var file", true)]
    [InlineData("主轴转速是1000转", "1000转", true)]
    [InlineData("他在北京市", "北京", true)]
    [InlineData("anything", "", false)]
    public void AnAnswerIsContainedInWholeWordsOnly(string answer, string gold, bool holds) => Assert.Equal(holds, Containment.Holds(answer, gold));

    [Theory]
    [InlineData("The default is 0.5 seconds.", "500 ms", true)]
    [InlineData("10mm", "1 cm", true)]
    [InlineData("10 mm", "10 in", false)]
    [InlineData("one inch, 25.4 mm", "1 inch", true)]
    [InlineData("10", "10 mm", true)]
    [InlineData("It is 20 mm.", "2 mm", false)]
    [InlineData("It is 1,000 rpm.", "1000 rpm", true)]
    [InlineData("Use G33 for it", "33", false)]
    [InlineData("M62-63", "63", false)]
    [InlineData("5 nm", "6 nm", false)]
    [InlineData("50 percent", "0.5", true)]
    [InlineData("between 3 and 4 V", "4 V", true)]
    [InlineData("seven", "7", false)]
    public void AQuantityIsItsNumberInItsUnit(string answer, string gold, bool matches) => Assert.Equal(matches, Quantity.IsIn(answer, gold));

    [Fact]
    public void TheNumericMeasureDoesNotApplyToWords()
    {
        Assert.Null(AnswerMeasure.Numeric.Score("7", ["the spindle"]));
        Assert.Equal(1, AnswerMeasure.Numeric.Score("It is 7.", ["seven", "7"]));
        Assert.Equal(0, AnswerMeasure.Numeric.Score("It is 8.", ["7"]));
    }

    [Fact]
    public void ARefusalIsRightOnlyWhereThereIsNoAnswer()
    {
        var answerable = Ask(QuestionKind.Fact, "0.1 s");
        var unanswerable = Ask(QuestionKind.FalsePremise);

        Assert.Equal(AnswerOutcome.Correct, Outcomes.Of(answerable, "It waits 100 ms.", refused: false));
        Assert.Equal(AnswerOutcome.Wrong, Outcomes.Of(answerable, "It waits 1 s.", refused: false));
        Assert.Equal(AnswerOutcome.Refused, Outcomes.Of(answerable, "Not in the documents.", refused: true));
        Assert.Equal(AnswerOutcome.Correct, Outcomes.Of(unanswerable, "Not in the documents.", refused: true));
        Assert.Equal(AnswerOutcome.Wrong, Outcomes.Of(unanswerable, "It is 5.", refused: false));
    }

    [Fact]
    public void RefusalsAreCountedOnBothSides()
    {
        var score = RefusalScore.Of([(true, false), (true, true), (false, true), (false, true), (false, false)]);

        Assert.Equal(0.6, score.Accuracy, 12);
        Assert.Equal(2.0 / 3, score.Precision!.Value, 12);
        Assert.Equal(2.0 / 3, score.Recall!.Value, 12);
        Assert.Equal(0.5, score.FalseRefusals!.Value, 12);
        Assert.Null(RefusalScore.Of([(true, false)]).Recall);
    }

    [Fact]
    public void CitationsAreComparedByPage()
    {
        QuestionEvidence[] evidence = [new("a.pdf", 3, "x"), new("b.pdf", 7, "y")];

        var score = CitationScore.Of([new("a.pdf", 3, "p"), new("a.pdf", 3, "q"), new("b.pdf", 3, "r")], evidence);

        Assert.Equal(new CitationScore(0.5, 0.5, true), score);
        Assert.Equal(new CitationScore(null, 0, false), CitationScore.Of([], evidence));
    }

    [Fact]
    public void AQuoteIsVerbatimWhereItsPageHoldsItLetterByLetter()
    {
        string? Page(string document, int page) => page == 1 ? "The ﬁrst axis\nis | called X; “HOME” is 5." : null;

        Assert.Equal(1, CitationScore.VerbatimRate([new("a", 1, "The first axis is called X; \"HOME\"")], Page));
        Assert.Equal(0, CitationScore.VerbatimRate([new("a", 1, "the first axis is called Y"), new("a", 2, "The first axis")], Page));
        Assert.Null(CitationScore.VerbatimRate([], Page));
    }

    private static Question Ask(QuestionKind kind, params string[] answers) =>
        new() { Id = "q", Text = "?", Kind = kind, Split = QuestionSplit.Test, Section = "s", Answers = answers, Evidence = [] };
}
