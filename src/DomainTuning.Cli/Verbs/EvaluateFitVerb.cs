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
        var split = new Option<string?>("--split") { Description = "train or validation (default: both)" };
        var limit = new Option<int?>("--limit") { Description = "so many questions, spread over the split", HelpName = "n" };
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("fit", "Measure fusion and rerank weights on the train and validation questions.") { corpus, split, limit, json };
        var flags = new SettingsFlags(command, "chatModel", "reranker", "threads");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (workspace, settings) = (flags.Workspace(parsed), flags.Settings(parsed));
            await using var catalog = new ArmCatalog(workspace, settings, new ConversionLines(terminal.Error));
            var place = CorpusPlace.Find(workspace, parsed.GetValue(corpus)!);
            var questions = QuestionFile.Read(Path.Combine(place.Folder, QuestionFile.Name));
            var only = parsed.GetValue(split) switch
            {
                null => (QuestionSplit?)null,
                "train" => QuestionSplit.Train,
                "validation" => QuestionSplit.Validation,
                var other => throw new ArgumentException($"--split is '{other}'; train or validation is expected. Weights are never fitted on the test split."),
            };
            var chosen = EvaluationRun.Spread([.. questions.Where(question => question.Split != QuestionSplit.Test && (only is null || question.Split == only) && question.Evidence.Count > 0)], parsed.GetValue(limit));
            var open = await catalog.CorpusAsync(place.Name, cancellationToken);
            var reranker = settings.Reranker is null ? null : await catalog.RerankerAsync(settings.Reranker, new LikelihoodOptions { Budget = Timeout.InfiniteTimeSpan }, cancellationToken);
            var fit = await WeightFit.MeasureAsync(
                await CorpusChunks.ReadAsync(open.Index, cancellationToken), open.Index, open.Embedder, reranker, chosen, catalog.Retrieval, new EvaluationLines(terminal.Error),
                Path.Combine(CorpusEvaluation.Folder(workspace), "answers"), cancellationToken);
            if (parsed.GetValue(json)) await terminal.Out.WriteAsync(ResultJson.Write(fit));
            else await ShowAsync(terminal.Out, fit);
            return CommandLine.Done;
        });
        return command;
    }

    private static async Task ShowAsync(TextWriter output, WeightFit fit)
    {
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{fit.Questions} questions with evidence"));
        foreach (var (what, weights) in new[] { ("denseWeight", fit.Dense), ("rerankWeight", fit.Rerank) })
            foreach (var row in weights)
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{what} {row.Weight:0.0}   nDCG@10 {row.PageNdcg:0.0000}   page @1 {100 * row.HitAt1:0.0} %   @2 {100 * row.HitAt2:0.0} %   @10 {100 * row.HitAt10:0.0} %"));
        foreach (var row in fit.Exits)
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"rerankWithin {row.Within:0.00}   nDCG@10 {row.PageNdcg:0.0000}   page @1 {100 * row.HitAt1:0.0} %   @2 {100 * row.HitAt2:0.0} %   @10 {100 * row.HitAt10:0.0} %   read for {100 * row.Read:0} % of the questions"));
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"Best by nDCG@10 of pages: --dense-weight {fit.BestDense:0.0}{(fit.BestRerank is { } rerank ? $" --rerank-weight {rerank.ToString("0.0", CultureInfo.InvariantCulture)}" : "")}, or the same keys in domaintuning.json."));
    }
}
