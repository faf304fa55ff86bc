using System.Diagnostics;
using System.Text;
using DomainTuning.Adapters;
using DomainTuning.Answering;
using DomainTuning.Corpora;
using DomainTuning.Retrieval;
using Microsoft.Extensions.AI;

namespace DomainTuning.Evaluator.Arms;

/// <summary>What a model reads before it answers a question, with the seconds that finding it took.</summary>
public sealed record Reading(IReadOnlyList<RankedChunk> Passages, double Seconds);

/// <summary>
/// A chat model's own short answer: from memory, from what a search finds, or from the evidence page itself. No quote rule stands between the model and the
/// measure; <see cref="AnswererArm"/> measures what a user sees.
/// </summary>
public sealed class ModelArm : EvaluationArm
{
    private readonly IChatClient model;
    private readonly ModelArmOptions options;
    private readonly ModelLimits limits;

    public ModelArm(IChatClient model, ModelArmOptions options)
    {
        (this.model, this.options) = (model, options);
        limits = ModelLimits.Of(model, options.Answering.ContextTokens);
        Identity = $"short answer {ShortAnswerPrompt.Fingerprint}; {options.ModelIdentity}; reads {options.ReadIdentity ?? "nothing"}; {options.Answering.ShortAnswerPassages} passages of {options.Answering.PassageTokens} tokens, {options.Answering.MaxOutputTokens} output tokens, temperature 0";
    }

    public override string Name => options.Name;

    public override string Description => options.Description;

    public override string Identity { get; }

    /// <summary>The adapter that answers, null without one.</summary>
    public ArmAdapter? Adapter => options.Adapter;

    public override string KeyOf(Question question) => options.ReadsEvidence
        ? question.Text + "\n" + string.Join('\n', question.Evidence.Select(evidence => $"{evidence.Document} {evidence.Page} {evidence.Quote}"))
        : question.Text;

    public override async Task<ArmAnswer> AnswerAsync(Question question, CancellationToken cancellationToken = default)
    {
        var start = Stopwatch.GetTimestamp();
        var reading = options.Read is null ? null : await options.Read(question, cancellationToken).ConfigureAwait(false);
        var messages = reading is null ? ShortAnswerPrompt.ClosedBook(question.Text) : ShortAnswerPrompt.WithPassages(question.Text, reading.Passages, limits, options.Answering);
        var (text, usage, first) = (new StringBuilder(), new UsageDetails(), (double?)null);
        var decoding = new ChatOptions { Temperature = 0, MaxOutputTokens = options.Answering.MaxOutputTokens };
        await foreach (var update in model.GetStreamingResponseAsync(messages, decoding, cancellationToken).ConfigureAwait(false))
        {
            if (update.Text.Length > 0) first ??= Stopwatch.GetElapsedTime(start).TotalSeconds;
            text.Append(update.Text);
            foreach (var content in update.Contents.OfType<UsageContent>()) usage.Add(content.Details);
        }

        var answer = text.ToString().Trim();
        return new ArmAnswer
        {
            Text = answer,
            Refused = RefusalWording.Is(answer),
            Passages = [.. (reading?.Passages ?? []).Select(Shown.Passage)],
            PromptTokens = (int)(usage.InputTokenCount ?? 0),
            CompletionTokens = (int)(usage.OutputTokenCount ?? 0),
            Seconds = new AnswerSeconds(reading?.Seconds ?? 0, first, Stopwatch.GetElapsedTime(start).TotalSeconds),
        };
    }
}

/// <summary>The adapter that an arm answers through.</summary>
/// <param name="Id">"model:name".</param>
/// <param name="Place">Null where it lies on another server.</param>
public sealed record ArmAdapter(ArmId Id, AdapterPlace? Place);

/// <summary>What a <see cref="ModelArm"/> is made of.</summary>
public sealed record ModelArmOptions
{
    public required string Name { get; init; }

    public required string Description { get; init; }

    /// <summary>The checkpoint's hash and the adapter's; part of the arm's identity.</summary>
    public required string ModelIdentity { get; init; }

    public ArmAdapter? Adapter { get; init; }

    /// <summary>Null for an answer from memory.</summary>
    public Func<Question, CancellationToken, Task<Reading>>? Read { get; init; }

    /// <summary>Of what is read: the search's, or the index's.</summary>
    public string? ReadIdentity { get; init; }

    /// <summary>What is read depends on the question's evidence, so the evidence decides the answer.</summary>
    public bool ReadsEvidence { get; init; }

    /// <summary>Token budgets. Default: as many output tokens as a short answer may have.</summary>
    public AnsweringOptions Answering { get; init; } = new() { MaxOutputTokens = ShortAnswerPrompt.MaxOutputTokens };
}
