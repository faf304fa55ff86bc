using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DomainTuning.Arms;
using DomainTuning.Training;
using DomainTuning.Tuning.Examples;
using DomainTuning.Tuning.Export;
using Spectre.Console;

namespace DomainTuning.Cli.Verbs;

/// <summary>examples: what a training of a corpus would see, before it costs anything.</summary>
internal static class ExamplesVerb
{
    public static Command Create(Terminal terminal)
    {
        var corpus = new Argument<string?>("corpus") { Description = "a corpus' name, or its folder (default: the only corpus)", Arity = ArgumentArity.ZeroOrOne };
        var recipe = new Option<string?>("--recipe") { Description = "a training recipe (default: recipes/lora.json of the corpus, if there is one)", HelpName = "FILE" };
        var show = new Option<int>("--show") { Description = "so many examples of each kind", HelpName = "n", DefaultValueFactory = _ => 1 };
        var write = new Option<string?>("--write") { Description = "write train.jsonl, validation.jsonl and train-sections.json", HelpName = "DIR" };
        var export = new Option<string?>("--export") { Description = "write data and configuration for another trainer: llama-factory or trl (needs --write)", HelpName = "TOOL" };
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("examples", "Make training examples from a corpus and show them: counts, samples, lengths, the check against leakage.") { corpus, recipe, show, write, export, json };
        var flags = new SettingsFlags(command, "chatModel", "top", "denseWeight", "reranker", "threads", "offline");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(export) is not null && parsed.GetValue(write) is null) throw new ArgumentException("--export says for which tool; --write DIR must say where its files go.");
            await using var catalog = new ArmCatalog(flags.Workspace(parsed), flags.Settings(parsed), new ConversionLines(terminal.Error));
            var place = CorpusPlace.Find(catalog.Workspace, parsed.GetValue(corpus) ?? catalog.DefaultCorpus());
            var wanted = RecipeFlags.Read(parsed.GetValue(recipe), place);
            var sources = await ExampleSources.OpenAsync(catalog, place.Name, place.Folder, wanted, cancellationToken);
            var set = await new ExampleMaker(sources).MakeAsync(wanted, new ExampleLines(terminal.Error), cancellationToken);
            var lengths = new ExampleLengths(ExampleSources.Conventions(catalog, wanted));
            var report = new ExamplesReport(
                wanted.Name, set.Counts, set.Mixes, set.Dropped, lengths.Report(set.Train), lengths.Report(set.Validation), LeakageCheck.Run(set, sources.Questions), set.DataSha256,
                [.. set.Train.GroupBy(example => example.Kind, StringComparer.Ordinal).OrderBy(kind => kind.Key, StringComparer.Ordinal).SelectMany(kind => kind.Take(parsed.GetValue(show)))]);

            if (parsed.GetValue(write) is { } folder)
            {
                if (parsed.GetValue(export) is { } tool) await TrainerExport.WriteAsync(tool, set, wanted, folder, cancellationToken);
                else await set.WriteAsync(folder, cancellationToken);
                await terminal.Error.WriteLineAsync($"Written to {Path.GetFullPath(folder)}");
            }

            if (parsed.GetValue(json)) await terminal.Out.WriteLineAsync(JsonSerializer.Serialize(report, CliJson.Default.ExamplesReport));
            else Show(terminal, report);
            return report.Leaks.Count == 0 ? CommandLine.Done : CommandLine.Failed;
        });
        return command;
    }

    private static void Show(Terminal terminal, ExamplesReport report)
    {
        foreach (var example in report.Samples)
        {
            terminal.Out.WriteLine($"--- {example.Id} ({example.Kind}; {example.Section ?? "no section"}{(example.Source is { } source ? string.Create(CultureInfo.InvariantCulture, $"; {source.Document} p. {source.Page}") : "")})");
            foreach (var message in example.Messages) terminal.Out.WriteLine($"[{message.Role}] {message.Content}");
            terminal.Out.WriteLine();
        }

        Write(terminal, "kind", report.Kinds);
        Write(terminal, "passages", report.Mixes);
        foreach (var (reason, count) in report.Dropped) terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"left out: {count} {reason}"));
        terminal.Out.WriteLine();
        Lengths(terminal, "train", report.Train);
        Lengths(terminal, "validation", report.Validation);
        foreach (var leak in report.Leaks) terminal.Out.WriteLine(leak);
        terminal.Out.WriteLine(report.Leaks.Count == 0 ? "Leakage: none found (sections, ids and wordings of the test questions)." : string.Create(CultureInfo.InvariantCulture, $"Leakage: {report.Leaks.Count} findings."));
        terminal.Out.WriteLine($"Data {report.DataSha256}");
    }

    private static void Write(Terminal terminal, string name, IReadOnlyList<ExampleCount> counts)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(name).AddColumns(Number("train"), Number("validation"));
        foreach (var count in counts) table.AddRow(count.Kind, Text(count.Train), Text(count.Validation));
        table.AddRow("all", Text(counts.Sum(count => count.Train)), Text(counts.Sum(count => count.Validation)));
        terminal.Tables.Write(table);

        static TableColumn Number(string name) => new(name) { Alignment = Justify.Right };
        static string Text(int count) => count.ToString(CultureInfo.InvariantCulture);
    }

    private static void Lengths(Terminal terminal, string split, LengthReport report)
    {
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{split}: {report.Total:N0} tokens, mean {report.Mean:0}, median {report.Median}, longest {report.Longest}"));
        var most = report.Bars.Select(bar => bar.Count).DefaultIfEmpty(1).Max();
        foreach (var bar in report.Bars)
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {(bar.UpTo is { } end ? $"up to {end}" : "longer"),11} {bar.Count,6} {new string('#', (int)Math.Ceiling(40.0 * bar.Count / most))}"));
    }
}

/// <summary>Examples for machines.</summary>
/// <param name="Leaks">One sentence each.</param>
/// <param name="Samples">The first of each kind.</param>
internal sealed record ExamplesReport(
    string Recipe, IReadOnlyList<ExampleCount> Kinds, IReadOnlyList<ExampleCount> Mixes, IReadOnlyDictionary<string, int> Dropped, LengthReport Train, LengthReport Validation,
    IReadOnlyList<string> Leaks, string DataSha256, IReadOnlyList<TrainingExample> Samples);
