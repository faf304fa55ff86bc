using System.CommandLine;
using System.Globalization;
using DomainTuning.Answering;
using DomainTuning.Arms;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Runs;
using DomainTuning.Evaluator.Searches;

namespace DomainTuning.Cli.Verbs;

/// <summary>evaluate fit: which weights search best on train and validation.</summary>
internal static class EvaluateFitVerb
{
    public static Command Create(Terminal terminal)
    {
        var corpus = new Argument<string>("corpus") { Description = "a corpus' name, or its folder with questions.jsonl" };
        var limit = new Option<int?>("--limit") { Description = "so many questions, spread over train and validation", HelpName = "n" };
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("fit", "Measure fusion and rerank weights on the train and validation questions.") { corpus, limit, json };
        var flags = new SettingsFlags(command, "index", "chatModel", "reranker", "threads");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (workspace, settings) = (flags.Workspace(parsed), flags.Settings(parsed));
            await using var catalog = new ArmCatalog(workspace, settings, new ConversionLines(terminal.Error));
            var place = CorpusPlace.Find(workspace, parsed.GetValue(corpus)!);
            var questions = QuestionFile.Read(Path.Combine(place.Folder, QuestionFile.Name));
            var chosen = EvaluationRun.Spread([.. questions.Where(question => question.Split != QuestionSplit.Test && question.Evidence.Count > 0)], parsed.GetValue(limit));
            var open = await catalog.CorpusAsync(place.Name, cancellationToken);
            var reranker = settings.Reranker is null ? null : await catalog.RerankerAsync(settings.Reranker, new LikelihoodOptions { Budget = Timeout.InfiniteTimeSpan }, cancellationToken);
            var fit = await WeightFit.MeasureAsync(
                await CorpusChunks.ReadAsync(open.Index, cancellationToken), open.Index, open.Embedder, reranker, chosen, catalog.Retrieval, new EvaluationLines(terminal.Error), cancellationToken);
            if (parsed.GetValue(json)) await terminal.Out.WriteAsync(ResultJson.Write(fit));
            else await ShowAsync(terminal.Out, fit);
            return CommandLine.Done;
        });
        return command;
    }

    private static async Task ShowAsync(TextWriter output, WeightFit fit)
    {
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{fit.Questions} questions of train and validation"));
        foreach (var (what, weights) in new[] { ("denseWeight", fit.Dense), ("rerankWeight", fit.Rerank) })
            foreach (var row in weights)
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{what} {row.Weight:0.0}   nDCG@10 {row.PageNdcg:0.0000}   page @2 {100 * row.HitAt2:0.0} %   page @10 {100 * row.HitAt10:0.0} %"));
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"Best by nDCG@10 of pages: --dense-weight {fit.BestDense:0.0}{(fit.BestRerank is { } rerank ? $" --rerank-weight {rerank.ToString("0.0", CultureInfo.InvariantCulture)}" : "")}, or the same keys in domaintuning.json."));
    }
}
