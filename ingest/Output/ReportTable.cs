using System.Globalization;
using DomainTuning.Ingest.Reading;
using Spectre.Console;

namespace DomainTuning.Ingest.Output;

/// <summary>The closing words of a run for a person: one row a file, then what is wrong and what to do, then the sum.</summary>
internal static class ReportTable
{
    /// <summary>More rows than this that say "nothing happened" are one row.</summary>
    private const int MaxQuietRows = 20;

    private const int MaxRemarks = 10;

    public static void Write(IngestReport report, IAnsiConsole console)
    {
        if (report.Files.Count > 0) console.Write(Rows(report));
        foreach (var file in report.Files)
        {
            if (file.Message is { } message && file.Verdict != FileVerdict.Skipped) Say(console, message.StartsWith(file.Path, StringComparison.Ordinal) ? message : $"{file.Path}: {message}");
            foreach (var remark in file.Remarks.Take(MaxRemarks)) Say(console, $"    page {remark.Page}: {remark.Reason}");
            if (file.Remarks.Count > MaxRemarks) Say(console, $"    and {file.Remarks.Count - MaxRemarks} more pages (--json lists all)");
        }

        foreach (var note in report.Notes) Say(console, note);
        Say(console, Sum(report));
    }

    /// <summary>"added", "needs OCR": the verdict as a person says it.</summary>
    public static string Words(FileVerdict verdict) => verdict switch
    {
        FileVerdict.NeedsOcr => "needs OCR",
        FileVerdict.TimedOut => "timed out",
        FileVerdict.OutOfMemory => "out of memory",
        _ => verdict.ToString().ToLowerInvariant(),
    };

    private static Table Rows(IngestReport report)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumn("Verdict", column => column.NoWrap())
            .AddColumn("File")
            .AddColumn("Pages", column => column.RightAligned().NoWrap())
            .AddColumn("Chunks", column => column.RightAligned().NoWrap())
            .AddColumn("Seconds", column => column.RightAligned().NoWrap());
        foreach (var group in report.Files.GroupBy(file => file.Verdict is FileVerdict.Unchanged or FileVerdict.Skipped ? file.Verdict : (FileVerdict?)null))
        {
            if (group.Key is { } quiet && group.Count() > MaxQuietRows)
                AddRow(table, quiet, $"{group.Count():#,0} files", group.Sum(file => file.Pages), group.Sum(file => file.Chunks), null);
            else
                foreach (var file in group) AddRow(table, file.Verdict, file.Path, file.Pages, file.Chunks, file.Time);
        }

        return table;
    }

    private static void AddRow(Table table, FileVerdict verdict, string file, int pages, int chunks, TimeSpan? time) =>
        table.AddRow(
            new Markup(Words(verdict), new Style(Colour(verdict))),
            new Text(Wording.OneLine(file)),
            new Text(pages == 0 ? "" : Number(pages)),
            new Text(chunks == 0 ? "" : Number(chunks)),
            new Text(time is { } spent && spent > TimeSpan.Zero ? spent.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) : ""));

    private static Color Colour(FileVerdict verdict) =>
        verdict >= FileVerdict.NeedsOcr ? Color.Red
        : verdict == FileVerdict.Partial ? Color.Yellow
        : verdict is FileVerdict.Added or FileVerdict.Replaced ? Color.Green
        : Color.Default;

    private static string Sum(IngestReport report)
    {
        var verdicts = report.Files.GroupBy(file => file.Verdict).OrderBy(group => group.Key).Select(group => $"{Number(group.Count())} {Words(group.Key)}");
        var counts = report.Files.Count == 0 ? "nothing to do" : string.Join(", ", verdicts);
        var seconds = report.Time.TotalSeconds;
        var speed = report.Chunks == 0 || seconds <= 0 ? ""
            : string.Create(CultureInfo.InvariantCulture, $"; {report.Pages:#,0} pages and {report.Chunks:#,0} chunks in {seconds:0.0} s ({report.Pages / seconds:0.0} pages/s, {report.Chunks / seconds:0.0} chunks/s)");
        return $"Corpus {report.Corpus}: {counts}{speed}.";
    }

    /// <summary>One paragraph. File names and messages come from outside: no markup, no control characters.</summary>
    private static void Say(IAnsiConsole console, string text)
    {
        var indent = text.Length - text.TrimStart().Length;
        console.Write(new Text(new string(' ', indent) + Wording.OneLine(text) + Environment.NewLine));
    }

    private static string Number(int value) => value.ToString("#,0", CultureInfo.InvariantCulture);
}
