using DomainTuning.Retrieval;

namespace DomainTuning.Tests.Retrieval;

public sealed class AnalyzerTests
{
    [Theory]
    [InlineData("Use G33.1 for rigid tapping", "us g33 g33.1 1 rigid tap")]
    [InlineData("HOME_ABSOLUTE_ENCODER = 2", "home home_absolute_encoder absolut encod 2")]
    [InlineData("M62-M65, #5399 and 0x1F.", "m62 m62-m65 m65 5399 0x1f")]
    [InlineData("a boundary-layer end.Next", "boundari layer end next")]
    [InlineData("don’t don't", "don t don t")]
    [InlineData("5 µs and 5 μs", "5 μs 5 μs")]
    [InlineData("Vorschübe ﬁlter ＣＮＣ", "vorschub filter cnc")]
    [InlineData("主轴转速S1000", "主轴 轴转 转速 s1000")]
    [InlineData("\uD83D\uDE00 \uD840\uDC00\uD840\uDC01 \uD83D", "\uD840\uDC00\uD840\uDC01")]
    public void TermsAreWhatAReaderWouldSearchFor(string text, string terms) => Assert.Equal(terms, string.Join(' ', Analyzer.Analyze(text).Terms));

    [Fact]
    public void AQueryOfStopWordsFallsBackOnThem()
    {
        Assert.Equal(["~to", "~be", "~or", "~not", "~to", "~be"], Analyzer.Analyze("To be, or not to be").QueryTerms);
        Assert.Equal(["cut"], Analyzer.Analyze("to cut").QueryTerms);
    }

    [Fact]
    public void OneIdeographFindsTheRunsThatHoldIt()
    {
        var text = Analyzer.Analyze("主轴转速");

        Assert.Contains("~轴", text.Fallbacks);
        Assert.Equal(["~轴"], Analyzer.Analyze("轴").QueryTerms);
        Assert.Equal(["~轴", "x"], Analyzer.Analyze("X轴").Fallbacks.Concat(Analyzer.Analyze("X轴").Terms));
    }

    [Fact]
    public void EndlessWordsAreCut() => Assert.All(Analyzer.Analyze(new string('x', 100_000) + " " + new string('é', 500)).Terms, term => Assert.Equal(64, term.Length));
}
