using System.Text.Json;
using System.Threading.Channels;
using DomainTuning.Arms;
using DomainTuning.Ingest;
using DomainTuning.Server.Api;

namespace DomainTuning.Server.Documents;

/// <summary>
/// POST /v1/corpora/NAME/documents: files as multipart/form-data, with <c>tags</c> and <c>password</c> as further fields. The verdicts are those of
/// <c>domaintuning ingest</c>; with <c>Accept: text/event-stream</c> the progress comes first. A file that gave nothing is not kept.
/// </summary>
internal static class UploadEndpoint
{
    public static async Task HandleAsync(HttpContext context, ArmCatalog arms, CorpusWriter writer, DocumentFiles files, string corpus)
    {
        new IngestOptions { Corpus = corpus, Inputs = ["."], Workspace = arms.Workspace }.Validate(); // before gigabytes are read
        using var upload = await StagedUpload.ReadAsync(context, Path.Combine(arms.Workspace.StateFolder, "uploads"), (long)arms.Settings.MaxUploadMegabytes << 20).ConfigureAwait(false);
        var options = new IngestOptions { Corpus = corpus, Inputs = upload.Files, Workspace = arms.Workspace, Tags = upload.Tags, Password = upload.Password };
        options.Validate();
        if (context.Request.Headers.Accept.ToString().Contains("text/event-stream", StringComparison.OrdinalIgnoreCase))
        {
            await StreamAsync(context, writer, files, upload, options).ConfigureAwait(false);
            return;
        }

        var report = await RunAsync(writer, files, upload, options, new Progress(_ => { }), context.RequestAborted).ConfigureAwait(false);
        if (report.Stopped is { } stopped) throw new ApiException(503, stopped);
        await context.Response.WriteAsJsonAsync(ReportBody.From(report), DocumentJson.Default.ReportBody).ConfigureAwait(false);
    }

    private static async Task StreamAsync(HttpContext context, CorpusWriter writer, DocumentFiles files, StagedUpload upload, IngestOptions options)
    {
        var output = ServerSentEvents.Begin(context);
        var steps = Channel.CreateUnbounded<IngestProgress>(new UnboundedChannelOptions { SingleReader = true });
        var running = Task.Run(
            async () =>
            {
                try
                {
                    return await RunAsync(writer, files, upload, options, new Progress(step => steps.Writer.TryWrite(step)), context.RequestAborted).ConfigureAwait(false);
                }
                finally
                {
                    steps.Writer.TryComplete();
                }
            },
            CancellationToken.None);
        try
        {
            await foreach (var step in steps.Reader.ReadAllAsync(context.RequestAborted).ConfigureAwait(false))
                await output.SendAsync(JsonSerializer.Serialize(ProgressBody.From(step), DocumentJson.Default.ProgressBody), step.Verdict is null ? "progress" : "verdict").ConfigureAwait(false);
            await output.SendAsync(JsonSerializer.Serialize(ReportBody.From(await running.ConfigureAwait(false)), DocumentJson.Default.ReportBody), "done").ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await output.SendAsync(JsonSerializer.Serialize(ApiErrors.From(e).Body, ErrorJson.Default.ErrorBody), "error").ConfigureAwait(false);
        }
        finally
        {
            await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // it reads the staged files, which vanish with this request
        }
    }

    private static async Task<IngestReport> RunAsync(
        CorpusWriter writer, DocumentFiles files, StagedUpload upload, IngestOptions options, Progress progress, CancellationToken cancellationToken)
    {
        var report = await writer.IngestAsync(options, progress, cancellationToken).ConfigureAwait(false);
        foreach (var file in report.Files.Where(file => file.IsStored || file.Verdict == FileVerdict.Unchanged))
            if (upload.Files.FirstOrDefault(staged => Path.GetFileName(staged) == file.Path) is { } staged)
                files.Keep(options.Corpus, file.Path, staged);
        return report;
    }

    private sealed class Progress(Action<IngestProgress> report) : IProgress<IngestProgress>
    {
        public void Report(IngestProgress value) => report(value);
    }
}

/// <param name="Share">Of the whole run, 0 to 1.</param>
/// <param name="Verdict">Set when a file just got one.</param>
internal sealed record ProgressBody(string? File, int FilesDone, int Files, int Pages, int Chunks, int EstimatedChunks, double Share, double? SecondsLeft, FileBody? Verdict)
{
    public static ProgressBody From(IngestProgress step) => new(
        step.File, step.FilesDone, step.Files, step.Pages, step.Chunks, step.EstimatedChunks, Math.Round(step.Share, 4), step.TimeLeft is { } left ? Math.Round(left.TotalSeconds, 1) : null,
        step.Verdict is null ? null : FileBody.From(step.Verdict));
}

/// <summary>As <c>domaintuning ingest --json</c>.</summary>
internal sealed record ReportBody(string Corpus, string? Stopped, IReadOnlyList<string> Notes, int Pages, int Chunks, double Seconds, IReadOnlyList<FileBody> Files)
{
    public static ReportBody From(IngestReport report) =>
        new(report.Corpus, report.Stopped, report.Notes, report.Pages, report.Chunks, Math.Round(report.Time.TotalSeconds, 3), [.. report.Files.Select(FileBody.From)]);
}

internal sealed record FileBody(string Path, string Verdict, string? Message, int Pages, int Chunks, double Seconds, IReadOnlyList<RemarkBody> Remarks)
{
    public static FileBody From(FileReport file) => new(
        file.Path, JsonNamingPolicy.SnakeCaseLower.ConvertName(file.Verdict.ToString()), file.Message, file.Pages, file.Chunks, Math.Round(file.Time.TotalSeconds, 3),
        [.. file.Remarks.Select(remark => new RemarkBody(remark.Page, remark.Reason))]);
}

internal sealed record RemarkBody(int Page, string Reason);
