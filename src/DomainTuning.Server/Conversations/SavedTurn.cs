using System.Text.Json;
using DomainTuning.Server.Api;
using DomainTuning.Stores.Conversations;

namespace DomainTuning.Server.Conversations;

/// <summary>Writes one turn of a chat into its conversation: the question, and the answer with its citations. Of several choices the first is kept.</summary>
internal sealed class SavedTurn(ConversationFile conversations, TimeProvider time, string owner, string id, ChatRequest request)
{
    /// <summary>Passes the events on; when they end, however they end, what there is of the answer is saved.</summary>
    public async IAsyncEnumerable<(int Choice, AnswerEvent Event)> KeepAsync(IAsyncEnumerable<(int Choice, AnswerEvent Event)> events)
    {
        var asked = time.GetUtcNow();
        var answer = new GatheredAnswer();
        try
        {
            await foreach (var step in events.ConfigureAwait(false))
            {
                if (step.Choice == 0) answer.Add(step.Event);
                yield return step;
            }
        }
        finally
        {
            if (answer.Ended || answer.Text.Length > 0) await SaveAsync(answer, asked).ConfigureAwait(false);
        }
    }

    private Task<bool> SaveAsync(GatheredAnswer answer, DateTimeOffset asked)
    {
        var closing = MessageBody.Closing(answer.End.Answer);
        var details = new SavedDetails(closing.Citations, closing.NotInDocuments, answer.Ended ? UsageBody.From(answer.End.Tokens) : null, answer.Ended ? null : true);
        // Not the request's token: an answer that its reader stopped is saved too.
        return conversations.AppendAsync(
            owner, id,
            [
                new ConversationMessage("user", request.Messages[^1].Text, null, asked),
                new ConversationMessage("assistant", answer.Text, request.Arm.ToString(), time.GetUtcNow(), JsonSerializer.Serialize(details, ConversationJson.Default.SavedDetails)),
            ],
            CancellationToken.None);
    }
}
