using DomainTuning.Answering;
using DomainTuning.Arms;
using DomainTuning.Checkpoints;
using DomainTuning.Checkpoints.Library;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Arms;
using DomainTuning.Evaluator.Forgetting;
using DomainTuning.Evaluator.Measures.Answers;
using DomainTuning.Evaluator.Runs;
using DomainTuning.Evaluator.Searches;
using DomainTuning.Onnx.Graphs;
using Microsoft.Extensions.AI;

namespace DomainTuning.Evaluator.Advice;

/// <summary>How an advice is measured.</summary>
public sealed record SurveyOptions
{
    /// <summary>No further text is read after this time; what was not measured is named. Default 3 minutes.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>See <see cref="Assumptions"/>. What is assumed is not measured.</summary>
    public IReadOnlyDictionary<string, double> Assumed { get; init; } = new Dictionary<string, double>();
}

/// <summary>
/// Takes the measurements of an advice over a corpus of a workspace, cheapest first, each on a sample that is spread over the corpus and is the same each time.
/// Questions of the test split are never asked: an advice is a choice, and test questions are for what was chosen.
/// </summary>
public sealed class SurveyRun(ArmCatalog catalog, string corpusName, string folder, SurveyOptions options, IProgress<EvaluationProgress>? progress = null, TimeProvider? clock = null)
{
    private const int VocabularyChunks = 300;
    private const int ScoredChunks = 24;

    /// <summary>As long as a piece of the general text: a model is the surer the more of a text it has read.</summary>
    private const int ScoredCharacters = 430;

    private const int EmbeddedChunks = 16;
    private const int Searches = 150;
    private const int Quotes = 50;
    private const int Remembered = 24;

    private readonly TimeProvider clock = clock ?? TimeProvider.System;
    private readonly List<string> missing = [];
    private long start;

    public async Task<AdviceReport> RunAsync(CancellationToken cancellationToken = default)
    {
        start = clock.GetTimestamp();
        var recipe = new EvaluationRecipe { Corpus = corpusName, ChatModel = catalog.Settings.ChatModel, Retrieval = catalog.Retrieval, Reranker = null };
        var bench = await ArmBench.OpenAsync(catalog, recipe, cancellationToken).ConfigureAwait(false);
        var model = await catalog.ChatModelAsync(new ArmId(recipe.ChatModel), cancellationToken).ConfigureAwait(false);
        var open = await catalog.CorpusAsync(corpusName, cancellationToken).ConfigureAwait(false);
        var questions = Questions();

        var survey = await SizeAsync(bench.Corpus, questions, cancellationToken).ConfigureAwait(false);
        survey = await SpeedAsync(survey, bench.Corpus, open, cancellationToken).ConfigureAwait(false);
        survey = Words(survey, bench.Corpus, model);
        survey = await PerplexityAsync(survey, bench.Corpus, model, cancellationToken).ConfigureAwait(false);
        survey = await SearchAsync(survey, bench, questions, cancellationToken).ConfigureAwait(false);
        survey = await QuoteAsync(survey, bench, questions, cancellationToken).ConfigureAwait(false);
        survey = await MemoryAsync(survey, bench, questions, cancellationToken).ConfigureAwait(false);
        return AdviceRules.Advise(survey with { NotMeasured = missing }, clock.GetElapsedTime(start).TotalSeconds);
    }

    private IReadOnlyList<Question> Questions()
    {
        var file = Path.Combine(folder, QuestionFile.Name);
        return File.Exists(file) ? QuestionFile.Read(file) : [];
    }

    private async Task<CorpusSurvey> SizeAsync(CorpusChunks corpus, IReadOnlyList<Question> questions, CancellationToken cancellationToken)
    {
        var lengths = corpus.Chunks.Select(chunk => chunk.TokenCount).Order().ToList();
        var churn = Assumed("churn") ?? await CorpusChurn.OfAsync(Path.Combine(folder, "documents"), corpus.Documents, cancellationToken).ConfigureAwait(false);
        if (churn is null) missing.Add($"churn: there is no folder {Path.Combine(folder, "documents")} to compare the index with; say --assume churn=0.2");
        var machine = MachineReading.Read();
        return new CorpusSurvey
        {
            Corpus = corpusName,
            ChatModel = catalog.Settings.ChatModel,
            Parameters = ParametersOf(catalog.ChatCard(catalog.Settings.ChatModel)),
            Documents = corpus.Documents.Count,
            Chunks = corpus.Chunks.Count,
            MedianChunkTokens = lengths.Count == 0 ? 0 : lengths[lengths.Count / 2],
            Churn = churn,
            Labelled = (int?)Assumed("labelled") ?? questions.Count(question => question.Split == QuestionSplit.Train),
            Questions = questions.CountBy(question => QuestionFile.NameOf(question.Split)).ToDictionary(StringComparer.Ordinal),
            Processor = $"{machine.Processor}, {CpuFeatures.This}",
            Cores = machine.Cores,
            MemoryGigabytes = machine.MemoryGigabytes,
            Assumed = options.Assumed,
        };
    }

    private static long? ParametersOf(ModelCard? card)
    {
        try
        {
            return card is null or { Endpoint: not null } ? null : ChatDimensions.Of(card).Parameters;
        }
        catch (CheckpointException)
        {
            return null;
        }
    }

    private async Task<CorpusSurvey> SpeedAsync(CorpusSurvey survey, CorpusChunks corpus, OpenCorpus open, CancellationToken cancellationToken)
    {
        var gflops = Assumed("gflops") ?? await Task.Run(() => FloatSpeed.Measure(cancellationToken), cancellationToken).ConfigureAwait(false);
        string[] texts = [.. Spread(corpus, EmbeddedChunks).Select(chunk => chunk.EmbeddedText)];
        if (texts.Length == 0) return survey with { Gflops = gflops };
        var from = clock.GetTimestamp();
        await open.Embedder.EmbedPassagesAsync(texts, cancellationToken).ConfigureAwait(false);
        return survey with { Gflops = gflops, ChunksPerSecond = texts.Length / Math.Max(1e-3, clock.GetElapsedTime(from).TotalSeconds) };
    }

    private CorpusSurvey Words(CorpusSurvey survey, CorpusChunks corpus, IChatClient model)
    {
        if (model.GetService(typeof(ModelLimits)) is not ModelLimits limits)
        {
            missing.Add($"vocabulary: {survey.ChatModel} runs elsewhere and its tokenizer is not here; say --assume domainShare=0.3 and --assume tokens=N");
            return survey with { Tokens = (long?)Assumed("tokens") };
        }

        string[] sample = [.. Spread(corpus, VocabularyChunks).Select(chunk => chunk.Text)];
        var (here, general) = (Vocabulary.Of(sample, limits.CountTokens), Vocabulary.Of(GeneralText.Shipped.Pieces, limits.CountTokens));
        var characters = sample.Sum(text => (long)text.Length);
        var tokens = characters == 0 ? 0 : sample.Sum(text => (long)limits.CountTokens(text)) * corpus.Chunks.Sum(chunk => (long)chunk.Text.Length) / characters;
        return survey with { Tokens = (long?)Assumed("tokens") ?? tokens, TokensPerWord = here?.TokensPerWord, GeneralTokensPerWord = general?.TokensPerWord, KnownWords = here?.KnownWords };
    }

    private async Task<CorpusSurvey> PerplexityAsync(CorpusSurvey survey, CorpusChunks corpus, IChatClient model, CancellationToken cancellationToken)
    {
        if (Assumed("perplexityRatio") is not null) return survey;
        if (model.GetService(typeof(TextScorer)) is not TextScorer scorer)
        {
            missing.Add($"perplexity: {survey.ChatModel} gives no probabilities; say --assume perplexityRatio=1.2");
            return survey;
        }

        var general = await ScoreAsync("perplexity, general text", scorer, GeneralText.Shipped.Pieces, cancellationToken).ConfigureAwait(false);
        var here = await ScoreAsync("perplexity, corpus", scorer, [.. Spread(corpus, ScoredChunks).Select(chunk => Beginning(chunk.Text)).Where(text => text.Length > 40)], cancellationToken).ConfigureAwait(false);
        return survey with { GeneralPerplexity = general, Perplexity = here };
    }

    private async Task<double?> ScoreAsync(string stage, TextScorer scorer, IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var scores = await EachAsync(stage, texts, async (text, token) => (await scorer.ScoreAsync([new ScoringRequest("", text)], token).ConfigureAwait(false))[0], cancellationToken).ConfigureAwait(false);
        return scores.Count == 0 ? null : Math.Exp(-scores.Sum(score => score.Sum) / scores.Sum(score => score.LogProbabilities.Count));
    }

    private async Task<CorpusSurvey> SearchAsync(CorpusSurvey survey, ArmBench bench, IReadOnlyList<Question> questions, CancellationToken cancellationToken)
    {
        if (Assumed("page10") is not null) return survey;
        var own = Askable(questions).Where(question => question.Evidence.Count > 0).Select(question => new ProbeQuestion(question.Text, [.. question.Evidence.Select(evidence => (evidence.Document, evidence.Page))])).ToList();
        var probes = own.Count > 0 ? own : HeadingQuestions.Of(bench.Corpus);
        if (probes.Count == 0)
        {
            missing.Add($"retrieval: there are neither questions in {QuestionFile.Name} nor headings to ask for; say --assume page10=0.9");
            return survey;
        }

        var places = await EachAsync("retrieval", Spread(probes, Searches, probe => probe.Text), async (probe, token) =>
        {
            var found = await bench.AsServed.SearchAsync(probe.Text, token).ConfigureAwait(false);
            return found.ToList().FindIndex(hit => probe.Pages.Any(page => page.Document == hit.DocumentPath && page.Page >= hit.Chunk.FirstPage && page.Page <= hit.Chunk.LastPage));
        }, cancellationToken).ConfigureAwait(false);
        Sampled? Within(int first) => places.Count == 0 ? null : new Sampled(places.Average(place => place >= 0 && place < first ? 1.0 : 0), places.Count);
        return survey with { PageAt1 = Within(1), PageAt2 = Within(2), PageAt10 = Within(10), FromHeadings = own.Count == 0 };
    }

    /// <summary>The quote arm and the first passages, on the same answerable questions, so that the two shares can be compared.</summary>
    private async Task<CorpusSurvey> QuoteAsync(CorpusSurvey survey, ArmBench bench, IReadOnlyList<Question> questions, CancellationToken cancellationToken)
    {
        var asked = Answerable(questions, Quotes);
        if (asked.Count == 0)
        {
            missing.Add($"quote: there are no answerable questions of train or validation in {QuestionFile.Name}");
            return survey;
        }

        var arm = await bench.ArmAsync("quote", cancellationToken).ConfigureAwait(false);
        var made = await EachAsync("quote", asked, async (question, token) =>
        {
            bool IsIn(IEnumerable<string> passages) => passages.Take(2).Any(text => Outcomes.Of(question, text, refused: false) == AnswerOutcome.Correct);
            if (Assumed("quote") is not null) return (inFirst: IsIn((await bench.AsServed.SearchAsync(question.Text, token).ConfigureAwait(false)).Select(hit => hit.Chunk.EmbeddedText)), Right: false);
            var answer = await arm.AnswerAsync(question, token).ConfigureAwait(false);
            return (inFirst: IsIn(answer.Passages.Select(passage => passage.Text)), Right: Outcomes.Of(question, answer.Text, answer.Refused) == AnswerOutcome.Correct);
        }, cancellationToken).ConfigureAwait(false);
        if (made.Count == 0) return survey;
        survey = survey with { InFirstPassages = new Sampled(made.Average(entry => entry.inFirst ? 1.0 : 0), made.Count) };
        return Assumed("quote") is not null ? survey : survey with { Quote = new Sampled(made.Average(entry => entry.Right ? 1.0 : 0), made.Count) };
    }

    private async Task<CorpusSurvey> MemoryAsync(CorpusSurvey survey, ArmBench bench, IReadOnlyList<Question> questions, CancellationToken cancellationToken)
    {
        var asked = Answerable(questions, Remembered);
        if (Assumed("closedBook") is not null || asked.Count == 0) return survey;
        var arm = await bench.ArmAsync("base", cancellationToken).ConfigureAwait(false);
        var right = await EachAsync("base from memory", asked, async (question, token) =>
        {
            var answer = await arm.AnswerAsync(question, token).ConfigureAwait(false);
            return Outcomes.Of(question, answer.Text, answer.Refused) == AnswerOutcome.Correct;
        }, cancellationToken).ConfigureAwait(false);
        return right.Count == 0 ? survey : survey with { ClosedBook = new Sampled(right.Average(entry => entry ? 1.0 : 0), right.Count) };
    }

    /// <summary>One after another, so that the budget holds to within one; what the budget left out is named once.</summary>
    private async Task<IReadOnlyList<TMade>> EachAsync<TItem, TMade>(string stage, IReadOnlyList<TItem> items, Func<TItem, CancellationToken, Task<TMade>> make, CancellationToken cancellationToken)
    {
        var count = new StageCount(stage, items.Count, progress, clock);
        var made = new List<TMade>();
        foreach (var item in items)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (clock.GetElapsedTime(start) >= options.Budget)
            {
                missing.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{stage}: {made.Count} of {items.Count}, then the time budget of {options.Budget.TotalMinutes:0.##} minutes was over; say --minutes {Math.Ceiling(options.Budget.TotalMinutes * 2):0}"));
                break;
            }

            try
            {
                made.Add(await make(item, cancellationToken).ConfigureAwait(false));
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The other measurements are worth having all the same.
                missing.Add($"{stage}: {e.Message}");
                return [];
            }

            count.Add(fromCache: false, failed: false);
        }

        return made;
    }

    private static IEnumerable<Question> Askable(IReadOnlyList<Question> questions) => questions.Where(question => question.Split != QuestionSplit.Test);

    private static IReadOnlyList<Question> Answerable(IReadOnlyList<Question> questions, int most) => EvaluationRun.Spread([.. Askable(questions).Where(question => question.IsAnswerable)], most);

    private static IReadOnlyList<DomainTuning.Chunks.Chunk> Spread(CorpusChunks corpus, int most) => Spread(corpus.Chunks, most, chunk => chunk.Id.ToString());

    /// <summary>So many items, the same ones each time: by the hash of their keys.</summary>
    private static IReadOnlyList<T> Spread<T>(IReadOnlyList<T> items, int most, Func<T, string> keyOf) => items.Count <= most ? items
        : [.. items.OrderBy(item => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(keyOf(item)))), StringComparer.Ordinal).Take(most)];

    private static string Beginning(string text) => text.Length <= ScoredCharacters ? text : text[..(char.IsHighSurrogate(text[ScoredCharacters - 1]) ? ScoredCharacters - 1 : ScoredCharacters)];

    private double? Assumed(string name) => options.Assumed.TryGetValue(name, out var value) ? value : null;
}
