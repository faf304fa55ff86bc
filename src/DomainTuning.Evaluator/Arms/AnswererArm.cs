using System.Diagnostics;
using DomainTuning.Answering;
using DomainTuning.Corpora;
using DomainTuning.Indexing;
using Microsoft.Extensions.AI;

namespace DomainTuning.Evaluator.Arms;

/// <summary>What a user is shown: the best quote alone (quote), or the quote with the model's sentences that it supports (product).</summary>
public sealed class AnswererArm(string name, string description, string identity, Answerer answerer) : EvaluationArm
{
    public override string Name => name;

    public override string Description => description;

    public override string Identity => identity;

    public override async Task<ArmAnswer> AnswerAsync(Question question, CancellationToken cancellationToken = default)
    {
        var start = Stopwatch.GetTimestamp();
        double? first = null;
        Answer? answer = null;
        await foreach (var update in answerer.StreamAsync([new ChatMessage(ChatRole.User, question.Text)], ChunkFilter.None, cancellationToken).ConfigureAwait(false))
        {
            if (update.Text is not null) first ??= Stopwatch.GetElapsedTime(start).TotalSeconds;
            answer = update.Final ?? answer;
        }

        return answer is null ? throw new UnreachableException("A stream of updates ends with the answer.") : new ArmAnswer
        {
            Text = answer.Text,
            Refused = answer.NotInDocuments,
            Passages = [.. answer.Passages.Select(Shown.Passage)],
            Citations = [.. answer.Citations.Select(Shown.Citation)],
            Confidence = answer.Evidence?.Score,
            DroppedSentences = answer.DroppedSentences,
            DroppedCitations = answer.DroppedCitations,
            PromptTokens = answer.Usage.PromptTokens,
            CompletionTokens = answer.Usage.CompletionTokens,
            Seconds = new AnswerSeconds(answer.Timings.Retrieval.TotalSeconds, first, answer.Timings.Total.TotalSeconds),
        };
    }
}
