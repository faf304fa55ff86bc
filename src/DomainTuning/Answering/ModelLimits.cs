using System.Text;
using Microsoft.Extensions.AI;

namespace DomainTuning.Answering;

/// <summary>What a chat model can take. A client offers it through <c>IChatClient.GetService(typeof(ModelLimits))</c>.</summary>
/// <param name="ContextTokens">Prompt and answer together.</param>
/// <param name="CountTokens">Tokens of a text in the model's own tokenizer, without control tokens.</param>
public sealed record ModelLimits(int ContextTokens, Func<string, int> CountTokens)
{
    /// <summary>The model's own limits, or <paramref name="assumedContext"/> with an estimate that errs on the high side: three bytes a token.</summary>
    public static ModelLimits Of(IChatClient model, int assumedContext) =>
        model.GetService(typeof(ModelLimits)) as ModelLimits ?? new ModelLimits(assumedContext, text => (Encoding.UTF8.GetByteCount(text) + 2) / 3);
}
