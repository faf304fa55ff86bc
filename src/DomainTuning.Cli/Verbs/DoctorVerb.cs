using System.CommandLine;
using System.Text.Json;
using DomainTuning.Cli.Health;
using DomainTuning.Corpora;

namespace DomainTuning.Cli.Verbs;

/// <summary>doctor: what a person is asked for first when something does not work.</summary>
internal static class DoctorVerb
{
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("doctor", "Check the machine, the native libraries, the models, the indexes and the settings.") { json };
        var flags = new SettingsFlags(command, "index");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var workspace = flags.Workspace(parsed);
            var settings = flags.Settings(parsed);
            List<HealthCheck> checks =
            [
                .. MachineHealth.Look(workspace),
                await TrainerHealth.LookAsync(cancellationToken),
                .. await ModelHealth.LookAsync(workspace, settings, cancellationToken),
                .. await IndexHealth.LookAsync(workspace, settings, cancellationToken),
                .. Resolved(settings),
            ];
            var report = new HealthReport(checks.TrueForAll(check => check.State != HealthState.Failed), checks);
            if (parsed.GetValue(json)) await terminal.Out.WriteLineAsync(JsonSerializer.Serialize(report, CliJson.Default.HealthReport));
            else Show(terminal.Out, report);
            return report.Healthy ? CommandLine.Done : CommandLine.Failed;
        });
        return command;
    }

    /// <summary>Every setting as it stands, and who set it.</summary>
    private static IEnumerable<HealthCheck> Resolved(Settings settings) =>
        Settings.Keys.Select(key => HealthCheck.Ok(
            "settings", $"{key.Name} = {key.Read(settings) ?? "(none)"} ({settings.Sources.GetValueOrDefault(key.Name, "default")})"));

    private static void Show(TextWriter output, HealthReport report)
    {
        foreach (var check in report.Checks)
            output.WriteLine($"{Mark(check.State)} {check.Area,-12} {check.Message}");
        output.WriteLine(report.Healthy ? "All is well." : "Something needs a hand: see the lines marked FAIL.");
    }

    private static string Mark(HealthState state) => state switch { HealthState.Ok => "ok  ", HealthState.Warning => "note", _ => "FAIL" };
}
