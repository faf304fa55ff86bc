using System.Diagnostics;
using System.Security.Cryptography;
using DomainTuning.Ingest.Reading;
using DomainTuning.Ingest.Reading.Pdf;

namespace DomainTuning.Bench;

/// <summary>Pages a second of our PDF reader beside poppler's pdftotext, file by file in turn, one thread each. Ours gives blocks, tables and boxes; poppler gives text.</summary>
internal static class ReadingBench
{
    public static async Task RunAsync(string folder, bool write)
    {
        var report = new Report("reading", "Reading PDFs, one thread", $"reading {folder}", "file", "pages", "ours, pages/s", "pdftotext, pages/s", "ratio");
        var reader = new PdfReader();
        var (pages, ours, poppler) = (0, 0.0, 0.0);
        foreach (var file in Directory.GetFiles(folder, "*.pdf", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var source = new SourceFile(file, Path.GetFileName(file), Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file))));
            var count = 0;
            var mine = await Stopwatches.MedianSecondsAsync(3, async () => count = (await reader.ReadAsync(source, CancellationToken.None)).Document?.Pages.Count ?? 0);
            var theirs = await Stopwatches.MedianSecondsAsync(3, () => PdfToTextAsync(file));
            report.Row(Path.GetFileName(file), count, count / mine, count / theirs, theirs / mine);
            (pages, ours, poppler) = (pages + count, ours + mine, poppler + theirs);
        }

        report.Row("all", pages, pages / ours, pages / poppler, poppler / ours);
        report.Finish(write);
    }

    private static async Task PdfToTextAsync(string file)
    {
        using var process = Process.Start(new ProcessStartInfo("pdftotext", [file, "-"]) { RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
    }
}
