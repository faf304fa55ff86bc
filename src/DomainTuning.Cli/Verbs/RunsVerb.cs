using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DomainTuning.Training;
using Spectre.Console;

namespace DomainTuning.Cli.Verbs;

/// <summary>runs: the trainings of this workspace and how far they came.</summary>
internal static class RunsVerb
{
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "a JSON array on standard output" };
        var list = new Command("list", "Show the trainings of this workspace, the newest first.") { json };
        var flags = new SettingsFlags(list);
        list.SetAction(parsed =>
        {
            IReadOnlyList<RunRow> rows = [.. TrainingFolder.List(flags.Workspace(parsed).RunsFolder).Select(RunRow.From)];
            if (parsed.GetValue(json)) terminal.Out.WriteLine(JsonSerializer.Serialize(rows, CliJson.Default.IReadOnlyListRunRow));
            else if (rows.Count == 0) terminal.Out.WriteLine("Nothing was trained here yet. `domaintuning train <corpus>` does it.");
            else Table(terminal, rows);
            return CommandLine.Done;
        });
        return new Command("runs", "List trainings.") { list };
    }

    private static void Table(Terminal terminal, IReadOnlyList<RunRow> rows)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("run", "state", "step", "perplexity", "best step");
        foreach (var row in rows)
            table.AddRow(new[] { row.Run, row.State, $"{row.Step} of {row.Steps}", row.Perplexity?.ToString("0.000", CultureInfo.InvariantCulture) ?? "", row.BestStep?.ToString(CultureInfo.InvariantCulture) ?? "" }.Select(Markup.Escape).ToArray());
        terminal.Tables.Write(table);
    }
}

/// <summary>A training for people and machines.</summary>
/// <param name="State">waiting, at work, finished, or ended: what ended can be resumed.</param>
internal sealed record RunRow(string Run, string State, int Step, int Steps, double? Perplexity, int? BestStep, string? Message)
{
    public static RunRow From(TrainingFolder run)
    {
        var last = run.Last();
        var measured = run.History().LastOrDefault(progress => progress.Perplexity is not null);
        var state = run.IsAtWork() ? "at work" : last?.Event switch { null => "waiting", TrainingEvent.Finished => "finished", _ => "ended" };
        return new RunRow(run.Name, state, last?.Step ?? 0, last?.Steps ?? 0, measured?.Perplexity, measured?.BestStep, last?.Message);
    }
}
