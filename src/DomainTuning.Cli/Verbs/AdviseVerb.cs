using System.CommandLine;
using DomainTuning.Arms;
using DomainTuning.Evaluator.Advice;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Cli.Verbs;

/// <summary>advise: measured facts about a corpus and this machine, and the route that they speak for.</summary>
internal static class AdviseVerb
{
    public static Command Create(Terminal terminal)
    {
        var corpus = new Argument<string?>("corpus") { Description = "a corpus' name, or its folder (default: the only corpus)", Arity = ArgumentArity.ZeroOrOne };
        var minutes = new Option<double>("--minutes") { Description = "time budget; what does not fit is left out and named", DefaultValueFactory = _ => new SurveyOptions().Budget.TotalMinutes, HelpName = "n" };
        var assume = new Option<string[]>("--assume") { Description = $"a value in place of a measured one: {string.Join(", ", Assumptions.Known.Keys)}", HelpName = "name=value" };
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("advise", "Measure a corpus and this machine, and say which route they speak for: retrieval, an adapter, both, continued pre-training, from scratch.") { corpus, minutes, assume, json };
        var flags = new SettingsFlags(command, "chatModel", "top", "denseWeight", "threads", "offline");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (workspace, settings) = (flags.Workspace(parsed), flags.Settings(parsed));
            var assumed = Assumptions.Parse(parsed.GetValue(assume) ?? []);
            var budget = parsed.GetValue(minutes) is > 0 and < 24 * 60 and var given ? TimeSpan.FromMinutes(given) : throw new ArgumentException("--minutes must be above 0 and below a day.");
            await using var catalog = new ArmCatalog(workspace, settings, new ConversionLines(terminal.Error));
            var place = CorpusPlace.Find(workspace, parsed.GetValue(corpus) ?? catalog.DefaultCorpus());
            var survey = new SurveyRun(catalog, place.Name, place.Folder, new SurveyOptions { Budget = budget, Assumed = assumed }, new EvaluationLines(terminal.Error));
            var report = await survey.RunAsync(cancellationToken);
            await terminal.Out.WriteAsync(parsed.GetValue(json) ? ResultJson.Write(report) : AdviceText.Write(report));
            return CommandLine.Done;
        });
        return command;
    }
}
