using DomainTuning.Chunks;
using DomainTuning.Corpora;
using DomainTuning.Retrieval;

namespace DomainTuning.Tuning.Examples;

/// <summary>
/// What training must not see, and which split the rest belongs to. The corpus' questions say it for the sections that they are about; further sections are
/// drawn. Nothing of a test section is asked or shown; a question made from structure also keeps off the pages and chunks that answer a test question,
/// because nobody has read it.
/// </summary>
internal sealed class HeldOut
{
    public const string InTestSection = "stands in a test section";
    public const string OnTestPage = "stands on a page that answers a test question";
    public const string InTestChunk = "stands in a chunk that answers a test question";
    public const string AsksLikeTest = "asks nearly what a test question asks";
    public const string AcrossSplits = "asks nearly what a question of the other split asks, or shares its evidence";

    private readonly ExampleOrder order;
    private readonly double validation;
    private readonly Dictionary<string, QuestionSplit> sections;
    private readonly HashSet<(string Document, int Page)> testPages;
    private readonly Dictionary<QuestionSplit, HashSet<ChunkId>> chunks;
    private readonly Dictionary<QuestionSplit, List<Wording>> wordings;

    public HeldOut(IReadOnlyList<Question> questions, CorpusText corpus, ExampleOrder order, double validation)
    {
        (this.order, this.validation) = (order, validation);
        sections = questions.GroupBy(question => SectionName.Parse(question.Section).Key, StringComparer.Ordinal)
            .ToDictionary(section => section.Key, section => section.Max(question => question.Split), StringComparer.Ordinal);
        testPages = [.. questions.Where(question => question.Split == QuestionSplit.Test).SelectMany(question => question.Evidence).Select(evidence => (evidence.Document, evidence.Page))];
        chunks = Enum.GetValues<QuestionSplit>().ToDictionary(split => split, split => questions.Where(question => question.Split == split)
            .SelectMany(question => question.Evidence).SelectMany(evidence => corpus.Holding(evidence.Document, evidence.Page, evidence.Quote)).Select(chunk => chunk.Id).ToHashSet());
        wordings = Enum.GetValues<QuestionSplit>().ToDictionary(split => split, split => questions.Where(question => question.Split == split).Select(question => Wording.Of(question.Text)).ToList());
        foreach (var chunk in corpus.Chunks.Where(chunk => chunks[QuestionSplit.Test].Contains(chunk.Id) || Sections(corpus.PathOf(chunk), chunk).Any(section => SplitOf(section) == QuestionSplit.Test)))
            TestChunks.Add(chunk.Id);
    }

    /// <summary>Chunks of test sections, and those that answer a test question: no prompt shows them.</summary>
    public HashSet<ChunkId> TestChunks { get; } = [];

    /// <summary>Test for what no split may have.</summary>
    public QuestionSplit SplitOf(SectionName section) => sections.TryGetValue(section.Key, out var split) ? split
        : order.Draw("section", section.Key) < validation ? QuestionSplit.Validation : QuestionSplit.Train;

    /// <summary>Why a question of the corpus may not be used in its split; null when it may.</summary>
    public string? Refuse(Question question, IReadOnlyList<Chunk> right)
    {
        if (SplitOf(SectionName.Parse(question.Section)) != question.Split) return InTestSection;
        if (right.Any(chunk => chunks[QuestionSplit.Test].Contains(chunk.Id))) return InTestChunk;
        return IsLike(Wording.Of(question.Text), QuestionSplit.Test) ? AsksLikeTest : null;
    }

    /// <summary>Why a question that was made from a chunk may not be used; null when it may, in the split of its section.</summary>
    public string? Refuse(Asked asked)
    {
        var split = SplitOf(asked.Section);
        if (split == QuestionSplit.Test) return InTestSection;
        if (asked.Right.Any(chunk => TestChunks.Contains(chunk.Id))) return InTestChunk;
        if (asked.Evidence.Any(evidence => testPages.Contains((evidence.Document, evidence.Page)))) return OnTestPage;
        var wording = Wording.Of(asked.Text);
        if (IsLike(wording, QuestionSplit.Test)) return AsksLikeTest;
        var other = split == QuestionSplit.Train ? QuestionSplit.Validation : QuestionSplit.Train;
        return IsLike(wording, other) || asked.Right.Any(chunk => chunks[other].Contains(chunk.Id)) ? AcrossSplits : null;
    }

    /// <summary>For what was written by hand, of which only the wording is known.</summary>
    public string? Refuse(string question) => IsLike(Wording.Of(question), QuestionSplit.Test) ? AsksLikeTest : null;

    private bool IsLike(Wording wording, QuestionSplit split) => wordings[split].Exists(other => wording.Likeness(other) >= Wording.NearDuplicate);

    private static IEnumerable<SectionName> Sections(string path, Chunk chunk) =>
        chunk.Text.Split('\n').Where(SectionName.IsHeading).Select(string? (line) => line).Prepend(null).Select(inline => SectionName.Of(path, chunk, inline));
}
