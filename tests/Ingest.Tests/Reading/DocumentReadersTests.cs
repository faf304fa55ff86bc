using DomainTuning.Ingest.Reading;

namespace DomainTuning.Ingest.Tests.Reading;

public sealed class DocumentReadersTests
{
    private readonly DocumentReaders readers = new([new MarkdownReader(ReadingFile.TimeLimit), new PlainTextReader(ReadingFile.TimeLimit)]);

    [Theory]
    [InlineData("table.csv", "Rename it to .txt")]
    [InlineData("letter.doc", "Save it as .docx")]
    [InlineData("slides.PPTX", "PDF")]
    [InlineData("README", "without extension")]
    public async Task AnUnknownFormatIsRefusedWithTheKnownOnesAndAWayOut(string name, string wayOut)
    {
        var result = await readers.ReadAsync(new SourceFile(name, name, ""), TestContext.Current.CancellationToken);

        Assert.Equal(ReadStatus.Unsupported, result.Status);
        Assert.Contains(".markdown .md .text .txt", result.Message, StringComparison.Ordinal);
        Assert.Contains(wayOut, result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ExtensionsAreFoundInAnyCase() => Assert.True(readers.CanRead("A.MD") && readers.CanRead("b.Txt") && !readers.CanRead("c.pdf"));

    [Fact]
    public void TwoReadersForOneExtensionAreAMistake() =>
        Assert.Throws<ArgumentException>(() => new DocumentReaders([new PlainTextReader(ReadingFile.TimeLimit), new PlainTextReader(ReadingFile.TimeLimit)]));
}
