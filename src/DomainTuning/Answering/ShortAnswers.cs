using System.Text;
using DomainTuning.Retrieval;
using Microsoft.Extensions.AI;

namespace DomainTuning.Answering;

/// <summary>What a model answers in the fewest words.</summary>
/// <param name="Text">One line, without a label or a citation of the model's own.</param>
/// <param name="IsRefusal">The model wrote that the passages do not answer.</param>
/// <param name="Probability">Of these words as the whole answer, 0 to 1; null where the model gives no probabilities.</param>
/// <param name="RefusalProbability">Of the words of a refusal, whatever the model wrote.</param>
internal sealed record ShortAnswer(string Text, bool IsRefusal, double? Probability, double? RefusalProbability);

/// <summary>
/// Asks for the shortest exact answer and how sure the model is of it: the prompt that an adapter is trained with (<see cref="ShortAnswerPrompt"/>). The
/// probabilities are the model's own, of the whole answer and of a refusal, so that a threshold that was fitted on held-out questions can decide.
/// </summary>
internal sealed class ShortAnswers(IChatClient model, AnsweringOptions options)
{
    private readonly ModelLimits limits = ModelLimits.Of(model, options.ContextTokens);
    private readonly TextScorer? scorer = model.GetService(typeof(TextScorer)) as TextScorer;

    public async Task<ShortAnswer> AskAsync(string question, IReadOnlyList<RankedChunk> passages, TokenUsage usage, CancellationToken cancellationToken)
    {
        var messages = ShortAnswerPrompt.WithPassages(question, passages, limits, options);
        var text = new StringBuilder();
        var decoding = new ChatOptions { Temperature = 0, MaxOutputTokens = Math.Min(options.MaxOutputTokens, ShortAnswerPrompt.MaxOutputTokens) };
        await foreach (var update in model.GetStreamingResponseAsync(messages, decoding, cancellationToken).ConfigureAwait(false))
        {
            text.Append(update.Text);
            foreach (var content in update.Contents.OfType<UsageContent>()) usage.Add(content.Details);
        }

        var written = text.ToString().Trim();
        var answer = Patterns.Label().Replace(Patterns.OwnCitation().Replace(written.Split('\n')[0], ""), "").Trim();
        var refuses = answer.Length == 0 || answer.Contains(ShortAnswerPrompt.NoAnswer, StringComparison.OrdinalIgnoreCase);
        if (scorer is null || written.Length == 0) return new ShortAnswer(answer, refuses, null, null);

        var scores = await scorer.ScoreAsync(
            [new ScoringRequest("", written) { Chat = messages }, new ScoringRequest("", ShortAnswerPrompt.NoAnswer) { Chat = messages }], cancellationToken).ConfigureAwait(false);
        return new ShortAnswer(answer, refuses, Math.Exp(scores[0].Sum), Math.Exp(scores[1].Sum));
    }
}
