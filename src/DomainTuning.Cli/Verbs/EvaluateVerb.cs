using System.CommandLine;
using DomainTuning.Arms;
using DomainTuning.Evaluator.Reports;
using DomainTuning.Evaluator.Runs;

namespace DomainTuning.Cli.Verbs;

/// <summary>evaluate: what searches and arms are worth on a corpus' questions; the report, and what can be done with results.</summary>
internal static class EvaluateVerb
{
    public static Command Create(Terminal terminal)
    {
        var corpus = new Argument<string?>("corpus") { Description = "a corpus' name, or its folder with questions.jsonl (default: the only corpus)", Arity = ArgumentArity.ZeroOrOne };
        var split = new Option<string>("--split") { Description = "train, validation or test", DefaultValueFactory = _ => "test" };
        var arms = new Option<string?>("--arms") { Description = "base, quote, rag, product, oracle, adapter, rag+adapter or model ids, separated by commas (default: all that exist)", HelpName = "a,b,…" };
        var limit = new Option<int?>("--limit") { Description = "so many questions, spread over the split", HelpName = "n" };
        var passages = new Option<int>("--passages") { Description = "most passages that a model reads for a short answer", DefaultValueFactory = _ => new EvaluationRecipe { Corpus = "", ChatModel = "" }.Passages, HelpName = "n" };
        var parallel = new Option<int>("--parallel") { Description = "questions answered at once", DefaultValueFactory = _ => new EvaluationRecipe { Corpus = "", ChatModel = "" }.Parallel, HelpName = "n" };
        var judge = new Option<string?>("--judge") { Description = "a chat model that judges answers besides the comparison with gold", HelpName = "model" };
        var output = new Option<string?>("--out") { Description = "where the report goes (default: .domaintuning/evaluations/<corpus>)", HelpName = "DIR" };
        var fresh = new Option<bool>("--fresh") { Description = "answer anew; without it, what an earlier or a killed run answered is used" };
        var json = new Option<bool>("--json") { Description = "the whole result on standard output" };
        var command = new Command("evaluate", "Measure retrieval and answers: the arms on the same questions, with intervals and tests.")
        {
            corpus, split, arms, limit, passages, parallel, judge, output, fresh, json,
            EvaluateBeirVerb.Create(terminal), EvaluateCompareVerb.Create(terminal), EvaluateReproduceVerb.Create(terminal), EvaluateFitVerb.Create(terminal), EvaluateForgettingVerb.Create(terminal),
        };
        var flags = new SettingsFlags(command, "index", "chatModel", "top", "denseWeight", "reranker", "rerankWeight", "threads", "offline");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (workspace, settings) = (flags.Workspace(parsed), flags.Settings(parsed));
            await using var catalog = new ArmCatalog(workspace, settings, new ConversionLines(terminal.Error));
            var place = CorpusPlace.Find(workspace, parsed.GetValue(corpus) ?? catalog.DefaultCorpus());
            var recipe = new EvaluationRecipe
            {
                Corpus = place.Name,
                Split = parsed.GetValue(split)!,
                ChatModel = settings.ChatModel,
                Arms = parsed.GetValue(arms)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
                Limit = parsed.GetValue(limit),
                Passages = parsed.GetValue(passages),
                Parallel = parsed.GetValue(parallel),
                Retrieval = catalog.Retrieval,
                Reranker = settings.Reranker,
                Judge = parsed.GetValue(judge),
            };
            var result = await CorpusEvaluation.RunAsync(
                catalog, place.Folder, recipe, "domaintuning " + string.Join(' ', parsed.Tokens.Select(token => token.Value)), parsed.GetValue(fresh), new EvaluationLines(terminal.Error), cancellationToken);
            var report = ResultFolder.Write(parsed.GetValue(output) ?? Path.Combine(CorpusEvaluation.Folder(workspace), place.Name), result);
            await terminal.Out.WriteAsync(parsed.GetValue(json) ? ResultJson.Write(result) : MarkdownReport.Write(result));
            await terminal.Error.WriteLineAsync($"The report is {report}");
            return CommandLine.Done;
        });
        return command;
    }
}
