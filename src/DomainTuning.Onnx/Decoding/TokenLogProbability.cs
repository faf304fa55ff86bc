using System.Text;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Decoding;

/// <summary>
/// A token of an answer and how likely the model held it, before penalties, constraints and temperature. Asked for by "logprobs" (true) and
/// "top_logprobs" (0 to 20) among <see cref="ChatOptions.AdditionalProperties"/>; updates and responses carry a list of these as "logprobs".
/// </summary>
/// <param name="Id">The token.</param>
/// <param name="Bytes">What it adds to the text; rarely whole characters.</param>
/// <param name="LogProbability">Natural logarithm of its probability.</param>
/// <param name="Top">The likeliest tokens at its place, likeliest first; the drawn one is among them only if it was likely enough.</param>
public sealed record TokenLogProbability(int Id, ReadOnlyMemory<byte> Bytes, double LogProbability, IReadOnlyList<TokenLogProbability> Top)
{
    /// <summary>Name of the additional property of updates and responses.</summary>
    public const string Property = "logprobs";

    /// <summary>The bytes as text; parts of characters become U+FFFD.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>The tokens of all updates, in order; null where none were asked for.</summary>
    internal static IReadOnlyList<TokenLogProbability>? Of(IEnumerable<ChatResponseUpdate> updates)
    {
        List<IReadOnlyList<TokenLogProbability>> lists = [.. updates.Select(update => update.AdditionalProperties?.GetValueOrDefault(Property)).OfType<IReadOnlyList<TokenLogProbability>>()];
        return lists.Count == 0 ? null : [.. lists.SelectMany(list => list)];
    }
}
