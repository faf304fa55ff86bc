using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Chats;
using DomainTuning.Checkpoints.Templates;
using DomainTuning.Training;

namespace DomainTuning.Tuning.Examples;

/// <summary>How long examples are in the base model's own tokens and template.</summary>
public sealed class ExampleLengths(ChatConventions chat)
{
    /// <summary>Upper ends of the histogram's bars; longer examples are in a bar of their own.</summary>
    private static readonly int[] Ends = [128, 256, 384, 512, 640, 768, 896, 1024, 1280, 1536, 2048];

    public int Of(TrainingExample example)
    {
        var rendered = chat.Template.Render(new ChatTemplateInput
        {
            Messages = [.. example.Messages.Select(message => new JsonObject { ["role"] = message.Role, ["content"] = message.Content })],
            BosToken = chat.BosText,
            EosToken = chat.EosText,
        });
        return chat.Tokenizer.Encode(rendered.Text, rendered.Trusted).Count;
    }

    public LengthReport Report(IReadOnlyList<TrainingExample> examples)
    {
        List<int> lengths = [.. examples.Select(Of).Order()];
        var bars = Ends.Prepend(0).Zip(Ends.Append(int.MaxValue), (above, end) => new LengthBar(end == int.MaxValue ? null : end, lengths.Count(length => length > above && length <= end))).Where(bar => bar.Count > 0);
        return new LengthReport(lengths.Sum(length => (long)length), lengths.Count == 0 ? 0 : lengths.Average(), lengths.Count == 0 ? 0 : lengths[lengths.Count / 2], lengths.Count == 0 ? 0 : lengths[^1], [.. bars]);
    }
}

/// <param name="Total">Tokens of all examples, the template's included.</param>
public sealed record LengthReport(long Total, double Mean, int Median, int Longest, IReadOnlyList<LengthBar> Bars);

/// <param name="UpTo">Tokens; null: longer than all other bars.</param>
public sealed record LengthBar(int? UpTo, int Count);
