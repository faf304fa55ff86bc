using System.Text.RegularExpressions;
using DomainTuning.Chunks;
using DomainTuning.Documents;

namespace DomainTuning.Tests.Chunks;

public sealed partial class ChunkerTests
{
    private static readonly ChunkingOptions Small = new() { MaxTokens = 40, OverlapTokens = 10, MinTokens = 8 };

    public static TheoryData<int, int, int> Sizes => new() { { 16, 0, 0 }, { 16, 8, 16 }, { 40, 10, 8 }, { 100, 20, 30 }, { 384, 48, 64 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void NoWordIsLostNoChunkIsTooLongOrderIsKeptAndPartsAreVerbatim(int max, int overlap, int min)
    {
        var options = new ChunkingOptions { MaxTokens = max, OverlapTokens = overlap, MinTokens = min };
        foreach (var counter in new Func<string, int>[] { Words, Thirds })
            for (var seed = 0; seed < 25; seed++)
            {
                var random = new RandomDocument(seed);
                var document = random.Create();

                var chunks = new Chunker(options, counter).Cut(document, "corpus", ["tag"]);

                AssertWhole(random, chunks);
                Assert.All(chunks, chunk => AssertSound(chunk, document, options, counter));
                Assert.Equal(Enumerable.Range(0, chunks.Count), chunks.Select(chunk => chunk.Position));
                Assert.Equal(chunks.Count, chunks.Select(chunk => chunk.Id).Distinct().Count());
                Assert.Equal(chunks.Select(chunk => chunk.Id), new Chunker(options, counter).Cut(document, "corpus", []).Select(chunk => chunk.Id));
            }
    }

    [Fact]
    public void TokensAreCountedAboutTwiceAWord()
    {
        var counted = 0;
        var random = new RandomDocument(3);
        var document = random.Create();

        new Chunker(new ChunkingOptions(), text =>
        {
            counted += Words(text);
            return Words(text);
        }).Cut(document, "corpus", []);

        Assert.InRange(counted, random.Words, random.Words * 5 / 2);
    }

    [Fact]
    public void HeadingTravelsWithItsChunk()
    {
        var chunks = Cut(
            Heading(1, "Tuning"), Heading(2, "PID loops"), Text(30, "gain"), Heading(2, "Limits"), Text(30, "limit"), Heading(1, "Index"), Text(30, "entry"));

        Assert.Equal([["Tuning", "PID loops"], ["Tuning", "Limits"], ["Index"]], chunks.Select(chunk => chunk.HeadingPath));
        Assert.StartsWith("Tuning > PID loops\ngain0 gain1", chunks[0].EmbeddedText, StringComparison.Ordinal);
    }

    [Fact]
    public void SmallNeighboursJoinUnderTheSameParentAndKeepTheirHeadings()
    {
        var chunks = Cut(Heading(1, "Codes"), Heading(2, "M3"), Text(3, "right"), Heading(2, "M4"), Text(3, "left"), Heading(1, "Other"), Text(30, "other"));

        Assert.Equal("M3\n\nright0 right1 right2\n\nM4\n\nleft0 left1 left2", chunks[0].Text);
        Assert.Equal(["Codes"], chunks[0].HeadingPath);
        Assert.Equal(2, chunks.Count);
    }

    [Fact]
    public void ATableIsCutBetweenRowsAndItsFirstRowIsRepeated()
    {
        var rows = Enumerable.Range(0, 30).Select(i => $"pin{i} | type{i} | note{i}").Prepend("Name | Type | Note");

        var chunks = Cut(Block(BlockKind.Table, string.Join('\n', rows)));

        Assert.True(chunks.Count > 2);
        Assert.All(chunks, chunk => Assert.StartsWith("Name | Type | Note\npin", chunk.Text, StringComparison.Ordinal));
        Assert.All(chunks, chunk => Assert.All(chunk.Text.Split('\n'), row => Assert.Equal(3, row.Split(" | ").Length)));
    }

    [Fact]
    public void CodeThatFitsIsNotTorn()
    {
        var code = string.Join('\n', Enumerable.Range(0, 12).Select(i => $"net a{i} b{i}"));

        var chunks = Cut(Text(15, "before"), Block(BlockKind.Code, code), Text(15, "after"));

        Assert.Contains(chunks, chunk => chunk.Text == code);
    }

    [Fact]
    public void AListKeepsTheSentenceThatLeadsIntoIt()
    {
        var blocks = new List<Block> { Text(10, "before"), Block(BlockKind.Paragraph, "Do not forget. The options are:") };
        blocks.AddRange(Enumerable.Range(0, 12).Select(i => Block(BlockKind.ListItem, $"option{i} is one of the many")));

        var chunks = Cut([.. blocks]);

        Assert.True(chunks.Count > 2);
        Assert.All(chunks.Where(chunk => chunk.Text.Contains("option0 ", StringComparison.Ordinal)), chunk => Assert.Contains("The options are:", chunk.Text, StringComparison.Ordinal));
        Assert.All(chunks.Skip(1), chunk => Assert.Contains("The options are:", chunk.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void ALeadInMovesOnWithWhatItLeadsTo()
    {
        var table = string.Join('\n', Enumerable.Range(0, 10).Select(i => $"a{i} | b{i}"));

        var chunks = Cut(Text(20, "before"), Block(BlockKind.Paragraph, "The pins are:"), Block(BlockKind.Table, table));

        Assert.Equal(["The pins are:\n\n" + table], chunks.Skip(1).Select(chunk => chunk.Text));
    }

    [Fact]
    public void ALongParagraphIsCutAtSentencesThatOverlap()
    {
        var sentences = Enumerable.Range(0, 20).Select(i => $"Sentence{i} has exactly five words.");

        var chunks = Cut(Block(BlockKind.Paragraph, string.Join(' ', sentences)));

        Assert.All(chunks, chunk => Assert.Matches(@"^Sentence\d+ .* words\.$", chunk.Text));
        Assert.All(chunks.Zip(chunks.Skip(1)), pair => Assert.StartsWith(LastSentences(pair.First.Text, 2), pair.Second.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void LongHeadingPathsLoseTheirOuterHeadingsButNoWords()
    {
        var chunks = Cut(Heading(1, "One two three four"), Heading(2, "Five six seven eight"), Heading(3, "Nine ten"), Text(30, "body"));

        Assert.Equal("One two three four", chunks[0].Text);
        Assert.Equal(["Five six seven eight", "Nine ten"], chunks[^1].HeadingPath);
    }

    [Fact]
    public void PartsSayPageAndBox()
    {
        var first = new Block { Kind = BlockKind.Paragraph, Page = 1, Text = "ends here", Lines = [new Line(0, 9, new Box(1, 2, 3, 4))] };
        var second = new Block { Kind = BlockKind.Paragraph, Page = 2, Text = "goes on", Box = new Box(5, 6, 7, 8) };
        var pages = new[] { new Page { Number = 1, Blocks = [first] }, new Page { Number = 2, Blocks = [second] } };

        var chunk = Assert.Single(new Chunker(Small, Words).Cut(Document(pages), "corpus", ["tag"]));

        Assert.Equal("ends here\n\ngoes on", chunk.Text);
        Assert.Equal([new ChunkPart(1, 0, 9, new Box(1, 2, 3, 4)), new ChunkPart(2, 11, 7, new Box(5, 6, 7, 8))], chunk.Parts);
        Assert.Equal((1, 2), (chunk.FirstPage, chunk.LastPage));
        Assert.Equal(["tag"], chunk.Tags);
    }

    [Fact]
    public void ADocumentWithoutTextHasNoChunks() => Assert.Empty(Cut(Block(BlockKind.Paragraph, " \n"), Block(BlockKind.Heading, "")));

    private static void AssertSound(Chunk chunk, Document document, ChunkingOptions options, Func<string, int> counter)
    {
        Assert.Equal(counter(chunk.EmbeddedText), chunk.TokenCount);
        Assert.InRange(chunk.TokenCount, 1, options.MaxTokens);
        var end = 0;
        foreach (var part in chunk.Parts)
        {
            Assert.True(string.IsNullOrWhiteSpace(chunk.Text[end..part.Start]));
            var text = chunk.Text.Substring(part.Start, part.Length);
            Assert.Contains(text, document.Pages[part.Page - 1].ToText().Text, StringComparison.Ordinal);
            Assert.Equal(text.Trim(), text);
            Assert.False(part.Box.IsNone);
            end = part.Start + part.Length;
        }

        Assert.Equal(chunk.Text.Length, end);
    }

    private static void AssertWhole(RandomDocument random, IReadOnlyList<Chunk> chunks)
    {
        var text = string.Join('\n', chunks.Select(chunk => chunk.EmbeddedText));
        if (random.Words == 0)
        {
            Assert.Empty(chunks);
            return;
        }

        var seen = NumberedWord().Matches(text).Select(match => int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).Distinct().ToList();
        Assert.Empty(Enumerable.Range(0, random.Words).Except(seen));
        Assert.True(seen.SequenceEqual(seen.Order()), text);
    }

    private static string LastSentences(string text, int count) => string.Join(' ', Sentences.Split(text).TakeLast(count).Select(range => text[range]));

    private static IReadOnlyList<Chunk> Cut(params Block[] blocks) => new Chunker(Small, Words).Cut(Document(new Page { Number = 1, Blocks = blocks }), "corpus", []);

    private static Document Document(params Page[] pages) => new() { Id = new DocumentId("d"), Path = "d.md", Title = "D", Sha256 = "", Pages = pages };

    private static Block Heading(int level, string text) => new() { Kind = BlockKind.Heading, Level = level, Page = 1, Text = text };

    private static Block Text(int words, string word) => Block(BlockKind.Paragraph, string.Join(' ', Enumerable.Range(0, words).Select(i => $"{word}{i}")));

    private static Block Block(BlockKind kind, string text) => new() { Kind = kind, Page = 1, Text = text };

    private static int Words(string text) => text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Length;

    /// <summary>A counter whose sums do not add up: every call rounds up, long words have many tokens, and white space counts.</summary>
    private static int Thirds(string text) => (text.Length / 3) + 1 + (text.Length / 10);

    [GeneratedRegex(@"W(\d+)")]
    private static partial Regex NumberedWord();
}
