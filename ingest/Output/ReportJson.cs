using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DomainTuning.Ingest.Output;

/// <summary>
/// What <c>--json</c> prints: one object. Verdicts are those of <see cref="FileVerdict"/> in snake_case; <c>stopped</c> and <c>message</c> are
/// null when all is well; <c>pages</c> and <c>chunks</c> of the run count what was stored in it.
/// </summary>
internal sealed record ReportJson(
    string Corpus, int ExitCode, string? Stopped, IReadOnlyList<string> Notes, int Pages, int Chunks, double Seconds, IReadOnlyList<ReportJson.File> Files)
{
    public sealed record File(
        string Path, string Verdict, string? Message, int Pages, int Chunks, double Seconds, IReadOnlyList<Remark> Remarks);

    public sealed record Remark(int Page, string Reason);

    /// <summary>File names stand as they are, not as \u escapes: the output goes to a terminal or a file, never into HTML.</summary>
    private static readonly JsonWriterOptions Readable = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(IngestReport report)
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text, Readable)) JsonSerializer.Serialize(json, From(report), ReportJsonContext.Default.ReportJson);
        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    private static ReportJson From(IngestReport report) => new(
        report.Corpus, report.ExitCode, report.Stopped, report.Notes, report.Pages, report.Chunks, InSeconds(report.Time),
        [.. report.Files.Select(file => new File(
            file.Path, JsonNamingPolicy.SnakeCaseLower.ConvertName(file.Verdict.ToString()), file.Message, file.Pages, file.Chunks, InSeconds(file.Time),
            [.. file.Remarks.Select(remark => new Remark(remark.Page, remark.Reason))]))]);

    private static double InSeconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ReportJson))]
internal sealed partial class ReportJsonContext : JsonSerializerContext;
