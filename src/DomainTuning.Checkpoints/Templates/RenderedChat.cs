namespace DomainTuning.Checkpoints.Templates;

/// <summary>A prompt and where its parts come from. Ranges count UTF-16 units from the start, ascend and do not overlap.</summary>
/// <param name="Text">The prompt.</param>
/// <param name="Trusted">What the template itself wrote. Only here may control tokens be recognised: pass it to <see cref="Tokenizers.Tokenizer.Encode(string, IReadOnlyList{Range})"/>.</param>
/// <param name="Generation">The template's generation blocks: the model's own words, which carry the loss in training. Empty if it has none.</param>
public sealed record RenderedChat(string Text, IReadOnlyList<Range> Trusted, IReadOnlyList<Range> Generation);
