using System.CommandLine;
using System.Globalization;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Questions;
using DomainTuning.Indexing;
using DomainTuning.Stores;
using Spectre.Console;

namespace DomainTuning.Cli.Verbs;

/// <summary>questions: whether a corpus' questions can be trusted to judge answers.</summary>
internal static class QuestionsVerb
{
    public static Command Create(Terminal terminal) => new("questions", "Work with a corpus' questions.jsonl.") { Check(terminal) };

    private static Command Check(Terminal terminal)
    {
        var corpus = new Argument<string>("corpus") { Description = "a corpus' name, or its folder with questions.jsonl" };
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("check", "Prove every quote on its page, find near-duplicates across splits, count kinds.") { corpus, json };
        var flags = new SettingsFlags(command, "index");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var workspace = flags.Workspace(parsed);
            var (name, folder) = CorpusPlace.Find(workspace, parsed.GetValue(corpus)!);
            var file = QuestionFile.Examine(Path.Combine(folder, QuestionFile.Name));
            await using var index = await OpenAsync(IndexPlace.Of(workspace, flags.Settings(parsed)), name, folder, cancellationToken);
            var report = await QuestionCheck.RunAsync(file, index, cancellationToken);
            if (parsed.GetValue(json)) await terminal.Out.WriteLineAsync(report.ToJson());
            else Show(terminal, report);
            return report.IsSound ? CommandLine.Done : CommandLine.Failed;
        });
        return command;
    }

    private static async Task<ChunkIndex> OpenAsync(IndexPlace indexes, string name, string folder, CancellationToken cancellationToken) =>
        await indexes.ReadManifestAsync(name, cancellationToken) is not { } manifest
            ? throw new IndexException($"Quotes are checked against the pages in the index, and corpus '{name}' has none yet. Run `domaintuning ingest {folder}` first.")
            : await indexes.OpenAsync(name, manifest.Embedder, cancellationToken);

    private static void Show(Terminal terminal, QuestionReport report)
    {
        foreach (var finding in report.Findings) terminal.Out.WriteLine(finding);
        string[] splits = [.. report.Splits.Keys];
        var table = new Table().Border(TableBorder.Simple).AddColumn("kind").AddColumns([.. splits.Append("all").Select(split => new TableColumn(split) { Alignment = Justify.Right })]);
        foreach (var (kind, counts) in report.KindsBySplit) table.AddRow([kind, .. Row(counts)]);
        table.AddRow(["all", .. Row(report.Splits)]);
        terminal.Tables.Write(table);
        terminal.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Questions} questions in {report.Sections} sections, {report.Quotes} quotes, {report.UnanswerableShare:P1} without an answer in the documents."));
        terminal.Out.WriteLine(report.IsSound ? "All is well." : string.Create(CultureInfo.InvariantCulture, $"{report.Findings.Count} findings."));

        IEnumerable<string> Row(IReadOnlyDictionary<string, int> counts) =>
            splits.Select(split => counts[split].ToString(CultureInfo.InvariantCulture)).Append(counts.Values.Sum().ToString(CultureInfo.InvariantCulture));
    }
}
