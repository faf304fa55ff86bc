namespace DomainTuning.Trainer.Data;

/// <summary>An example as token ids: the prompt as serving writes it, then the answer with the token that ends it.</summary>
/// <param name="Id">The example's.</param>
/// <param name="PromptTokens">How many of <paramref name="Ids"/> are the prompt; those after it carry loss.</param>
internal sealed record EncodedExample(string Id, IReadOnlyList<int> Ids, int PromptTokens)
{
    public int LabelTokens => Ids.Count - PromptTokens;
}
