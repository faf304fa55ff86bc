using System.Text;
using DomainTuning.Ingest.Reading;

namespace DomainTuning.Ingest.Tests.Reading;

public sealed class PlainTextReaderTests
{
    private readonly PlainTextReader reader = new(ReadingFile.TimeLimit);

    [Fact]
    public async Task ParagraphsListsColumnsAndUnderlinedHeadingsAreKept()
    {
        var result = await ReadingFile.ReadAsync(reader, "notes.txt", "MAINTENANCE\r\n===========\r\n\r\nOil the rails\r\nevery  week.\r\n\r\n- first\r\n  goes on\r\n- second\r\n1) third\r\n\r\nPin   Use\r\n1     ground\r\n2     input\r\n\r\n    G0 X1\r\n      M2\r\n");

        Assert.Equal(
            ["H1 MAINTENANCE", "P Oil the rails every week.", "L first goes on", "L second", "L 1) third", "C Pin   Use\n1     ground\n2     input", "C     G0 X1\n      M2"],
            ReadingFile.Lines(result));
        Assert.Equal("MAINTENANCE", result.Document!.Title);
    }

    [Theory]
    [InlineData("utf-8", true)]
    [InlineData("utf-8", false)]
    [InlineData("utf-16", true)]
    [InlineData("utf-16", false)]
    [InlineData("utf-16BE", true)]
    [InlineData("utf-16BE", false)]
    [InlineData("utf-32", true)]
    [InlineData("windows-1252", false)]
    public async Task EncodingsAreDetected(string name, bool mark)
    {
        const string text = "Größe 5 mm – naïve café, and a line of plain words.";
        var encoding = CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);

        var result = await ReadingFile.ReadAsync(reader, "e.txt", [.. mark ? encoding.GetPreamble() : [], .. encoding.GetBytes(text)]);

        Assert.Equal([$"P {text}"], ReadingFile.Lines(result));
    }

    [Fact]
    public async Task AnUnknownEncodingIsRefusedInsteadOfGuessed()
    {
        var cyrillic = CodePagesEncodingProvider.Instance.GetEncoding(1251)!.GetBytes("Скорость вращения шпинделя задаётся командой S и числом.");

        var result = await ReadingFile.ReadAsync(reader, "ru.txt", cyrillic);

        Assert.Equal(ReadStatus.Broken, result.Status);
        Assert.Contains("Save it as UTF-8", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BinaryFilesAreRefused()
    {
        var bytes = new byte[5000];
        new Random(1).NextBytes(bytes);

        var result = await ReadingFile.ReadAsync(reader, "b.txt", bytes);

        Assert.Equal(ReadStatus.Broken, result.Status);
        Assert.Null(result.Document);
    }

    [Fact]
    public async Task InvisibleCharactersAreGoneAndHalfASurrogateIsMarked()
    {
        var result = await ReadingFile.ReadAsync(reader, "i.txt", Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("soft\u00ADhyphen zero\u200Bwidth \u202Eright\u202C half\uD800 tab\tend")).ToArray());

        Assert.Equal(["P softhyphen zerowidth right half\uFFFD tab end"], ReadingFile.Lines(result));
    }

    [Fact]
    public async Task AFileWithoutBlankLinesIsCutIntoBlocksOfBoundedLength()
    {
        var result = await ReadingFile.ReadAsync(reader, "long.txt", string.Concat(Enumerable.Repeat("One sentence after the other. ", 4000)));

        var lines = ReadingFile.Lines(result);
        Assert.All(lines, line => Assert.True(line.Length <= 16_010 && line.EndsWith('.')));
        Assert.Equal(4000 * 5, lines.Sum(line => line[2..].Split(' ').Length));
    }

    [Fact]
    public async Task EmptyAndBlankFilesAreEmpty()
    {
        Assert.Equal(ReadStatus.Empty, (await ReadingFile.ReadAsync(reader, "a.txt", "")).Status);
        Assert.Equal(ReadStatus.Empty, (await ReadingFile.ReadAsync(reader, "b.txt", " \r\n\t\n")).Status);
    }

    [Fact]
    public async Task AMissingFileIsAVerdictAndCancellationThrows()
    {
        var gone = new SourceFile("/nowhere/at/all.txt", "all.txt", new string('0', 64));

        Assert.Equal(ReadStatus.Broken, (await reader.ReadAsync(gone, TestContext.Current.CancellationToken)).Status);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadCancelledAsync());

        async Task ReadCancelledAsync()
        {
            using var folder = new TemporaryFolder();
            await File.WriteAllTextAsync(folder["x.txt"], "text", TestContext.Current.CancellationToken);
            await reader.ReadAsync(gone with { FullPath = folder["x.txt"] }, new CancellationToken(canceled: true));
        }
    }
}
