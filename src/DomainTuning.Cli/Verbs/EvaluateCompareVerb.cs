using System.CommandLine;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Cli.Verbs;

/// <summary>evaluate compare: two results on the questions that both hold.</summary>
internal static class EvaluateCompareVerb
{
    public static Command Create(Terminal terminal)
    {
        var before = new Argument<string>("before") { Description = "a result's .json" };
        var after = new Argument<string>("after") { Description = "another one" };
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("compare", "Compare two results: differences with intervals and tests, and the questions that changed sides.") { before, after, json };
        command.SetAction(async (parsed, _) =>
        {
            var comparison = ResultComparison.Of(ResultJson.ReadResult(parsed.GetValue(before)!), ResultJson.ReadResult(parsed.GetValue(after)!));
            await terminal.Out.WriteAsync(parsed.GetValue(json) ? ResultJson.Write(comparison) : comparison.ToMarkdown());
            return CommandLine.Done;
        });
        return command;
    }
}
