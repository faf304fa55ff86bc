using DomainTuning.Answering;
using DomainTuning.Evaluator.Measures.Answers;
using DomainTuning.Evaluator.Runs;
using Microsoft.Extensions.AI;

namespace DomainTuning.Evaluator.Forgetting;

/// <summary>A model, or one of its adapters, as the general text is put to it.</summary>
/// <param name="Identity">All that decides an answer besides the text: checkpoint, adapter, program.</param>
public sealed record GeneralReader(string Name, string Identity, IChatClient Model);

/// <summary>
/// Puts the general text to a model and to its adapters, and says what each adapter changed. What was scored before, by the same model and program, is not scored
/// again. Unlike an arm's, an error here ends the measurement: half of a text is no comparison.
/// </summary>
public sealed class ForgettingRun(GeneralReader before, GeneralText? text = null)
{
    /// <summary>A short answer that runs on is cut.</summary>
    private const int AnswerTokens = 32;

    private readonly GeneralText text = text ?? GeneralText.Shipped;

    /// <summary>Where scores are kept; null keeps nothing.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Texts in the model at once. Default 4, the engine's batch.</summary>
    public int Parallel { get; init; } = 4;

    /// <summary>Of resampling.</summary>
    public ulong Seed { get; init; } = 1;

    /// <returns>One for each adapter, in their order.</returns>
    public async Task<IReadOnlyList<AdapterForgetting>> RunAsync(IReadOnlyList<GeneralReader> adapters, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (adapters.Count == 0) return [];
        var unchanged = await ReadAsync(before, progress, cancellationToken).ConfigureAwait(false);
        var changes = new List<AdapterForgetting>();
        foreach (var adapter in adapters)
            changes.Add(AdapterForgetting.Between(adapter.Name, text, unchanged, await ReadAsync(adapter, progress, cancellationToken).ConfigureAwait(false), Seed));
        return changes;
    }

    private async Task<GeneralScores> ReadAsync(GeneralReader reader, IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    {
        var scorer = reader.Model.GetService(typeof(TextScorer)) as TextScorer;
        var questions = text.Reading.SelectMany(passage => passage.Questions.Select(question => (passage.Passage, Question: question))).ToList();
        var count = new StageCount("general text " + reader.Name, (scorer is null ? 0 : text.Pieces.Count) + questions.Count, progress, TimeProvider.System);
        var pieces = scorer is null ? [] : await EachAsync(reader, "pieces", text.Pieces, piece => piece, (piece, token) => ScoreAsync(scorer, piece, token), count, cancellationToken).ConfigureAwait(false);
        var readings = await EachAsync(
            reader, "reading", questions, entry => entry.Passage + "\n" + entry.Question.Question, (entry, token) => AnswerAsync(reader.Model, entry.Passage, entry.Question, token), count, cancellationToken).ConfigureAwait(false);
        return new GeneralScores(pieces, readings);
    }

    private static async Task<PieceScore> ScoreAsync(TextScorer scorer, string piece, CancellationToken cancellationToken)
    {
        var score = (await scorer.ScoreAsync([new ScoringRequest("", piece)], cancellationToken).ConfigureAwait(false))[0];
        return new PieceScore(score.Sum, score.LogProbabilities.Count);
    }

    private static async Task<ReadingAnswer> AnswerAsync(IChatClient model, string passage, ReadingQuestion question, CancellationToken cancellationToken)
    {
        ChatMessage[] messages = [new(ChatRole.User, $"{passage}\n\nQuestion: {question.Question}\nAnswer in a few words taken from the text.")];
        var response = await model.GetResponseAsync(messages, new ChatOptions { Temperature = 0, MaxOutputTokens = AnswerTokens }, cancellationToken).ConfigureAwait(false);
        var answer = response.Text.Trim();
        return new ReadingAnswer(answer, AnswerMeasure.TokenF1.Score(answer, question.Answers)!.Value, AnswerMeasure.Contained.Score(answer, question.Answers)!.Value);
    }

    private async Task<IReadOnlyList<TMade>> EachAsync<TItem, TMade>(
        GeneralReader reader, string what, IReadOnlyList<TItem> items, Func<TItem, string> keyOf, Func<TItem, CancellationToken, Task<TMade>> make, StageCount count, CancellationToken cancellationToken)
        where TMade : class
    {
        using var cache = CacheFolder is null ? null : new ContentCache<TMade>(CacheFolder, $"general {what} {reader.Name}", $"{what}; {reader.Identity}; {AnswerTokens} tokens; {ProgramIdentity.Of(typeof(ForgettingRun))}");
        var made = new TMade[items.Count];
        await System.Threading.Tasks.Parallel.ForAsync(0, items.Count, new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken }, async (i, token) =>
        {
            var kept = cache?.Find(keyOf(items[i]));
            made[i] = kept ?? await make(items[i], token).ConfigureAwait(false);
            if (kept is null) cache?.Keep(keyOf(items[i]), made[i]);
            count.Add(kept is not null, failed: false);
        }).ConfigureAwait(false);
        return made;
    }
}
