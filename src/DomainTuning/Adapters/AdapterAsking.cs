namespace DomainTuning.Adapters;

/// <summary>How an adapter wants to be asked, because it was trained so. Without this it is asked like its base.</summary>
/// <param name="Prompt">Fingerprint of the prompt for short answers that its examples were written with. A prompt that has changed since is not what it learnt.</param>
/// <param name="Passages">Most passages in a prompt of its training.</param>
public sealed record AdapterAsking(string Prompt, int Passages)
{
    /// <summary>The least probability of a short answer that leads instead of the quote; null: not fitted, the default holds.</summary>
    public double? LeastShortAnswer { get; init; }

    /// <summary>From this probability of a refusal on, the documents do not say; null: not fitted, the default holds.</summary>
    public double? RefusalFrom { get; init; }
}
