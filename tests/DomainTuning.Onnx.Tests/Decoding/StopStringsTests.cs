using DomainTuning.Onnx.Decoding;

namespace DomainTuning.Onnx.Tests.Decoding;

public sealed class StopStringsTests
{
    [Theory]
    [InlineData(new[] { "END" }, new[] { "one E", "N", "D two" }, "one ", true)] // over three pieces
    [InlineData(new[] { "END" }, new[] { "one E", "N", "! two" }, "one EN! two", false)] // held back, then let go
    [InlineData(new[] { "END" }, new[] { "one EN" }, "one EN", false)] // the text ends in a beginning
    [InlineData(new[] { "aab" }, new[] { "aa", "ab" }, "a", true)] // the beginning overlaps itself
    [InlineData(new[] { "\n\n", "Q:" }, new[] { "A\nQ", ":" }, "A\n", true)] // the earlier of two
    [InlineData(new[] { "bc", "abcd" }, new[] { "xabcd" }, "x", true)] // the one that begins first
    [InlineData(new string[0], new[] { "a", "b" }, "ab", false)]
    public void NoPartOfAStopStringIsShown(string[] stops, string[] pieces, string shown, bool stopped)
    {
        var watch = new StopStrings(stops);

        var text = string.Concat(pieces.Select(watch.Append)) + (watch.Stopped ? "" : watch.Flush());

        Assert.Equal(shown, text);
        Assert.Equal(stopped, watch.Stopped);
    }
}
