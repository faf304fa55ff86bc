using static System.FormattableString;

namespace DomainTuning.Evaluator.Advice;

/// <summary>
/// From measured facts to a route. The borders are rules of thumb, each said beside its line: below 10,000 labelled examples LoRA and not continued pre-training; a
/// domain that is less than a tenth of general data asks for training from scratch; facts that change or that nobody outside knows ask for retrieval; who starts cold
/// takes LoRA first and puts retrieval on top. A pure function: the same survey gives the same advice.
/// </summary>
public static class AdviceRules
{
    public const int ManyLabelled = 10_000;
    public const double RareDomain = 0.10;
    public const double Dynamic = 0.10;
    public const double StrangeText = 1.5;
    public const long PretrainingTokens = 10_000_000;
    public const double SearchWorks = 0.8;
    public const double SearchFails = 0.5;
    public const double UnreadAnswers = 0.10;
    public const double KnowsItself = 0.2;

    /// <summary>A night and a day.</summary>
    public const double PatienceHours = 24;

    public static AdviceReport Advise(CorpusSurvey survey, double seconds)
    {
        var facts = new Facts(survey);
        var hours = TrainingHours.Of(survey);
        var (route, why) = Choose(facts, hours);
        return new AdviceReport(survey, [.. Lines(facts, hours)], Sides(facts), hours, route, why, Next(survey, route), Math.Round(seconds, 1));
    }

    private static (string Route, IReadOnlyList<string> Why) Choose(Facts facts, IReadOnlyList<TrainingHours> hours)
    {
        var why = new List<string>();
        if (facts.IsRareDomain)
        {
            var enough = facts.Survey is { Tokens: { } tokens, Parameters: { } weights } && tokens >= (long)TrainingHours.TokensPerWeight * weights;
            if (enough && facts.Fits(hours, Routes.Scratch))
                return (Routes.Scratch, [Invariant($"the domain is {100 * facts.DomainShare!.Value:0} % of general data, and there are tokens and time enough to train from the beginning")]);
            why.Add(Invariant($"the domain's share speaks for training from scratch, for which {(enough ? "this machine is too slow" : "this corpus is too small")}"));
        }

        if (facts.Survey.Labelled >= ManyLabelled && facts.IsStrange != false && facts.Survey.Tokens >= PretrainingTokens && facts.Fits(hours, Routes.ContinuedPretraining))
            return (Routes.ContinuedPretraining, [.. why, Invariant($"{facts.Survey.Labelled} labelled examples and {facts.Survey.Tokens} tokens are enough for it, and it fits into {facts.Patience:0.#} hours")]);

        var needsSearch = facts.IsDynamic || facts.IsPrivate;
        if (needsSearch) why.Add(facts.IsDynamic ? "facts that change are looked up, not learnt" : "facts that the base does not know are looked up: an adapter this small learns form, not facts");
        if (facts.PageAt10 < SearchFails && !needsSearch) return (Routes.Adapter, [.. why, "search does not find the pages, and the facts stand still"]);
        if (facts.PageAt10 < SearchFails) why.Add("search finds too few pages: mend the text extraction and the chunks before anything is trained");
        if (facts.Unread is { } unread && unread < UnreadAnswers && facts.PageAt10 >= SearchWorks)
            return (Routes.Retrieval, [.. why, Invariant($"search finds the pages and the quote already answers all but {100 * unread:0} % of what stands in them: an adapter has little left to win")]);
        if (facts.Unread is { } left && left >= UnreadAnswers) why.Add(Invariant($"{100 * left:0} % of the answers stand in the first passages and are not given: reading is what an adapter can teach"));
        why.Add("the cold start is LoRA, then retrieval on top; `domaintuning evaluate` says whether each is worth it");
        return (Routes.Both, why);
    }

    private static IEnumerable<AdviceLine> Lines(Facts facts, IReadOnlyList<TrainingHours> hours)
    {
        var survey = facts.Survey;
        yield return new(
            Invariant($"{survey.Labelled} labelled examples (train split){facts.Mark("labelled")}"), Invariant($"fewer than {ManyLabelled:N0} speak for LoRA over continued pre-training"),
            survey.Labelled < ManyLabelled ? Routes.Adapter : Routes.ContinuedPretraining, "--assume labelled=N");
        if (survey.Tokens is { } tokens)
            yield return new(
                Invariant($"{tokens:N0} tokens in {survey.Documents} documents, {survey.Chunks} passages of {survey.MedianChunkTokens} tokens (median){facts.Mark("tokens")}"),
                Invariant($"below {PretrainingTokens:N0} tokens continued pre-training learns a corpus by heart before it learns from it"), tokens < PretrainingTokens ? Routes.Adapter : Routes.ContinuedPretraining, "--assume tokens=N");
        if (facts.DomainShare is { } share)
            yield return new(
                facts.Mark("domainShare").Length > 0
                    ? Invariant($"the domain is {100 * share:0} % of general data{facts.Mark("domainShare")}")
                    : Invariant($"{100 * share:0} % of the distinct words are one token of {survey.ChatModel}; {survey.TokensPerWord:0.00} tokens a word, general text {survey.GeneralTokensPerWord:0.00}"),
                "a domain share under 10 % of general data speaks for training from scratch; the words that the base's vocabulary holds stand in for that share", share < RareDomain ? Routes.Scratch : null, "--assume domainShare=0.3");
        if (facts.PerplexityRatio is { } ratio)
            yield return new(
                facts.Mark("perplexityRatio").Length > 0
                    ? Invariant($"perplexity ×{ratio:0.00} of general text{facts.Mark("perplexityRatio")}")
                    : Invariant($"perplexity {survey.Perplexity:0.0} on the corpus, {survey.GeneralPerplexity:0.0} on general text: ×{ratio:0.00}"),
                Invariant($"from ×{StrangeText} on the domain's language is strange to the base and worth adapting to"), ratio >= StrangeText ? Routes.Adapter : Routes.Retrieval, "--assume perplexityRatio=1.2");
        if (survey.Churn is { } churn)
            yield return new(
                Invariant($"{100 * churn:0} % of the documents are new, changed or gone since the last ingestion{facts.Mark("churn")}"), Invariant($"from {100 * Dynamic:0} % on the facts are dynamic, and dynamic facts speak for retrieval"),
                churn >= Dynamic ? Routes.Retrieval : null, "--assume churn=0.2");
        if (facts.Known("private") is { } secret)
            yield return new(secret > 0 ? "the facts are private (assumed)" : "the facts are public (assumed)", "private facts speak for retrieval", secret > 0 ? Routes.Retrieval : null, "--assume private=1");
        if (facts.ClosedBook is { } memory)
            yield return new(
                Invariant($"the base answers {100 * memory:0} % from memory{Over(survey.ClosedBook)}{facts.Mark("closedBook")}"), Invariant($"under {100 * KnowsItself:0} % the facts are as good as private to it, and private facts speak for retrieval"),
                memory < KnowsItself ? Routes.Retrieval : null, "--assume closedBook=0.5");
        if (facts.PageAt10 is { } found)
            yield return new(
                Invariant($"the right page is first for {Percent(survey.PageAt1)}, among the first 2 for {Percent(survey.PageAt2)}, among the first 10 for {100 * found:0} %{Over(survey.PageAt10)}{(survey.FromHeadings ? ", asked questions made from headings" : "")}{facts.Mark("page10")}"),
                Invariant($"from {100 * SearchWorks:0} % on retrieval carries; under {100 * SearchFails:0} % it cannot, and facts must be learnt or the text mended"),
                found >= SearchWorks ? Routes.Retrieval : found < SearchFails ? Routes.Adapter : Routes.Both, "--assume page10=0.9");
        if (facts.Unread is { } unread)
            yield return new(
                Invariant($"{Percent(survey.InFirstPassages)} of the answers stand in the first 2 passages; the quote alone gives {100 * facts.Quote!.Value:0} %{Over(survey.Quote)}{facts.Mark("quote")}"),
                Invariant($"a gap of {100 * UnreadAnswers:0} points or more is reading, which an adapter on top of retrieval can teach; a smaller one leaves it nothing"), unread >= UnreadAnswers ? Routes.Both : Routes.Retrieval, "--assume quote=0.6");
        yield return new(
            Invariant($"{survey.Cores} cores ({survey.Processor}), {survey.MemoryGigabytes:0.#} GB, {facts.GflopsText}{facts.Mark("gflops")}: {string.Join(", ", hours.Where(entry => entry.Hours is not null).Select(entry => $"{entry.Route} {Readable(entry.Hours!.Value)}"))}"),
            Invariant($"what takes more than {facts.Patience:0.#} hours is left to a larger machine"), hours.Where(entry => entry.Hours <= facts.Patience).Select(entry => entry.Route).LastOrDefault(), "--assume gflops=N, --assume hours=N");
        yield return new("nothing has been trained or measured before", "the cold start is LoRA, then retrieval", Routes.Both, "domaintuning evaluate, and believe its table more than this one");
    }

    /// <summary>Each side is a mean of what is known, on scales that run from the smallest to the largest that anyone brings to such a tool.</summary>
    private static IReadOnlyList<AdviceSide> Sides(Facts facts)
    {
        var survey = facts.Survey;
        return
        [
            Side("knowledge complexity",
                (facts.PerplexityRatio is { } ratio ? Math.Log2(ratio) / 2 : null, Invariant($"perplexity ×{facts.PerplexityRatio:0.0} of general text")),
                (1 - facts.DomainShare, Invariant($"{100 * (1 - facts.DomainShare):0} % of the words are no token of the base")),
                (1 - facts.ClosedBook, Invariant($"{100 * (1 - facts.ClosedBook):0} % of the questions not known by heart"))),
            Side("data scale",
                (survey.Tokens is { } tokens ? (Math.Log10(Math.Max(1, tokens)) - 4) / 6 : null, Invariant($"{survey.Tokens:N0} tokens")),
                (Math.Log10(Math.Max(1, survey.Labelled)) / 5, Invariant($"{survey.Labelled} labelled examples"))),
            Side("compute",
                (survey.Gflops is { } gflops ? (Math.Log10(Math.Max(1, gflops)) - 1) / 5 : null, facts.GflopsText),
                (Math.Log2(Math.Max(1, survey.MemoryGigabytes)) / 9, Invariant($"{survey.MemoryGigabytes:0.#} GB"))),
        ];
    }

    private static AdviceSide Side(string name, params (double? Extent, string MadeOf)[] parts)
    {
        var known = parts.Where(part => part.Extent is not null).ToList();
        return new AdviceSide(name, known.Count == 0 ? 0 : Math.Round(known.Average(part => Math.Clamp(part.Extent!.Value, 0, 1)), 2), known.Count == 0 ? "not measured" : string.Join("; ", known.Select(part => part.MadeOf)));
    }

    private static IReadOnlyList<string> Next(CorpusSurvey survey, string route)
    {
        string[] train = [$"domaintuning train {survey.Corpus}"];
        string[] measure = [$"domaintuning evaluate {survey.Corpus}"];
        return route switch
        {
            Routes.Retrieval => [$"domaintuning evaluate fit {survey.Corpus}", .. measure],
            Routes.Adapter or Routes.Both => survey.Labelled == 0 ? [$"write questions into corpora/{survey.Corpus}/questions.jsonl (`domaintuning questions check {survey.Corpus}`)", .. train, .. measure] : [.. train, .. measure],
            _ => [.. measure],
        };
    }

    private static string Over(Sampled? sampled) => sampled is null ? "" : Invariant($" (n = {sampled.Questions})");

    private static string Percent(Sampled? sampled) => sampled is null ? "an unknown share" : Invariant($"{100 * sampled.Share:0} %");

    internal static string Readable(double hours) => hours switch
    {
        < 1 => Invariant($"{Math.Max(1, Math.Round(60 * hours)):0} min"),
        < 100 => Invariant($"{hours:0.0} h"),
        < 24 * 365 => Invariant($"{hours / 24:0} days"),
        _ => Invariant($"{hours / 24 / 365:0} years"),
    };

    /// <summary>Measured values with the assumed ones in their place.</summary>
    private sealed class Facts(CorpusSurvey survey)
    {
        public CorpusSurvey Survey { get; } = survey;

        public double? DomainShare => Known("domainShare") ?? Survey.KnownWords;

        public double? PerplexityRatio => Known("perplexityRatio") ?? (Survey is { Perplexity: { } here, GeneralPerplexity: { } general } ? here / general : null);

        public double? ClosedBook => Known("closedBook") ?? Survey.ClosedBook?.Share;

        public double? PageAt10 => Known("page10") ?? Survey.PageAt10?.Share;

        public double? Quote => Known("quote") ?? Survey.Quote?.Share;

        public double Patience => Known("hours") ?? PatienceHours;

        public bool IsRareDomain => DomainShare < RareDomain;

        public bool? IsStrange => PerplexityRatio is { } ratio ? ratio >= StrangeText : null;

        public bool IsDynamic => Survey.Churn >= Dynamic;

        public bool IsPrivate => Known("private") is { } said ? said > 0 : ClosedBook < KnowsItself;

        /// <summary>Answers that are in the first passages and that the quote does not give.</summary>
        public double? Unread => Survey.InFirstPassages is { } there && Quote is { } given ? Math.Max(0, there.Share - given) : null;

        public string GflopsText => Survey.Gflops is { } gflops ? Invariant($"{gflops:0} GFLOPS") : "speed not measured";

        public double? Known(string name) => Survey.Assumed.TryGetValue(name, out var value) ? value : null;

        public string Mark(string name) => Survey.Assumed.ContainsKey(name) ? " (assumed)" : "";

        public bool Fits(IReadOnlyList<TrainingHours> hours, string route) => hours.First(entry => entry.Route == route).Hours <= Patience;
    }
}
