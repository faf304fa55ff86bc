using System.Diagnostics;
using System.Runtime.CompilerServices;
using DomainTuning.Answering.Quotes;
using DomainTuning.Embeddings;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;
using Microsoft.Extensions.AI;

namespace DomainTuning.Answering;

/// <summary>
/// Answers questions from an index, quote first: what leads is a stretch of a passage that was found verbatim on its page; a model's sentences stand beside it
/// as far as a quote supports them. Without a model the quotes are the whole answer (<c>quote@corpus</c>). Thread-safe; disposes none of its parts.
/// </summary>
public sealed class Answerer
{
    /// <summary>Quotes kept to support the model's sentences, beyond those that are cited.</summary>
    private const int SupportingQuotes = 8;

    /// <summary>Answerers come and go with requests; an index stays, and with it what was measured on it.</summary>
    private static readonly ConditionalWeakTable<ChunkIndex, MeasuredScales> Scales = new();

    /// <summary>One or two sentences or table rows; windows of 30 words as measured in FACTS 16.</summary>
    private static readonly QuoteLengths Lengths = new(MaxWords: 45, WindowWords: 30);

    private readonly ChunkIndex index;
    private readonly Retriever retriever;
    private readonly Embedder embedder;
    private readonly AnsweringModel? model;
    private readonly ShortAnswers? shortAnswers;
    private readonly AnsweringOptions options;

    /// <param name="embedder">The one that the index was built with.</param>
    /// <param name="model">Any chat model: the local engine, OpenAI, Ollama …; null for extractive answers.</param>
    public Answerer(ChunkIndex index, Retriever retriever, Embedder embedder, IChatClient? model, AnsweringOptions options)
    {
        options.Validate();
        (this.index, this.retriever, this.embedder, this.options) = (index, retriever, embedder, options);
        this.model = model is null ? null : new AnsweringModel(model, options);
        shortAnswers = model is null || !options.AnswersShortly ? null : new ShortAnswers(model, options);
    }

    /// <summary>The whole answer at once: the last update of <see cref="StreamAsync"/>.</summary>
    public async Task<Answer> AnswerAsync(IReadOnlyList<ChatMessage> conversation, ChunkFilter filter, CancellationToken cancellationToken = default)
    {
        await foreach (var update in StreamAsync(conversation, filter, cancellationToken).ConfigureAwait(false))
            if (update.Final is { } answer)
                return answer;
        throw new UnreachableException("A stream of updates ends with the answer.");
    }

    /// <summary>Passages first, then the lead quote at once, the model's verified sentences as they complete, further quotes, and last the whole answer.</summary>
    /// <param name="conversation">Oldest first; the last message is the user's question. System and tool messages are not read.</param>
    /// <param name="filter">Which chunks may be read.</param>
    /// <exception cref="ArgumentException">The conversation does not end with a question.</exception>
    public async IAsyncEnumerable<AnswerUpdate> StreamAsync(
        IReadOnlyList<ChatMessage> conversation, ChunkFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var clock = new AnswerClock();
        var usage = new TokenUsage();

        var question = await StandaloneAsync(conversation, usage, cancellationToken).ConfigureAwait(false);
        clock.Generated();
        var passages = await retriever.SearchAsync(question, options.Retrieval, filter, cancellationToken).ConfigureAwait(false);
        clock.Retrieved();
        yield return new AnswerUpdate { Passages = passages };

        var terms = await QuestionTerms.OfAsync(question, index, filter, cancellationToken).ConfigureAwait(false);
        var ranked = await RankedQuote.RankAsync(terms, passages, embedder, options.EmbeddedCandidates, Lengths, cancellationToken).ConfigureAwait(false);
        var evidence = Evidence.Of(terms, passages, ranked, await ScaleAsync(question, cancellationToken).ConfigureAwait(false));
        var picked = evidence.Score < options.MinEvidence
            ? new PickedQuotes([], 0)
            : await PickedQuotes.PickAsync(ranked, index, model is null ? options.MaxCitations : Math.Max(SupportingQuotes, options.MaxCitations), cancellationToken).ConfigureAwait(false);
        clock.Quoted();

        var brief = picked.Quotes.Count == 0 || shortAnswers is null ? null : await shortAnswers.AskAsync(question, passages, usage, cancellationToken).ConfigureAwait(false);
        if (picked.Quotes.Count == 0 || Refuses(brief))
        {
            yield return new AnswerUpdate { Text = AnswerComposer.NotInDocuments };
            yield return new AnswerUpdate
            {
                Final = new Answer
                {
                    Text = AnswerComposer.NotInDocuments, NotInDocuments = true, SearchedQuestion = question, Passages = passages, Evidence = evidence,
                    Probability = brief?.Probability, RefusalProbability = brief?.RefusalProbability, DroppedCitations = picked.Dropped, Usage = usage.ToAnswerUsage(), Timings = clock.Read(),
                },
            };
            yield break;
        }

        var composer = new AnswerComposer(question, picked.Quotes, options.MaxCitations);
        var standing = brief is null || !IsSure(brief) ? null : await StandingInAsync(brief, ranked, passages, cancellationToken).ConfigureAwait(false);
        foreach (var update in standing is null ? composer.Lead() : composer.Brief(brief!.Text, standing)) yield return update;
        if (model is not null && shortAnswers is null)
            await foreach (var sentence in model.SentencesAsync(question, passages, usage, cancellationToken).ConfigureAwait(false))
                foreach (var update in composer.Sentence(sentence))
                    yield return update;
        if (standing is null)
            foreach (var update in composer.Rest())
                yield return update;
        clock.Generated();

        yield return new AnswerUpdate
        {
            Final = new Answer
            {
                Text = composer.Text, Citations = composer.Citations, SearchedQuestion = question, Passages = passages, Evidence = evidence, Probability = brief?.Probability, RefusalProbability = brief?.RefusalProbability, DroppedSentences = composer.DroppedSentences,
                DroppedCitations = picked.Dropped, Usage = usage.ToAnswerUsage(), Timings = clock.Read(),
            },
        };
    }

    // A model without probabilities is taken at its word.
    private bool Refuses(ShortAnswer? brief) => brief is not null && (brief.RefusalProbability is { } probability ? probability >= options.RefusalFrom : brief.IsRefusal);

    private bool IsSure(ShortAnswer brief) => !brief.IsRefusal && (brief.Probability ?? 1) >= options.LeastShortAnswer;

    /// <summary>The best quote that holds the words of a short answer, letter by letter, in what the model read; null when none does.</summary>
    private async Task<VerifiedQuote?> StandingInAsync(ShortAnswer brief, IReadOnlyList<RankedQuote> ranked, IReadOnlyList<RankedChunk> passages, CancellationToken cancellationToken)
    {
        // What was not near enough to the question to be embedded is as good a witness as the model is sure.
        var further = passages.Take(options.ShortAnswerPassages).SelectMany(passage => QuoteCandidate.Of(passage, Lengths)).Select(candidate => new RankedQuote(candidate, brief.Probability ?? 0, 0, 0));
        var holding = ranked.Concat(further).Where(quote => QuoteFinder.Holds(quote.Candidate.Text, brief.Text)).ToList();
        return (await PickedQuotes.PickAsync(holding, index, 1, cancellationToken).ConfigureAwait(false)).Quotes is [var quote, ..] ? quote : null;
    }

    /// <summary>Measured at the first question of each script, and again when the index has grown or shrunk; two callers at once measure the same.</summary>
    private async Task<CosineScale> ScaleAsync(string question, CancellationToken cancellationToken)
    {
        var script = question.AsSpan().ContainsAnyInRange('\u4E00', '\u9FFF') ? 1 : 0;
        var chunks = await index.CountAsync(ChunkFilter.None, cancellationToken).ConfigureAwait(false);
        var measured = Scales.GetOrCreateValue(index).OfScript;
        if (measured[script] is { } known && known.Chunks == chunks) return known.Scale;
        var scale = await CosineScale.MeasureAsync(script == 1, index, embedder, cancellationToken).ConfigureAwait(false);
        measured[script] = new MeasuredScale(chunks, scale);
        return scale;
    }

    /// <param name="Chunks">How many the index had.</param>
    private sealed record MeasuredScale(int Chunks, CosineScale Scale);

    private sealed class MeasuredScales
    {
        /// <summary>Latin, Chinese.</summary>
        public MeasuredScale?[] OfScript { get; } = new MeasuredScale?[2];
    }

    private async Task<string> StandaloneAsync(IReadOnlyList<ChatMessage> conversation, TokenUsage usage, CancellationToken cancellationToken)
    {
        if (conversation.Count == 0 || conversation[^1].Role != ChatRole.User || string.IsNullOrWhiteSpace(conversation[^1].Text))
            throw new ArgumentException("A conversation must end with the user's question; it " + (conversation.Count == 0 ? "is empty." : $"ends with a message of role '{conversation[^1].Role}' and {conversation[^1].Text.Length} letters."), nameof(conversation));

        string[] questions = [.. conversation.Where(message => message.Role == ChatRole.User).Select(message => message.Text.Trim()).Where(text => text.Length > 0)];
        var question = questions[^1];
        if (questions.Length == 1 || !FollowUp.PointsBack(question)) return question;

        if (model is not null && await model.RewriteAsync(conversation, usage, cancellationToken).ConfigureAwait(false) is { } rewritten
            && FollowUp.Accepts(rewritten, question, [.. conversation.SkipLast(1).Where(message => message.Role != ChatRole.System).Select(message => message.Text)]))
            return rewritten;
        return FollowUp.Standalone(questions);
    }
}
