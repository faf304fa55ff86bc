using System.Diagnostics;
using DomainTuning.Answering;
using DomainTuning.Arms;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Runs;
using DomainTuning.Evaluator.Searches;
using DomainTuning.Retrieval;
using Microsoft.Extensions.AI;

namespace DomainTuning.Evaluator.Arms;

/// <summary>
/// Sets up what a recipe names: the searches, and the arms by their short names or model ids, over the models and corpora of a workspace. The catalog owns the
/// models.
/// </summary>
public sealed class ArmBench
{
    /// <summary>What a search returns here: deeper than a prompt needs, so that every measure has its cut-off.</summary>
    private const int Depth = 20;

    private readonly ArmCatalog catalog;
    private readonly EvaluationRecipe recipe;
    private readonly OpenCorpus open;
    private readonly Retriever retriever;
    private readonly string rerankerIdentity;

    private ArmBench(ArmCatalog catalog, EvaluationRecipe recipe, OpenCorpus open, CorpusChunks corpus, PlainBaseline plain, Retriever plainRetriever, Retriever retriever)
    {
        (this.catalog, this.recipe, this.open, this.retriever, Corpus) = (catalog, recipe, open, retriever, corpus);
        rerankerIdentity = recipe.Reranker is null ? "none" : $"{recipe.Reranker} ({ModelIdentity.Of(catalog, recipe.ChatModel)})";
        var deep = recipe.Retrieval with { Top = Depth };
        var served = new CorpusSearch("hybrid", $"BM25 + the embedder, min-max, weight {Number(deep.DenseWeight)} on the embedder", corpus, plainRetriever, deep);
        Searches =
        [
            plain,
            new CorpusSearch("lexical", "BM25 over chunks with their headings", corpus, plainRetriever, deep with { Mode = SearchMode.Lexical }),
            new CorpusSearch("dense", "the embedder over chunks with their headings", corpus, plainRetriever, deep with { Mode = SearchMode.Dense }),
            served,
        ];
        AsServed = served;
        if (recipe.Reranker is null) return;
        AsServed = new CorpusSearch(
            "hybrid+" + recipe.Reranker, $"the hybrid's first {deep.Reranked} read again by {recipe.Reranker}, weight {Number(deep.RerankWeight)}", corpus, retriever, deep, rerankerIdentity);
        Searches = [.. Searches, AsServed];
    }

    public CorpusChunks Corpus { get; }

    /// <summary>The plain baseline, both halves of the hybrid, the hybrid, and the hybrid with its reranker where the recipe names one.</summary>
    public IReadOnlyList<PassageSearch> Searches { get; }

    /// <summary>The search that a user gets, as deep as every measure needs.</summary>
    public PassageSearch AsServed { get; }

    public static async Task<ArmBench> OpenAsync(ArmCatalog catalog, EvaluationRecipe recipe, CancellationToken cancellationToken = default)
    {
        recipe.Validate();
        var open = await catalog.CorpusAsync(recipe.Corpus, cancellationToken).ConfigureAwait(false);
        var corpus = await CorpusChunks.ReadAsync(open.Index, cancellationToken).ConfigureAwait(false);
        var plain = new PlainBaseline(corpus, open.Embedder);
        // A time budget would make a ranking depend on the machine's load; latencies are reported beside.
        var unhurried = new LikelihoodOptions { Budget = Timeout.InfiniteTimeSpan };
        var reranker = recipe.Reranker is null ? null : await catalog.RerankerAsync(recipe.Reranker, unhurried, cancellationToken).ConfigureAwait(false);
        return new ArmBench(catalog, recipe, open, corpus, plain, new Retriever(open.Index, open.Embedder), new Retriever(open.Index, open.Embedder, reranker));
    }

    /// <summary>The recipe's arms in its order, or all that exist.</summary>
    public async Task<IReadOnlyList<EvaluationArm>> ArmsAsync(CancellationToken cancellationToken = default)
    {
        var arms = new List<EvaluationArm>();
        foreach (var name in recipe.Arms.Count > 0 ? recipe.Arms : ["base", "quote", "rag", "product", "oracle", .. Adapters.SelectMany(ArmsOf)])
            arms.AddRange(await OpenAsync(name, cancellationToken).ConfigureAwait(false));
        var twice = arms.CountBy(arm => arm.Name, StringComparer.Ordinal).FirstOrDefault(entry => entry.Value > 1).Key;
        return twice is null ? arms : throw new ArgumentException($"The arm '{twice}' is named twice in --arms.");
    }

    /// <summary>One arm by its short name or model id.</summary>
    public async Task<EvaluationArm> ArmAsync(string name, CancellationToken cancellationToken = default) => (await OpenAsync(name, cancellationToken).ConfigureAwait(false))[0];

    private IEnumerable<ArmId> Adapters => catalog.List().Where(arm => arm.Adapter is not null && arm.Model == recipe.ChatModel && arm.Corpus is null);

    private IEnumerable<string> ArmsOf(ArmId adapter) => [adapter.ToString(), (adapter with { Corpus = recipe.Corpus }).ToString()];

    private async Task<IReadOnlyList<EvaluationArm>> OpenAsync(string name, CancellationToken cancellationToken) => name switch
    {
        "base" => [await ModelAsync(name, new ArmId(recipe.ChatModel), cancellationToken).ConfigureAwait(false)],
        "rag" => [await ModelAsync(name, new ArmId(recipe.ChatModel, null, recipe.Corpus), cancellationToken).ConfigureAwait(false)],
        "oracle" => [await OracleAsync(cancellationToken).ConfigureAwait(false)],
        "quote" => [Answering(name, "the best verbatim quotes, no language model (quote@" + recipe.Corpus + ")", null)],
        "product" => [Answering(name, $"what a user sees: the quote, then the sentences of {recipe.ChatModel} that it supports", await catalog.ChatModelAsync(new ArmId(recipe.ChatModel), cancellationToken).ConfigureAwait(false))],
        "adapter" => [await ModelAsync(name, OnlyAdapter(), cancellationToken).ConfigureAwait(false)],
        "product+adapter" => [await ProductAsync(name, OnlyAdapter()).ConfigureAwait(false)],
        "rag+adapter" => [await ModelAsync(name, OnlyAdapter() with { Corpus = recipe.Corpus }, cancellationToken).ConfigureAwait(false)],
        _ when ArmId.Parse(name) is { IsExtractive: true } quote => [Answering(name, "the best verbatim quotes, no language model", null, quote)],
        _ => [await ModelAsync(name, ArmId.Parse(name), cancellationToken).ConfigureAwait(false)],
    };

    private ArmId OnlyAdapter() => Adapters.ToList() switch
    {
        [var only] => only,
        [] => throw new UnknownArmException($"There is no adapter for '{recipe.ChatModel}'. Train one, or leave the arms 'adapter' and 'rag+adapter' out of --arms."),
        var several => throw new UnknownArmException($"There are several adapters: {string.Join(", ", several)}. Name one in --arms by its model id."),
    };

    private async Task<EvaluationArm> ModelAsync(string name, ArmId arm, CancellationToken cancellationToken)
    {
        CheckCorpus(arm);
        var model = await catalog.ChatModelAsync(arm, cancellationToken).ConfigureAwait(false);
        var adapter = ModelIdentity.PlaceOf(catalog, arm);
        var with = arm.Adapter is null ? arm.Model : $"{arm.Model} with adapter {arm.Adapter}";
        return new ModelArm(model, new ModelArmOptions
        {
            Name = name,
            Description = arm.Corpus is null ? $"{with} from memory, short answer" : $"{with}, short answer from the passages of {AsServed.Name}",
            ModelIdentity = ModelIdentity.Of(catalog, arm.Model, adapter, model),
            Adapter = arm.Adapter is null ? null : new ArmAdapter(arm with { Corpus = null }, adapter),
            Read = arm.Corpus is null ? null : Timed((question, token) => SearchAsync(question.Text, token)),
            ReadIdentity = arm.Corpus is null ? null : ReadIdentity,
            Answering = catalog.Asking(arm) is { } asking ? ShortAnswering with { ShortAnswerPassages = asking.Passages } : ShortAnswering,
        });
    }

    private async Task<EvaluationArm> ProductAsync(string name, ArmId arm)
    {
        var model = await catalog.ChatModelAsync(arm).ConfigureAwait(false);
        return Answering(name, $"what a user of {arm}@{recipe.Corpus} sees: the short answer that the adapter is sure of, cited; otherwise the quote", model, arm);
    }

    private async Task<EvaluationArm> OracleAsync(CancellationToken cancellationToken)
    {
        var model = await catalog.ChatModelAsync(new ArmId(recipe.ChatModel), cancellationToken).ConfigureAwait(false);
        return new ModelArm(model, new ModelArmOptions
        {
            Name = "oracle",
            Description = $"{recipe.ChatModel}, short answer from the evidence pages themselves",
            ModelIdentity = ModelIdentity.Of(catalog, recipe.ChatModel, null, model),
            Read = Timed(new EvidenceReading(Corpus, AsServed).ReadAsync),
            ReadIdentity = "evidence pages, else " + ReadIdentity,
            ReadsEvidence = true,
            Answering = ShortAnswering,
        });
    }

    private AnswererArm Answering(string name, string description, IChatClient? model, ArmId? named = null)
    {
        if (named is not null) CheckCorpus(named);
        var options = new AnsweringOptions { Retrieval = recipe.Retrieval, PassageTokens = recipe.PassageTokens }.For(named is null ? null : catalog.Asking(named));
        var identity = $"answer; {(model is null ? "no model" : ModelIdentity.Of(catalog, recipe.ChatModel, named is null ? null : ModelIdentity.PlaceOf(catalog, named), model))}; {ReadIdentity}; {options}; {ProgramIdentity.Of(typeof(Answerer))}";
        return new AnswererArm(name, description, identity, new Answerer(open.Index, retriever, open.Embedder, model, options));
    }

    private AnsweringOptions ShortAnswering => new() { MaxOutputTokens = ShortAnswerPrompt.MaxOutputTokens, PassageTokens = recipe.PassageTokens, ShortAnswerPassages = recipe.Passages };

    private string ReadIdentity => $"{Corpus.Identity}; {recipe.Retrieval}; reranker {rerankerIdentity}; {ProgramIdentity.Of(typeof(Retriever))}";

    private async Task<IReadOnlyList<RankedChunk>> SearchAsync(string question, CancellationToken cancellationToken) =>
        [.. (await AsServed.SearchAsync(question, cancellationToken).ConfigureAwait(false)).Take(recipe.Retrieval.Top)];

    private static Func<Question, CancellationToken, Task<Reading>> Timed(Func<Question, CancellationToken, Task<IReadOnlyList<RankedChunk>>> read) => async (question, cancellationToken) =>
    {
        var start = Stopwatch.GetTimestamp();
        var passages = await read(question, cancellationToken).ConfigureAwait(false);
        return new Reading(passages, Stopwatch.GetElapsedTime(start).TotalSeconds);
    };

    private void CheckCorpus(ArmId arm)
    {
        if (arm.Corpus is not null && arm.Corpus != recipe.Corpus)
            throw new ArgumentException($"The arm '{arm}' reads another corpus than the questions are about ({recipe.Corpus}).");
    }

    private static string Number(double value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
