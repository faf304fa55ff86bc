using System.CommandLine;
using System.Globalization;
using DomainTuning.Arms;
using DomainTuning.Evaluator.Beir;
using DomainTuning.Retrieval;
using DomainTuning.Stores.Sqlite;
using Spectre.Console;

namespace DomainTuning.Cli.Verbs;

/// <summary>evaluate beir: retrieval alone, on a set with judged passages.</summary>
internal static class EvaluateBeirVerb
{
    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("folder") { Description = "with corpus.jsonl, queries.jsonl and qrels/<split>.tsv" };
        var split = new Option<string>("--split") { Description = "which of the qrels", DefaultValueFactory = _ => "test" };
        var index = new Option<string?>("--index") { Description = "the SQLite file to fill and keep (default: .domaintuning/beir/<set>.<embedder>.db)", HelpName = "FILE" };
        var output = new Option<string?>("--out") { Description = "where result.json and the TREC runs go (default: .domaintuning/beir/<set>.<split>/)", HelpName = "DIR" };
        var json = new Option<bool>("--json") { Description = "result.json on standard output" };
        var command = new Command("beir", "Score lexical, dense and hybrid search on a retrieval set; a broken run goes on where it stopped.") { folder, split, index, output, json };
        var flags = new SettingsFlags(command, "embedder", "denseWeight", "threads", "offline");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (workspace, settings) = (flags.Workspace(parsed), flags.Settings(parsed));
            var set = BeirFolder.Open(parsed.GetValue(folder)!, parsed.GetValue(split)!);
            var place = Path.Combine(workspace.StateFolder, "beir");
            var file = parsed.GetValue(index) ?? Path.Combine(place, $"{set.Name}.{settings.Embedder}.db");
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);

            using var embedder = WorkspaceEmbedder.Open(workspace, settings, settings.Embedder);
            await using var store = await SqliteChunkIndex.OpenForWritingAsync(file, BeirIndex.Manifest(set, embedder), cancellationToken);
            var filled = await terminal.EmbeddingAsync(set.Name, progress => BeirIndex.FillAsync(set, store, embedder, progress, TimeProvider.System, cancellationToken));
            var (result, runs) = await BeirEvaluation.RunAsync(
                set, filled, embedder, new RetrievalOptions { DenseWeight = settings.DenseWeight }, TimeProvider.System, cancellationToken: cancellationToken);
            var results = parsed.GetValue(output) ?? Path.Combine(place, $"{set.Name}.{set.Split}");
            await BeirEvaluation.WriteAsync(results, set, result, runs, cancellationToken);
            if (parsed.GetValue(json)) await terminal.Out.WriteLineAsync(result.ToJson());
            else Show(terminal, result, results);
            return CommandLine.Done;
        });
        return command;
    }

    private static void Show(Terminal terminal, BeirResult result, string folder)
    {
        terminal.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Set} ({result.Split}): {result.Passages} passages, {result.Queries.Count} queries, {result.Embedder}, dense weight {result.DenseWeight}, {result.Depth} results a query"));
        string[] measures = [.. BeirEvaluation.Measures.Select(measure => measure.Name)];
        var table = new Table().Border(TableBorder.Simple).AddColumn("search")
            .AddColumns([.. measures.Append("median ms").Append("95 % ms").Select(name => new TableColumn(name) { Alignment = Justify.Right })]);
        foreach (var search in result.Searches)
            table.AddRow([search.Name, .. measures.Select(measure => Number(search.Means[measure], "0.0000")), Number(search.Latency.MedianMs, "0.0"), Number(search.Latency.P95Ms, "0.0")]);
        terminal.Tables.Write(table);
        foreach (var comparison in result.Comparisons) terminal.Out.WriteLine($"By ndcg@10, {comparison.Verdict}.");
        terminal.Out.WriteLine($"Runs, judgements and result.json are in {folder}");
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
