using DomainTuning.Onnx.Decoding;

namespace DomainTuning.Onnx.Tests.Decoding;

public sealed class PromptLookupTests
{
    [Fact]
    public void TheLongestMatchWins() => // "2 3" stood at two places; the first has the same token before it
        Assert.Equal(new Continuation(3, 3), new PromptLookup().Find([1, 2, 3, 40, 9, 2, 3, 50, 1, 2, 3]));

    [Fact]
    public void OfEqualMatchesTheLatestWins() => Assert.Equal(new Continuation(2, 7), new PromptLookup().Find([8, 2, 3, 40, 9, 2, 3, 50, 1, 2, 3]));

    [Fact]
    public void OneTokenIsNoMatch() => Assert.Null(new PromptLookup().Find([1, 2, 3, 4, 2]));

    [Fact]
    public void TheEndOfTheTextIsNotItsOwnContinuation() => Assert.Null(new PromptLookup().Find([5, 6, 1, 2]));

    [Fact]
    public void ATextThatGrowsIsFoundAsIfReadAtOnce()
    {
        var random = new Random(3);
        int[] text = [.. Enumerable.Range(0, 400).Select(_ => random.Next(6))];
        var growing = new PromptLookup();
        for (var length = 1; length <= text.Length; length += 1 + random.Next(3)) Assert.Equal(new PromptLookup().Find(text.AsSpan(0, length)), growing.Find(text.AsSpan(0, length)));
    }

    [Fact]
    public void AMatchReallyStoodThereBefore()
    {
        var random = new Random(4);
        int[] text = [.. Enumerable.Range(0, 300).Select(_ => random.Next(4))];
        for (var length = 10; length <= text.Length; length++)
        {
            if (new PromptLookup().Find(text.AsSpan(0, length)) is not { } found) continue;
            Assert.True(text.AsSpan(found.Start - found.Matched, found.Matched).SequenceEqual(text.AsSpan(length - found.Matched, found.Matched)));
            Assert.InRange(found.Start, found.Matched, length - 1);
        }
    }
}
