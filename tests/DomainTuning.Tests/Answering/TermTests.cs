using DomainTuning.Answering.Words;

namespace DomainTuning.Tests.Answering;

public sealed class TermTests
{
    [Theory]
    [InlineData("1,000", "1000")]
    [InlineData("6,69", "6.69")]
    [InlineData("0.50", "0.5")]
    [InlineData("0.00000000000000001", "1E-17")]
    [InlineData("G43.2", "g43.2")]
    [InlineData("HOME_SEQUENCE", "home_sequence")]
    [InlineData("homing", "home")]
    [InlineData("to -1", "to -1")]
    [InlineData("10mm", "10 mm")]
    [InlineData("7I76E", "7i76e")]
    [InlineData("M62-63", "m62 63")]
    [InlineData("isn’t", "isn't")]
    [InlineData("\u00B5s", "\u03BCs")]
    [InlineData("主轴转速", "主轴 轴转 转速")]
    public void WordsNumbersAndCodesAreFolded(string text, string keys) => Assert.Equal(keys, string.Join(' ', Term.Of(text).Select(term => term.Key)));

    [Fact]
    public void EveryTermNamesItsPlace()
    {
        const string text = "Set G43.2 to −1,5 mm.";

        Assert.Equal(["Set", "G43.2", "to", "−1,5", "mm"], Term.Of(text).Select(term => text.Substring(term.Start, term.Length)));
    }
}
