using DomainTuning.Chunks;

namespace DomainTuning.Tests.Chunks;

public sealed class SentencesTests
{
    [Theory]
    [InlineData("One. Two! Three? Four", "One.|Two!|Three?|Four")]
    [InlineData("Use e.g. G33.1 or i.e. M62. Then stop.", "Use e.g. G33.1 or i.e. M62.|Then stop.")]
    [InlineData("The default is 3.5 mm. G33.1 taps rigidly. See Fig. 3 and No. 5.", "The default is 3.5 mm.|G33.1 taps rigidly.|See Fig. 3 and No. 5.")]
    [InlineData("1. Home the machine. 2. Load the tool.", "1. Home the machine.|2. Load the tool.")]
    [InlineData("Is it so? No. It is not.", "Is it so?|No.|It is not.")]
    [InlineData("Acme Inc. Supply Division sells to Acme Ltd. The supplier pays.", "Acme Inc. Supply Division sells to Acme Ltd.|The supplier pays.")]
    [InlineData("J. Smith wrote to Dr. A. Jones. They met at 5 p.m. The end.", "J. Smith wrote to Dr. A. Jones.|They met at 5 p.m.|The end.")]
    [InlineData("He said \"Stop.\" Then he left. (It was late.) Good.", "He said \"Stop.\"|Then he left.|(It was late.)|Good.")]
    [InlineData("主轴转速为每分钟三千转。是否需要冷却液？需要！结束", "主轴转速为每分钟三千转。|是否需要冷却液？|需要！|结束")]
    [InlineData("他说：“停。”然后离开了。", "他说：“停。”|然后离开了。")]
    [InlineData("Contents . . . . . 5\nIndex . . . 9", "Contents . . . . . 5|Index . . . 9")]
    [InlineData("Wait... Now go. And so on etc. and more.", "Wait...|Now go.|And so on etc. and more.")]
    [InlineData("http://linuxcnc.org/docs?x=1.2 is the page. It draws 5 A. The fuse holds.", "http://linuxcnc.org/docs?x=1.2 is the page.|It draws 5 A.|The fuse holds.")]
    [InlineData("Run linuxcnc.exe. linuxcnc is lower-case.", "Run linuxcnc.exe. linuxcnc is lower-case.")]
    [InlineData("  \n ", "")]
    [InlineData("", "")]
    [InlineData(".", ".")]
    public void SentencesEndWhereAReaderEndsThem(string text, string expected) =>
        Assert.Equal(expected.Split('|', StringSplitOptions.RemoveEmptyEntries), Sentences.Split(text).Select(range => text[range]));

    [Fact]
    public void EveryVisibleCharacterLiesInExactlyOneSentence()
    {
        var random = new Random(7);
        const string alphabet = "aB1 .!?…。\n\"')(e.g. \U0001F600µ主";
        for (var round = 0; round < 2000; round++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(40)).Select(_ => alphabet[random.Next(alphabet.Length)])]);

            var ranges = Sentences.Split(text);

            Assert.Equal(Visible(text), string.Concat(ranges.Select(range => Visible(text[range]))));
            Assert.All(ranges, range => Assert.Equal(text[range].Trim(), text[range]));
        }
    }

    private static string Visible(string text) => new([.. text.Where(c => !char.IsWhiteSpace(c))]);
}
