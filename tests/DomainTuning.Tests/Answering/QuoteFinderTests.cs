using DomainTuning.Answering.Quotes;
using DomainTuning.Documents;

namespace DomainTuning.Tests.Answering;

public sealed class QuoteFinderTests
{
    [Theory]
    [InlineData("set the feed rate to 10", "the feed\n  rate to 10", "the feed rate to 10")]
    [InlineData("the config- uration file", "configuration file", "config- uration file")]
    [InlineData("a step-and- direction drive", "step-and-direction drive", "step-and- direction drive")]
    [InlineData("called ”tool.tbl” by default", "called \"tool.tbl\" by default", "called ”tool.tbl” by default")]
    [InlineData("don’t move", "don't move", "don’t move")]
    [InlineData("the ﬁnal oﬀset", "final offset", "ﬁnal oﬀset")]
    [InlineData("20 \u00B5s of latency", "20 \u03BCs", "20 \u00B5s")]
    [InlineData("range 5161– 5390 holds", "5161-5390", "5161– 5390")]
    public void WhatATypesetterChangesDoesNotCount(string page, string quote, string words)
    {
        var found = new QuoteFinder(Page(page)).Find(quote);

        Assert.NotNull(found);
        Assert.Equal(words, page.Substring(found.Value.Start, found.Value.Length));
    }

    [Theory]
    [InlineData("the offset is -1 by default", "the offset is 1 by default")]
    [InlineData("a value of 100", "a value of 10")]
    [InlineData("uncoupled axes", "coupled axes")]
    [InlineData("the Value", "the value")]
    [InlineData("the feed rate", "the federate")]
    [InlineData("some words", "…")]
    [InlineData("some words", "")]
    public void WhatChangesTheMeaningDoes(string page, string quote) => Assert.Null(new QuoteFinder(Page(page)).Find(quote));

    [Fact]
    public void OfSeveralPlacesTheOneInTheBoxWins()
    {
        var first = new Line(0, 11, new Box(0, 0, 100, 10));
        var second = new Line(13, 11, new Box(0, 50, 100, 60));
        var page = new PageText(1, null, 200, 200, "press start\n\npress start", [first, second]);

        var finder = new QuoteFinder(page);

        Assert.Equal((0, 11), finder.Find("press start"));
        Assert.Equal((13, 11), finder.Find("press start", new Box(10, 52, 20, 58)));
    }

    private static PageText Page(string text) => new(1, null, 595, 842, text, []);
}
