using System.Text;
using DomainTuning.Documents;
using DomainTuning.Ingest.Reading;

namespace DomainTuning.Ingest.Tests.Reading;

/// <summary>Writes content to a real file, reads it, and shows the blocks as short lines: "H2 Title", "P text", "L item", "T a | b", "C code", "K caption".</summary>
internal static class ReadingFile
{
    public static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(60);

    public static Task<ReadResult> ReadAsync(DocumentReader reader, string name, string content) => ReadAsync(reader, name, Encoding.UTF8.GetBytes(content));

    public static async Task<ReadResult> ReadAsync(DocumentReader reader, string name, byte[] content)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder[name], content, TestContext.Current.CancellationToken);
        return await reader.ReadAsync(new SourceFile(folder[name], name, new string('0', 64)), TestContext.Current.CancellationToken);
    }

    public static string[] Lines(ReadResult result)
    {
        Assert.True(result.Document is not null, $"{result.Status}: {result.Message}");
        return [.. result.Document.Pages.Single().Blocks.Select(Line)];
    }

    private static string Line(Block block) => block.Kind switch
    {
        BlockKind.Heading => $"H{block.Level} ",
        BlockKind.Paragraph => "P ",
        BlockKind.ListItem => "L ",
        BlockKind.Table => "T ",
        BlockKind.Code => "C ",
        _ => "K ",
    } + block.Text;
}
