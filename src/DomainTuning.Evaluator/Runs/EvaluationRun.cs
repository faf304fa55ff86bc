using System.Security.Cryptography;
using System.Text;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Arms;
using DomainTuning.Evaluator.Searches;

namespace DomainTuning.Evaluator.Runs;

/// <summary>
/// An evaluation on one page: every search and every arm on the same questions, then scores, pairs and summaries. What was answered before is not answered
/// again; one question's error is its result and never the end of the run.
/// </summary>
public sealed class EvaluationRun(EvaluationRecipe recipe, CorpusChunks corpus, IReadOnlyList<PassageSearch> searches, IReadOnlyList<EvaluationArm> arms)
{
    /// <summary>Results kept of each search: enough for every measure's cut-off.</summary>
    private const int KeptHits = 20;

    /// <summary>Where answers are kept; null keeps nothing.</summary>
    public string? CacheFolder { get; init; }

    public AnswerJudge? Judge { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>What is known of the arms' adapters; one of unknown provenance is noted in the report.</summary>
    public IReadOnlyList<AdapterSummary> Adapters { get; init; } = [];

    /// <summary>The questions of a recipe: its split, and so many of it.</summary>
    public static IReadOnlyList<Question> Choose(IReadOnlyList<Question> questions, EvaluationRecipe recipe)
    {
        var split = questions.Where(question => QuestionFile.NameOf(question.Split) == recipe.Split).ToList();
        if (split.Count == 0) throw new EvaluationException($"No question is in the split '{recipe.Split}'. Choose another with --split.");
        return Spread(split, recipe.Limit);
    }

    /// <summary>So many of the questions, the same ones each time: by the hash of their ids, in the order of the file.</summary>
    public static IReadOnlyList<Question> Spread(IReadOnlyList<Question> questions, int? limit)
    {
        if (limit is not { } count || count >= questions.Count) return questions;
        var spread = questions.OrderBy(question => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(question.Id))), StringComparer.Ordinal).Take(count).ToHashSet();
        return [.. questions.Where(spread.Contains)];
    }

    /// <param name="questions">As <see cref="Choose"/> gives them.</param>
    /// <param name="facts">What was asked, for the result.</param>
    /// <param name="command">What a user typed.</param>
    public async Task<EvaluationResult> RunAsync(
        IReadOnlyList<Question> questions, CorpusFacts facts, string command, IProgress<EvaluationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        recipe.Validate();
        var (start, started) = (Clock.GetTimestamp(), Clock.GetUtcNow());
        var found = new Dictionary<string, IReadOnlyDictionary<string, QuestionSearch>>(StringComparer.Ordinal);
        foreach (var search in searches) found[search.Name] = await FindAsync(search, questions, progress, cancellationToken).ConfigureAwait(false);
        var answered = new Dictionary<string, IReadOnlyDictionary<string, QuestionAnswer>>(StringComparer.Ordinal);
        foreach (var arm in arms) answered[arm.Name] = await AnswerAsync(arm, questions, progress, cancellationToken).ConfigureAwait(false);
        if (Judge is not null)
            foreach (var arm in arms) answered[arm.Name] = await JudgeAsync(Judge, arm, questions, answered[arm.Name], progress, cancellationToken).ConfigureAwait(false);

        IReadOnlyList<QuestionResult> results =
        [
            .. questions.Select(question => new QuestionResult(
                question,
                searches.ToDictionary(search => search.Name, search => found[search.Name][question.Id], StringComparer.Ordinal),
                arms.ToDictionary(arm => arm.Name, arm => answered[arm.Name][question.Id], StringComparer.Ordinal))),
        ];
        var summaries = new Summaries(results, recipe.Seed);
        return new EvaluationResult
        {
            Run = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{started:yyyyMMdd-HHmmss}-{recipe.Split}"),
            StartedAt = started,
            Seconds = Math.Round(Clock.GetElapsedTime(start).TotalSeconds, 1),
            Command = command,
            Program = ProgramIdentity.Version,
            Recipe = recipe,
            Corpus = facts,
            Machine = MachineReading.Read(),
            Notes = [.. Adapters.Select(adapter => adapter.Note).OfType<string>()],
            Adapters = Adapters,
            Searches = [.. searches.Select(summaries.Of)],
            Arms = [.. arms.Select(summaries.Of)],
            SearchPairs = summaries.SearchPairs([.. searches.Select(search => search.Name)]),
            ArmPairs = summaries.ArmPairs([.. arms.Select(arm => arm.Name)]),
            Judge = Judge?.Summarise(results),
            Questions = results,
        };
    }

    private async Task<IReadOnlyDictionary<string, QuestionSearch>> FindAsync(
        PassageSearch search, IReadOnlyList<Question> questions, IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    {
        var made = await EachAsync<QuestionSearch>("search " + search.Name, search.Identity, questions, question => question.Text, async (question, token) =>
        {
            var from = Clock.GetTimestamp();
            var ranked = await search.SearchAsync(question.Text, token).ConfigureAwait(false);
            IReadOnlyList<SearchHit> hits = [.. ranked.Take(KeptHits).Select(hit => new SearchHit(hit.Chunk.Id.ToString(), hit.DocumentPath, hit.Chunk.FirstPage, hit.Chunk.LastPage, hit.Score))];
            return new QuestionSearch(hits, Clock.GetElapsedTime(from).TotalSeconds, null, new Dictionary<string, double>());
        }, progress, cancellationToken, search.PrepareAsync).ConfigureAwait(false);

        var whole = made.ToDictionary(entry => entry.Key, entry => entry.Value.Made ?? new QuestionSearch([], 0, entry.Value.Error, new Dictionary<string, double>()), StringComparer.Ordinal);
        var scoring = new SearchScoring(questions, search, whole.ToDictionary(entry => entry.Key, entry => entry.Value.Hits, StringComparer.Ordinal));
        return whole.ToDictionary(entry => entry.Key, entry => entry.Value with { Scores = scoring.Of(entry.Key) }, StringComparer.Ordinal);
    }

    private async Task<IReadOnlyDictionary<string, QuestionAnswer>> AnswerAsync(
        EvaluationArm arm, IReadOnlyList<Question> questions, IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    {
        var made = await EachAsync<ArmAnswer>(arm.Name, arm.Identity, questions, arm.KeyOf, arm.AnswerAsync, progress, cancellationToken).ConfigureAwait(false);
        return questions.ToDictionary(question => question.Id, question => AnswerScoring.Score(question, made[question.Id].Made, made[question.Id].Error, corpus), StringComparer.Ordinal);
    }

    private async Task<IReadOnlyDictionary<string, QuestionAnswer>> JudgeAsync(
        AnswerJudge judge, EvaluationArm arm, IReadOnlyList<Question> questions, IReadOnlyDictionary<string, QuestionAnswer> answers, IProgress<EvaluationProgress>? progress,
        CancellationToken cancellationToken)
    {
        var asked = questions.Where(question => question.IsAnswerable && answers[question.Id].Answer is { Refused: false }).ToList();
        var made = await EachAsync<string>("judge " + arm.Name, "judge " + judge.Name, asked, question => question.Text + "\n" + answers[question.Id].Answer!.Text,
            (question, token) => judge.JudgeAsync(question, answers[question.Id].Answer!.Text, token), progress, cancellationToken).ConfigureAwait(false);
        return answers.ToDictionary(
            entry => entry.Key, entry => made.TryGetValue(entry.Key, out var verdict) ? entry.Value with { Judgement = verdict.Made ?? AnswerJudge.Failed } : entry.Value, StringComparer.Ordinal);
    }

    /// <summary>Makes a thing for each question, several at once, from the cache where it stands there. Errors are not kept: the next run tries again.</summary>
    private async Task<Dictionary<string, (T? Made, string? Error)>> EachAsync<T>(
        string stage, string identity, IReadOnlyList<Question> questions, Func<Question, string> keyOf, Func<Question, CancellationToken, Task<T>> make,
        IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken, Func<CancellationToken, Task>? prepare = null)
        where T : class
    {
        using var cache = CacheFolder is null ? null : new ContentCache<T>(CacheFolder, stage, identity);
        if (prepare is not null && questions.Any(question => cache?.Find(keyOf(question)) is null)) await prepare(cancellationToken).ConfigureAwait(false);
        var count = new StageCount(stage, questions.Count, progress, Clock);
        var made = new System.Collections.Concurrent.ConcurrentDictionary<string, (T?, string?)>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(questions, new ParallelOptions { MaxDegreeOfParallelism = recipe.Parallel, CancellationToken = cancellationToken }, async (question, token) =>
        {
            var key = keyOf(question);
            var (kept, error) = (cache?.Find(key), (string?)null);
            var value = kept;
            try
            {
                value ??= await make(question, token).ConfigureAwait(false);
                if (kept is null) cache?.Keep(key, value);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                error = $"{e.GetType().Name}: {e.Message}";
            }

            made[question.Id] = (value, error);
            count.Add(kept is not null, error is not null);
        }).ConfigureAwait(false);
        return made.ToDictionary(StringComparer.Ordinal);
    }
}
