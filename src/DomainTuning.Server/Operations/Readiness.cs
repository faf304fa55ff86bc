using DomainTuning.Arms;

namespace DomainTuning.Server.Operations;

/// <summary>
/// Whether a question would be answered at once: the default chat model and every corpus are open. Whoever asks first sets the opening going, so that a load balancer which
/// sends nothing until the server is ready does not wait forever.
/// </summary>
internal sealed class Readiness(ArmCatalog arms)
{
    private readonly Lock gate = new();
    private Task? opening;

    /// <returns>Null when ready, otherwise what is missing.</returns>
    public string? Missing()
    {
        lock (gate)
        {
            if (opening is null || opening.IsFaulted)
            {
                var failed = opening?.Exception?.InnerException?.Message;
                opening = OpenAsync();
                if (failed is not null) return failed;
            }

            return opening.IsCompletedSuccessfully ? null : "Models and corpora are being opened.";
        }
    }

    private async Task OpenAsync()
    {
        foreach (var corpus in arms.Corpora) await arms.CorpusAsync(corpus).ConfigureAwait(false);
        if (arms.ChatCard(arms.Settings.ChatModel) is not null) await arms.ChatClientAsync(arms.Settings.ChatModel).ConfigureAwait(false);
    }
}
