using System.CommandLine;
using DomainTuning.Answering;
using DomainTuning.Arms;
using DomainTuning.Evaluator.Forgetting;
using DomainTuning.Evaluator.Reports;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Cli.Verbs;

/// <summary>evaluate forgetting: what adapters did to the model's general abilities, without a corpus.</summary>
internal static class EvaluateForgettingVerb
{
    public static Command Create(Terminal terminal)
    {
        var adapters = new Argument<string[]>("adapters") { Description = "model ids such as model:adapter (default: every adapter of the chat model)", Arity = ArgumentArity.ZeroOrMore };
        var fresh = new Option<bool>("--fresh") { Description = "score anew" };
        var json = new Option<bool>("--json") { Description = "one JSON array on standard output" };
        var command = new Command("forgetting", "Measure general text and general reading before and after each adapter.") { adapters, fresh, json };
        var flags = new SettingsFlags(command, "chatModel", "threads", "offline");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (workspace, settings) = (flags.Workspace(parsed), flags.Settings(parsed));
            await using var catalog = new ArmCatalog(workspace, settings, new ConversionLines(terminal.Error));
            var arms = Chosen(catalog, parsed.GetValue(adapters) ?? [], settings.ChatModel);
            var changes = await WorkspaceForgetting.RunAsync(catalog, arms, parsed.GetValue(fresh), progress: new EvaluationLines(terminal.Error), cancellationToken: cancellationToken);
            IReadOnlyList<AdapterSummary> summaries = [.. changes.Select(change => AdapterSummary.Of(change.Adapter, TrainedOn.Read(WorkspaceForgetting.FolderOf(catalog, ArmId.Parse(change.Adapter)))) with { Forgetting = change })];
            await terminal.Out.WriteAsync(parsed.GetValue(json) ? ResultJson.Write(summaries) : MarkdownReport.Write(summaries));
            return CommandLine.Done;
        });
        return command;
    }

    private static List<ArmId> Chosen(ArmCatalog catalog, string[] named, string chatModel)
    {
        List<ArmId> arms = named.Length > 0 ? [.. named.Select(ArmId.Parse)] : [.. catalog.List().Where(arm => arm is { Adapter: not null, Corpus: null } && arm.Model == chatModel)];
        if (arms.Count == 0) throw new UnknownArmException($"There is no adapter for '{chatModel}'. Train one with `domaintuning train`, or name one as model:adapter.");
        var bare = arms.Find(arm => arm.Adapter is null);
        return bare is null ? arms : throw new ArgumentException($"'{bare}' names no adapter; model:adapter is expected.");
    }
}
