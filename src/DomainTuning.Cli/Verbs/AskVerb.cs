using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DomainTuning.Answering;
using DomainTuning.Arms;
using Microsoft.Extensions.AI;

namespace DomainTuning.Cli.Verbs;

/// <summary>ask: one question, the answer as it comes, then the sources.</summary>
internal static class AskVerb
{
    public static Command Create(Terminal terminal)
    {
        var question = new Argument<string>("question") { Description = "the question, in quotes" };
        var model = new Option<string?>("--model") { Description = "an id of GET /v1/models, such as quote@cnc (default: the chat model over the corpus)" };
        var filters = new FilterFlags();
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("ask", "Answer a question from the documents, with its sources.") { question, model, json };
        filters.AddTo(command);
        var flags = new SettingsFlags(command, "corpus", "index", "chatModel", "chatForm", "chatKeyValues", "top", "denseWeight", "reranker", "threads");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = flags.Settings(parsed);
            await using var arms = new ArmCatalog(flags.Workspace(parsed), settings, new ConversionLines(terminal.Error));
            var arm = parsed.GetValue(model) is { } id ? ArmId.Parse(id) : new ArmId(settings.ChatModel);
            arm = arm.Corpus is null ? arm with { Corpus = arms.DefaultCorpus() } : arm;
            var corpus = await arms.CorpusAsync(arm.Corpus!, cancellationToken);
            var answerer = await arms.AnswererAsync(arm, cancellationToken: cancellationToken);
            var filter = await filters.ReadAsync(parsed, corpus.Index, cancellationToken);
            ChatMessage[] conversation = [new(ChatRole.User, parsed.GetValue(question)!)];
            if (parsed.GetValue(json))
            {
                var answer = await answerer.AnswerAsync(conversation, filter, cancellationToken);
                await terminal.Out.WriteLineAsync(JsonSerializer.Serialize(AnswerReport.From(arm, answer), CliJson.Default.AnswerReport));
                return CommandLine.Done;
            }

            await foreach (var update in answerer.StreamAsync(conversation, filter, cancellationToken))
            {
                if (update.Text is { } text) await terminal.Out.WriteAsync(text);
                if (update.Final is { } final) Sources(terminal.Out, final);
                await terminal.Out.FlushAsync(cancellationToken);
            }

            return CommandLine.Done;
        });
        return command;
    }

    private static void Sources(TextWriter output, Answer answer)
    {
        output.WriteLine();
        if (answer.Citations.Count > 0) output.WriteLine();
        foreach (var citation in answer.Citations)
        {
            var label = citation.PageLabel is { } printed && printed != citation.Page.ToString(CultureInfo.InvariantCulture) ? $" (printed {printed})" : "";
            output.WriteLine($"[{citation.Number}] {citation.File} p. {citation.Page}{label}");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{answer.Timings.Total.TotalSeconds:0.0} s"));
    }
}

/// <summary>An answer for machines.</summary>
internal sealed record AnswerReport(
    string Model, string Text, bool NotInDocuments, IReadOnlyList<Citation> Citations, int DroppedSentences, int DroppedCitations,
    string SearchedQuestion, AnswerUsage Usage, double TotalSeconds)
{
    public static AnswerReport From(ArmId arm, Answer answer) => new(
        arm.ToString(), answer.Text, answer.NotInDocuments, answer.Citations, answer.DroppedSentences, answer.DroppedCitations,
        answer.SearchedQuestion, answer.Usage, Math.Round(answer.Timings.Total.TotalSeconds, 3));
}
