using DomainTuning.Chunks;
using DomainTuning.Corpora;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;
using DomainTuning.Training;
using DomainTuning.Tuning.Examples.Structure;
using DomainTuning.Tuning.Formats;

namespace DomainTuning.Tuning.Examples;

/// <summary>
/// Makes what a training sees: the corpus' own questions, questions from structure, questions that a chat model wrote, and what was written by hand; each
/// asked as serving asks, among what the same search finds. The same index, questions and recipe give the same examples again.
/// </summary>
public sealed class ExampleMaker(ExampleSources sources)
{
    /// <summary>Passages that are looked at beyond those shown, to find some that do not answer.</summary>
    private const int Spare = 12;

    /// <summary>Enough to tell a better step from a worse one; more only costs time while training waits.</summary>
    private const int MostValidation = 48;

    private const string NotFound = "the search does not find its passage again";
    private const string Enough = "more than the recipe's most of a kind";

    private readonly Dictionary<string, IReadOnlyList<RankedChunk>> found = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> dropped = new(StringComparer.Ordinal);

    /// <summary>One at a time.</summary>
    /// <exception cref="ExampleException">There is too little to train on, or a file cannot be read.</exception>
    public async Task<ExampleSet> MakeAsync(TrainingRecipe recipe, IProgress<ExampleProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ExampleCheck.Validate(recipe.Examples);
        dropped.Clear();
        var order = new ExampleOrder(recipe.Seed);
        var corpus = await CorpusText.ReadAsync(sources.Index, cancellationToken).ConfigureAwait(false);
        var heldOut = new HeldOut(sources.Questions, corpus, order, recipe.Examples.Validation);

        List<Asked> asked = [];
        if (recipe.Examples.Questions) asked.AddRange(await QuestionsAsync(corpus, heldOut, progress, cancellationToken).ConfigureAwait(false));
        if (recipe.Examples.Structure) asked.AddRange(await KeepAsync(StructureQuestions.Of(corpus, order), "structure", recipe.Examples.MostOfAKind, heldOut, order, progress, cancellationToken).ConfigureAwait(false));
        if (sources.ChatModel is not null)
            asked.AddRange(await KeepAsync(
                await new ChatModelQuestions(sources.ChatModel, corpus, heldOut, order, Drop).WriteAsync(recipe.Examples.ChatModelExamples, progress, cancellationToken).ConfigureAwait(false),
                "chat model", int.MaxValue, heldOut, order, progress, cancellationToken).ConfigureAwait(false));

        asked = ApartFromValidation(asked, heldOut);
        var mixes = new ExampleMixes(new PassageMix(corpus, heldOut, sources.Limits, order, recipe.Examples.Passages), recipe.Examples, order, found, Drop);
        var train = mixes.Write([.. asked.Where(question => heldOut.SplitOf(question.Section) == QuestionSplit.Train)], recipe.Examples.QuestionRepeats);
        var validation = mixes.Write(ForValidation(asked, heldOut, order), 1);
        var hand = ByHand(recipe, heldOut, order);
        return Set(
            [.. order.Shuffle(train.Concat(hand.Where(entry => !entry.IsHeldOut).Select(entry => (entry.Example, "as written"))), "train", entry => entry.Item1.Id)],
            [.. validation.Concat(hand.Where(entry => entry.IsHeldOut).Select(entry => (entry.Example, "as written")))]);
    }

    private async Task<List<Asked>> QuestionsAsync(CorpusText corpus, HeldOut heldOut, IProgress<ExampleProgress>? progress, CancellationToken cancellationToken)
    {
        var kept = new List<Asked>();
        var questions = sources.Questions.Where(question => question.Split != QuestionSplit.Test).ToList();
        foreach (var (i, question) in questions.Index())
        {
            progress?.Report(new ExampleProgress("questions", i, questions.Count));
            var right = question.Evidence.SelectMany(evidence => corpus.Holding(evidence.Document, evidence.Page, evidence.Quote)).DistinctBy(chunk => chunk.Id).ToList();
            if (heldOut.Refuse(question, right) is { } reason)
            {
                Drop(reason);
                continue;
            }

            await SearchAsync(question.Text, cancellationToken).ConfigureAwait(false);
            if (question.IsAnswerable && right.Count == 0) right.AddRange(Nearest(question));
            if (question.IsAnswerable && right.Count == 0) Drop("no chunk holds its evidence");
            else
                kept.Add(new Asked
                {
                    Id = question.Id, Text = question.Text, Kind = "question", Section = SectionName.Parse(question.Section), Answers = question.Answers, Right = right, Evidence = question.Evidence,
                });
        }

        progress?.Report(new ExampleProgress("questions", questions.Count, questions.Count));
        return kept;
    }

    /// <summary>A quote over two chunks is whole in neither: the best-ranked chunk of an evidence page that holds an answer stands for it.</summary>
    private IEnumerable<Chunks.Chunk> Nearest(Question question) => found[question.Text]
        .Where(passage => question.Evidence.Any(evidence => evidence.Document == passage.DocumentPath && passage.Chunk.FirstPage <= evidence.Page && evidence.Page <= passage.Chunk.LastPage)
            && question.Answers.Any(answer => passage.Chunk.Text.Contains(answer, StringComparison.OrdinalIgnoreCase)))
        .Select(passage => passage.Chunk).Take(1);

    /// <summary>Of each kind as many as wanted, in the seed's order: those that may be used, and for which the search finds the right passage.</summary>
    private async Task<List<Asked>> KeepAsync(
        IReadOnlyList<Asked> candidates, string stage, int most, HeldOut heldOut, ExampleOrder order, IProgress<ExampleProgress>? progress, CancellationToken cancellationToken)
    {
        var kept = new List<Asked>();
        var counts = new Dictionary<(string Kind, QuestionSplit Split), int>();
        foreach (var (i, asked) in order.Shuffle(candidates, stage, asked => asked.Id).Index())
        {
            progress?.Report(new ExampleProgress(stage, i, candidates.Count));
            var key = (asked.Kind, heldOut.SplitOf(asked.Section));
            if (heldOut.Refuse(asked) is { } reason) Drop(reason);
            else if (counts.GetValueOrDefault(key) >= most) Drop(Enough);
            else if (!(await SearchAsync(asked.Text, cancellationToken).ConfigureAwait(false)).Take(sources.Retrieval.Top).Any(passage => asked.Right.Any(right => right.Id == passage.Chunk.Id))) Drop(NotFound);
            else
            {
                kept.Add(asked);
                counts[key] = counts.GetValueOrDefault(key) + 1;
            }
        }

        progress?.Report(new ExampleProgress(stage, candidates.Count, candidates.Count));
        return kept;
    }

    /// <summary>The corpus' own questions first: they are what people ask.</summary>
    private static List<Asked> ForValidation(List<Asked> asked, HeldOut heldOut, ExampleOrder order)
    {
        var all = asked.Where(question => heldOut.SplitOf(question.Section) == QuestionSplit.Validation).ToList();
        return [.. order.Shuffle(all, "validation", question => question.Id).OrderBy(question => question.Kind == "question" ? 0 : 1).Take(MostValidation)];
    }

    /// <summary>Made questions know the corpus' own, not each other: what would ask in training nearly what validation asks is left out.</summary>
    private List<Asked> ApartFromValidation(List<Asked> asked, HeldOut heldOut)
    {
        List<Wording> validation = [.. asked.Where(question => heldOut.SplitOf(question.Section) == QuestionSplit.Validation).Select(question => Wording.Of(question.Text))];
        var kept = new List<Asked>(asked.Count);
        foreach (var question in asked)
        {
            var wording = Wording.Of(question.Text);
            if (heldOut.SplitOf(question.Section) == QuestionSplit.Train && validation.Exists(other => other.Likeness(wording) >= Wording.NearDuplicate)) Drop(HeldOut.AcrossSplits);
            else kept.Add(question);
        }

        return kept;
    }

    private List<HandExample> ByHand(TrainingRecipe recipe, HeldOut heldOut, ExampleOrder order)
    {
        var kept = new List<HandExample>();
        foreach (var example in recipe.Examples.Files.SelectMany(file => ExampleFile.Read(Path.Combine(sources.Folder, file))))
        {
            var question = example.Messages.Last(message => message.Role == "user").Content;
            if (heldOut.Refuse(question) is { } reason) Drop(reason);
            else kept.Add(new HandExample(example, order.Draw("hand", question) < recipe.Examples.Validation));
        }

        return kept;
    }

    private async Task<IReadOnlyList<RankedChunk>> SearchAsync(string question, CancellationToken cancellationToken)
    {
        if (found.TryGetValue(question, out var known)) return known;
        var top = sources.Retrieval.Top + Spare;
        var passages = await sources.Retriever.SearchAsync(question, sources.Retrieval with { Top = top, Candidates = Math.Max(sources.Retrieval.Candidates, top) }, ChunkFilter.None, cancellationToken).ConfigureAwait(false);
        return found[question] = passages;
    }

    private ExampleSet Set(List<(TrainingExample Example, string Mix)> train, List<(TrainingExample Example, string Mix)> validation)
    {
        ExampleCheck.Enough(train.Count, validation.Count, dropped);
        var named = sources.Questions.Select(question => question.Section).GroupBy(section => SectionName.Parse(section).Key, StringComparer.Ordinal).ToDictionary(section => section.Key, section => section.First(), StringComparer.Ordinal);
        var ids = sources.Questions.Select(question => question.Id).ToHashSet(StringComparer.Ordinal);
        return new ExampleSet
        {
            Train = [.. train.Select(entry => entry.Example)],
            Validation = [.. validation.Select(entry => entry.Example)],
            Sections = [.. train.Select(entry => entry.Example.Section).OfType<string>().Distinct(StringComparer.Ordinal).Select(section => named.GetValueOrDefault(SectionName.Parse(section).Key, section)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Questions = [.. train.Where(entry => entry.Example.Kind == "question").Select(entry => entry.Example.Id.Split('#')[0]).Where(ids.Contains).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Counts = Count(train.Select(entry => entry.Example.Kind), validation.Select(entry => entry.Example.Kind)),
            Mixes = Count(train.Select(entry => entry.Mix), validation.Select(entry => entry.Mix)),
            Dropped = dropped.OrderByDescending(entry => entry.Value).ToDictionary(StringComparer.Ordinal),
        };
    }

    private static List<ExampleCount> Count(IEnumerable<string> train, IEnumerable<string> validation)
    {
        var (inTrain, inValidation) = (train.CountBy(name => name).ToDictionary(), validation.CountBy(name => name).ToDictionary());
        return [.. inTrain.Keys.Union(inValidation.Keys).Order(StringComparer.Ordinal).Select(name => new ExampleCount(name, inTrain.GetValueOrDefault(name), inValidation.GetValueOrDefault(name)))];
    }

    private void Drop(string reason) => dropped[reason] = dropped.GetValueOrDefault(reason) + 1;

    private sealed record HandExample(TrainingExample Example, bool IsHeldOut);
}
