using System.CommandLine;
using DomainTuning.Arms;
using DomainTuning.Evaluator.Reports;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Cli.Verbs;

/// <summary>evaluate reproduce: runs a recipe again and says which expected score moved.</summary>
internal static class EvaluateReproduceVerb
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("recipe") { Description = "a result's .recipe.json" };
        var output = new Option<string?>("--out") { Description = "where the report goes (default: .domaintuning/evaluations/<corpus>)", HelpName = "DIR" };
        var fresh = new Option<bool>("--fresh") { Description = "answer anew" };
        var command = new Command("reproduce", "Run a recipe again; fails when an expected score moved by more than its tolerance.") { file, output, fresh };
        var flags = new SettingsFlags(command, "threads", "offline");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var recipe = ResultJson.ReadRecipe(parsed.GetValue(file)!);
            var (workspace, settings) = (flags.Workspace(parsed), flags.Settings(parsed) with { ChatModel = recipe.ChatModel, Reranker = recipe.Reranker });
            await using var catalog = new ArmCatalog(workspace, settings, new ConversionLines(terminal.Error));
            var place = CorpusPlace.Find(workspace, recipe.Corpus);
            var result = await CorpusEvaluation.RunAsync(
                catalog, place.Folder, recipe, $"domaintuning evaluate reproduce {parsed.GetValue(file)}", parsed.GetValue(fresh), new EvaluationLines(terminal.Error), cancellationToken);
            var report = ResultFolder.Write(parsed.GetValue(output) ?? Path.Combine(CorpusEvaluation.Folder(workspace), place.Name), result);
            var scores = Reproduction.Check(recipe, result);
            foreach (var score in scores) await terminal.Out.WriteLineAsync($"{(score.Holds ? "ok   " : "MOVED")} {score}");
            await terminal.Error.WriteLineAsync($"The report is {report}");
            return scores.All(score => score.Holds) ? CommandLine.Done : CommandLine.Failed;
        });
        return command;
    }
}
