using System.CommandLine;
using System.Globalization;
using DomainTuning.Adapters;
using DomainTuning.Answering;
using DomainTuning.Arms;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Runs;
using DomainTuning.Evaluator.Searches;
using Microsoft.Extensions.AI;

namespace DomainTuning.Cli.Verbs;

/// <summary>evaluate fit: which weights search best on train and validation.</summary>
internal static class EvaluateFitVerb
{
    public static Command Create(Terminal terminal)
    {
        var corpus = new Argument<string>("corpus") { Description = "a corpus' name, or its folder with questions.jsonl" };
        var split = new Option<string?>("--split") { Description = "train or validation (default: both)" };
        var limit = new Option<int?>("--limit") { Description = "so many questions, spread over the split", HelpName = "n" };
        var adapter = new Option<string?>("--adapter") { Description = "fit an adapter's thresholds (when its short answer leads, when its refusal counts) on the validation questions and write them to its card", HelpName = "name" };
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("fit", "Measure fusion and rerank weights on the train and validation questions.") { corpus, split, limit, adapter, json };
        var flags = new SettingsFlags(command, "index", "chatModel", "reranker", "threads");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (workspace, settings) = (flags.Workspace(parsed), flags.Settings(parsed));
            await using var catalog = new ArmCatalog(workspace, settings, new ConversionLines(terminal.Error));
            if (parsed.GetValue(adapter) is { } name)
                return await FitAdapterAsync(terminal, catalog, CorpusPlace.Find(workspace, parsed.GetValue(corpus)!), new ArmId(settings.ChatModel, name), parsed.GetValue(limit), parsed.GetValue(json), cancellationToken);
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

    private static async Task<int> FitAdapterAsync(Terminal terminal, ArmCatalog catalog, CorpusPlace place, ArmId arm, int? limit, bool asJson, CancellationToken cancellationToken)
    {
        var folder = catalog.Adapters(arm.Model).Find(arm.Adapter!).Path;
        if (catalog.Asking(arm) is not { } asking)
            throw new AdapterException($"The adapter '{arm}' does not say that it answers shortly, so it has no thresholds. `domaintuning train` writes adapters that do.");
        var questions = EvaluationRun.Spread([.. QuestionFile.Read(Path.Combine(place.Folder, QuestionFile.Name)).Where(question => question.Split == QuestionSplit.Validation)], limit);
        var open = await catalog.CorpusAsync(place.Name, cancellationToken);
        var options = new AnsweringOptions { Retrieval = catalog.Retrieval };
        Answerer With(IChatClient? model, AnsweringOptions how) => new(open.Index, open.Retriever, open.Embedder, model, how);
        var always = options.For(asking with { LeastShortAnswer = 0, RefusalFrom = 1 }) with { RefusalFrom = 1 };
        var fit = await ShortAnswerFit.MeasureAsync(
            With(null, options), With(await catalog.ChatModelAsync(arm, cancellationToken), always), questions, new EvaluationLines(terminal.Error), cancellationToken);
        (AdapterCard.Read(folder)! with { Asking = asking with { LeastShortAnswer = Math.Min(1, fit.Best.LeastShortAnswer), RefusalFrom = Math.Min(1, fit.Best.RefusalFrom) } }).Write(folder);
        if (asJson) await terminal.Out.WriteAsync(ResultJson.Write(fit));
        else
        {
            await terminal.Out.WriteLineAsync($"{fit.Questions} validation questions");
            foreach (var (what, row) in new[] { ("quote alone", fit.Quote), (arm.ToString(), fit.Best) })
                await terminal.Out.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{what,-30}  F1 {row.F1:0.000}   contained {100 * row.Contained:0.0} %   refused: unanswerable {100 * row.Refused:0.0} %, answerable {100 * row.WronglyRefused:0.0} %"));
            await terminal.Out.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"Its short answer leads from a probability of {fit.Best.LeastShortAnswer:0.000} on, its refusal counts from {fit.Best.RefusalFrom:0.000} on: written to {Path.Combine(folder, AdapterCard.FileName)}."));
        }

        return CommandLine.Done;
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
