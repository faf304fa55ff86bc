using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DomainTuning.Adapters;
using DomainTuning.Arms;
using DomainTuning.Corpora;
using DomainTuning.Training;
using DomainTuning.Tuning.Export;
using DomainTuning.Tuning.Runs;

namespace DomainTuning.Cli.Verbs;

/// <summary>train: a corpus becomes an adapter that a running server lists. --resume goes on with a run, --watch looks at one.</summary>
internal static class TrainVerb
{
    public static Command Create(Terminal terminal)
    {
        var corpus = new Argument<string?>("corpus") { Description = "a corpus' name, or its folder (default: the only corpus)", Arity = ArgumentArity.ZeroOrOne };
        var recipe = new RecipeFlags();
        var examples = new Option<DirectoryInfo?>("--examples") { Description = "train on train.jsonl and validation.jsonl of this folder instead of the corpus", HelpName = "DIR" };
        var intoCorpus = new Option<bool>("--into-corpus") { Description = "put the adapter under the corpus' adapters/ instead of .domaintuning/adapters/" };
        var resume = new Option<string?>("--resume") { Description = "go on with a run that was stopped or killed (domaintuning runs list)", HelpName = "run" };
        var watch = new Option<string?>("--watch") { Description = "look at a run that another process works on", HelpName = "run" };
        var export = new Option<string?>("--export") { Description = "train elsewhere: write data and configuration for llama-factory or trl (needs --to)", HelpName = "TOOL" };
        var to = new Option<DirectoryInfo?>("--to") { Description = "the folder for --export", HelpName = "DIR" };
        var dryRun = new Option<bool>("--dry-run") { Description = "make the examples and show recipe and counts; train nothing" };
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output at the end" };
        var command = new Command("train", "Adapt the chat model to a corpus: an adapter that is checked against what is served, and served without a restart.") { corpus, examples, intoCorpus, resume, watch, export, to, dryRun, json };
        foreach (var option in recipe.Options) command.Options.Add(option);
        var flags = new SettingsFlags(command, "chatModel", "threads", "top", "denseWeight", "offline");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(export) is null != parsed.GetValue(to) is null) throw new ArgumentException("--export says for which tool and --to DIR where its files go; both are needed.");
            var (workspace, settings) = (flags.Workspace(parsed), flags.Settings(parsed));
            if (parsed.GetValue(watch) is { } watched) return await TrainingWatch.RunAsync(terminal, Run(workspace, watched), cancellationToken);

            await using var catalog = new ArmCatalog(workspace, settings, new ConversionLines(terminal.Error));
            if (parsed.GetValue(resume) is { } earlier)
                return await TrainAsync(terminal, workspace, settings, Run(workspace, earlier), resumes: true, parsed.GetValue(json), cancellationToken);

            var place = CorpusPlace.Find(workspace, parsed.GetValue(corpus) ?? catalog.DefaultCorpus());
            var wanted = recipe.Read(parsed, place);
            if (parsed.GetValue(export) is { } tool)
            {
                var set = await CorpusExamples.MakeAsync(catalog, place, wanted, terminal.Error, cancellationToken);
                await TrainerExport.WriteAsync(tool, set, wanted, parsed.GetValue(to)!.FullName, cancellationToken);
                await terminal.Out.WriteLineAsync($"Written to {parsed.GetValue(to)!.FullName}. Bring the PEFT folder that {tool} makes back with `domaintuning adapters import`.");
                return CommandLine.Done;
            }

            var request = new TrainingRequest
            {
                Recipe = wanted,
                Corpus = place.Name,
                IntoCorpus = parsed.GetValue(intoCorpus) ? place.Folder : null,
                Examples = parsed.GetValue(examples) is { } folder ? ExampleFolder.Source(folder.FullName) : CorpusExamples.Source(catalog, place, terminal.Error),
            };
            if (parsed.GetValue(dryRun)) return await ShowAsync(terminal, workspace, settings, request, cancellationToken);
            var run = await Training(workspace, settings).PrepareAsync(request, cancellationToken);
            await terminal.Error.WriteLineAsync($"Run {run.Name}: recipe, examples and curves are in {run.Path}");
            return await TrainAsync(terminal, workspace, settings, run, resumes: false, parsed.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static TrainingRun Training(Workspace workspace, Settings settings) => new(workspace, settings, TrainerProgram.Find(), TimeProvider.System);

    private static TrainingFolder Run(Workspace workspace, string named) => TrainingFolder.Find(workspace.RunsFolder, named)
        ?? throw new SettingsException($"There is no run '{named}' in {workspace.RunsFolder}, or several begin so. `domaintuning runs list` shows them.");

    private static async Task<int> TrainAsync(Terminal terminal, Workspace workspace, Settings settings, TrainingFolder run, bool resumes, bool asJson, CancellationToken cancellationToken)
    {
        var result = await terminal.TrainingAsync(progress => Training(workspace, settings).RunAsync(run, resumes, progress, new ConversionLines(terminal.Error), cancellationToken));
        var card = result.Adapter is null ? null : AdapterCard.Read(result.Adapter);
        if (asJson) await terminal.Out.WriteLineAsync(JsonSerializer.Serialize(TrainedRow.From(result, card), CliJson.Default.TrainedRow));
        if (result.Problem is { } problem)
        {
            await terminal.Error.WriteLineAsync(problem);
            return CommandLine.Failed;
        }

        if (!asJson) await terminal.Out.WriteAsync(Summary(result, card!));
        return CommandLine.Done;
    }

    private static string Summary(TrainingResult result, AdapterCard card)
    {
        string N(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        List<string> lines =
        [
            N($"Trained {result.Model} in {card.Minutes:0.0} minutes: {card.Steps} steps, {card.TokensSeen} tokens."),
            N($"  perplexity of held-out answers  {card.PerplexityBefore:0.000} → {card.PerplexityAfter:0.000} (step {card.BestStep}){(card.PerplexityAfter < card.PerplexityBefore ? "" : ": no better than the base; more or other examples are needed")}"),
        ];
        if (card.GeneralPerplexityBefore is not null) lines.Add(N($"  perplexity of general text      {card.GeneralPerplexityBefore:0.000} → {card.GeneralPerplexityAfter:0.000}"));
        lines.Add(N($"  trained and served model agree: largest difference of a logit {result.Parity!.LargestDifference:0.0e+0} over {result.Parity.Prompts} prompts"));
        lines.Add($"  adapter {result.Adapter}");
        lines.Add($"  curves  {result.Folder.Curves}");
        lines.Add($"A running server lists it now. Ask it with --model {result.Model}@<corpus>, measure it with `domaintuning evaluate`.");
        return string.Join(Environment.NewLine, lines) + Environment.NewLine;
    }

    private static async Task<int> ShowAsync(Terminal terminal, Workspace workspace, Settings settings, TrainingRequest request, CancellationToken cancellationToken)
    {
        var folder = await Training(workspace, settings).PrepareAsync(request, cancellationToken);
        try
        {
            await terminal.Out.WriteAsync(await File.ReadAllTextAsync(folder.Recipe, cancellationToken));
            foreach (var file in new[] { folder.Train, folder.Validation })
            {
                var examples = TrainingJson.ReadExamples(file);
                await terminal.Out.WriteLineAsync($"{Path.GetFileNameWithoutExtension(file)}: {examples.Count} examples ({string.Join(", ", examples.CountBy(example => example.Kind).Select(kind => $"{kind.Key} {kind.Value}"))})");
            }

            return CommandLine.Done;
        }
        finally
        {
            Directory.Delete(folder.Path, recursive: true);
        }
    }
}

/// <summary>A training's result for machines.</summary>
internal sealed record TrainedRow(
    string Run, string? Model, string? Adapter, double? PerplexityBefore, double? PerplexityAfter, double? GeneralPerplexityBefore, double? GeneralPerplexityAfter,
    int? BestStep, int? Steps, long? TokensSeen, double? Minutes, double? ParityDifference, string? Problem)
{
    public static TrainedRow From(TrainingResult result, AdapterCard? card) => new(
        result.Folder.Path, result.Model, result.Adapter, card?.PerplexityBefore, card?.PerplexityAfter, card?.GeneralPerplexityBefore, card?.GeneralPerplexityAfter,
        card?.BestStep, card?.Steps, card?.TokensSeen, card?.Minutes, result.Parity?.LargestDifference, result.Problem);
}
