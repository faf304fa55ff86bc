using System.Text.Json;
using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Checkpoints.Tests.Tokenizers;

public sealed class SequenceTemplateTests
{
    [Fact]
    public void BertPairsAreLaidOutAndCutAsTheReferenceDoes()
    {
        foreach (var pair in BpeGoldens.Read("bert", "pairs.json.gz").GetProperty("pairs").EnumerateArray())
        {
            var first = EncoderGoldens.Bert.EncodeTrusted(pair.Text("a")!);
            var second = EncoderGoldens.Bert.EncodeTrusted(pair.Text("b")!);
            Assert.Equal(pair.GetProperty("full_len").GetInt32(), Lay(1 << 20, PairTruncation.LongestFirst).Tokens.Length);
            if (pair.TryGetProperty("full", out var full)) Expect(full, Lay(1 << 20, PairTruncation.LongestFirst));
            foreach (var (name, truncation) in new[] { ("longest_first", PairTruncation.LongestFirst), ("only_second", PairTruncation.OnlySecond), ("only_first", PairTruncation.OnlyFirst) })
                foreach (var length in new[] { 128, 512 })
                    if (pair.TryGetProperty($"{name}_{length}", out var expected))
                    {
                        if (expected.TryGetProperty("error", out _)) Assert.Throws<ArgumentException>(() => Lay(length, truncation));
                        else Expect(expected, Lay(length, truncation));
                    }

            TokenSequence Lay(int length, PairTruncation truncation) => EncoderGoldens.Bert.Template.Pair(first, second, length, truncation);
        }
    }

    [Fact]
    public void XlmrPairsHaveTwoSeparatorsAndOneTokenType()
    {
        foreach (var pair in BpeGoldens.Read("xlmr", "cases.json.gz").GetProperty("pairs").EnumerateArray())
        {
            var laid = EncoderGoldens.Xlmr.Template.Pair(
                EncoderGoldens.Xlmr.EncodeTrusted(pair.Text("a")!), EncoderGoldens.Xlmr.EncodeTrusted(pair.Text("b")!), 1 << 20, PairTruncation.LongestFirst);

            Assert.Equal(pair.GetProperty("ids").Ints(), laid.Tokens.Ids());
            Assert.Equal(pair.GetProperty("type_ids").Ints(), laid.Types);
        }
    }

    [Fact]
    public void OneTextIsCutAtItsEndSpecialTokensIncluded()
    {
        foreach (var entry in BpeGoldens.Read("bert", "single_truncation.json.gz").GetProperty("cases").EnumerateArray())
            Assert.Equal(
                entry.GetProperty("ids").Ints(),
                EncoderGoldens.Bert.Template.Single(EncoderGoldens.Bert.EncodeTrusted(entry.Text("text")!), entry.GetProperty("max_length").GetInt32()).Tokens.Ids());
    }

    [Fact]
    public void ALengthBelowTheSpecialTokensIsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => EncoderGoldens.Bert.Template.Single([], 1));

    private static void Expect(JsonElement expected, TokenSequence came)
    {
        Assert.Equal(expected.GetProperty("ids").Ints(), came.Tokens.Ids());
        if (expected.TryGetProperty("first_segment", out var zeros))
            Assert.Equal(came.Types.Select((_, i) => i < zeros.GetInt32() ? 0 : 1), came.Types);
        if (expected.TryGetProperty("off", out var offsets)) Assert.Equal(offsets.Ints(), came.Tokens.Offsets());
    }
}
