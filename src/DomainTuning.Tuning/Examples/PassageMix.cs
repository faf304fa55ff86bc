using System.Globalization;
using DomainTuning.Answering;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Retrieval;
using DomainTuning.Training;

namespace DomainTuning.Tuning.Examples;

/// <summary>What stands beside a question in a prompt.</summary>
internal enum Mix
{
    /// <summary>The right passage among those that a search finds.</summary>
    Right,

    /// <summary>What a search finds without any passage that answers.</summary>
    Without,

    /// <summary>Nothing.</summary>
    ClosedBook,
}

/// <summary>
/// Writes an example as serving will ask it: the prompt is <see cref="ShortAnswerPrompt"/>'s, its passages come from the same search. The answer is the
/// shortest accepted one that stands in a passage, or the words that serving takes for a refusal.
/// </summary>
internal sealed class PassageMix(CorpusText corpus, HeldOut heldOut, ModelLimits limits, ExampleOrder order, int passages)
{
    private static readonly AnsweringOptions Answering = new();

    /// <param name="found">Best first.</param>
    /// <returns>Null when a question cannot be asked so: too few passages are left, or they answer it.</returns>
    public TrainingExample? Write(Asked asked, string id, Mix mix, IReadOnlyList<RankedChunk> found)
    {
        if (mix == Mix.ClosedBook) return asked.IsAnswerable ? Example(asked, id, ShortAnswerPrompt.ClosedBook(asked.Text), asked.Answers[0]) : null;
        var allowed = found.Where(passage => !heldOut.TestChunks.Contains(passage.Chunk.Id)).ToList();
        return mix == Mix.Right && asked.IsAnswerable ? WithRight(asked, id, allowed) : Without(asked, id, allowed);
    }

    private TrainingExample WithRight(Asked asked, string id, List<RankedChunk> found)
    {
        var shown = found.Take(passages).ToList();
        if (asked.Right.Count > 0 && !shown.Exists(passage => asked.Right.Any(right => right.Id == passage.Chunk.Id)))
        {
            var right = corpus.Unranked(asked.Right[order.Pick("right", id, asked.Right.Count)]);
            shown = [.. shown.Take(passages - 1), right];
        }

        // Half as ranked, where the first one is right more often than not; half shuffled, so that being first proves nothing.
        if (order.Draw("order", id) < 0.5) shown = [.. order.Shuffle(shown, "place " + id, passage => passage.Chunk.Id.ToString())];
        var messages = ShortAnswerPrompt.WithPassages(asked.Text, shown, limits, Answering);
        if (asked.Evidence.Count > 0 && !VerbatimText.Contains(messages[^1].Text, asked.Evidence[0].Quote)) // the token budget cut it off
            messages = ShortAnswerPrompt.WithPassages(asked.Text, [.. shown.OrderBy(passage => asked.Right.Any(right => right.Id == passage.Chunk.Id) ? 0 : 1)], limits, Answering);
        return Example(asked, id, messages, Answer(asked, messages[^1].Text));
    }

    private TrainingExample? Without(Asked asked, string id, List<RankedChunk> found)
    {
        var shown = found.Where(passage => !Answers(passage.Chunk, asked)).Take(passages).ToList();
        if (shown.Count < Math.Min(passages, found.Count)) return null;
        return Example(asked with { Evidence = [] }, id, ShortAnswerPrompt.WithPassages(asked.Text, shown, limits, Answering), ShortAnswerPrompt.NoAnswer);
    }

    /// <summary>Cautious: a chunk of the evidence page or of the section answers, and so does one that holds an answer longer than a small number.</summary>
    private bool Answers(Chunk chunk, Asked asked)
    {
        if (!asked.IsAnswerable) return false;
        var path = corpus.PathOf(chunk);
        return asked.Right.Any(right => right.Id == chunk.Id)
            || asked.Evidence.Any(evidence => evidence.Document == path && chunk.FirstPage <= evidence.Page && evidence.Page <= chunk.LastPage)
            || SectionName.Of(path, chunk, null).Key == asked.Section.Key
            || asked.Answers.Any(answer => answer.Length > 3 && chunk.EmbeddedText.Contains(answer, StringComparison.OrdinalIgnoreCase));
    }

    private static string Answer(Asked asked, string prompt)
    {
        var folded = VerbatimText.Fold(prompt);
        return asked.Answers.FirstOrDefault(answer => folded.Contains(VerbatimText.Fold(answer), StringComparison.OrdinalIgnoreCase)) ?? asked.Answers[0];
    }

    private static TrainingExample Example(Asked asked, string id, IReadOnlyList<Microsoft.Extensions.AI.ChatMessage> prompt, string answer) => new()
    {
        Id = id,
        Messages = [.. prompt.Select(message => new ExampleMessage(message.Role.Value, message.Text)), new ExampleMessage("assistant", answer)],
        Kind = asked.Kind,
        Section = asked.Section.ToString(),
        Source = asked.Evidence.Count == 0 ? null : new ExampleSource(
            asked.Evidence[0].Document, asked.Evidence[0].Page, asked.Right.Count == 0 ? null : asked.Right[0].Id.ToString(), asked.Evidence[0].Quote),
    };

    /// <summary>"cf-001", and "cf-001#2" where a question is seen again.</summary>
    public static string IdOf(Asked asked, int time) => time == 0 ? asked.Id : string.Create(CultureInfo.InvariantCulture, $"{asked.Id}#{time + 1}");
}
