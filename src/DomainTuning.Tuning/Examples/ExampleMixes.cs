using DomainTuning.Retrieval;
using DomainTuning.Training;

namespace DomainTuning.Tuning.Examples;

/// <summary>
/// Divides questions over what stands beside them, by the recipe's shares. Questions without an answer count as those without the right passage; only what
/// they leave of that share is taken from questions that have one.
/// </summary>
internal sealed class ExampleMixes(PassageMix writer, ExampleRecipe recipe, ExampleOrder order, IReadOnlyDictionary<string, IReadOnlyList<RankedChunk>> found, Action<string> drop)
{
    /// <param name="repeats">How often the corpus' own answerable questions are written, each time in another mix or order.</param>
    public List<(TrainingExample Example, string Mix)> Write(IReadOnlyList<Asked> asked, int repeats)
    {
        List<(Asked Asked, string Id)> seen = [.. asked.SelectMany(question => Enumerable.Range(0, question is { Kind: "question", IsAnswerable: true } ? repeats : 1).Select(time => (question, PassageMix.IdOf(question, time))))];
        var without = (int)Math.Round(seen.Count * recipe.WithoutRightPassage) - seen.Count(entry => !entry.Asked.IsAnswerable);
        var closed = (int)Math.Round(seen.Count * recipe.ClosedBook);

        var written = new List<(TrainingExample, string)>();
        foreach (var (question, id) in order.Shuffle(seen, "mix", entry => entry.Id))
        {
            var mix = !question.IsAnswerable ? Mix.Without : without > 0 ? Mix.Without : closed > 0 ? Mix.ClosedBook : Mix.Right;
            var example = writer.Write(question, id, mix, found[question.Text]);
            if (example is null && question.IsAnswerable) (mix, example) = (Mix.Right, writer.Write(question, id, Mix.Right, found[question.Text]));
            if (example is null)
            {
                drop("too few passages that do not answer it");
                continue;
            }

            if (mix == Mix.Without && question.IsAnswerable) without--;
            if (mix == Mix.ClosedBook) closed--;
            written.Add((example, Name(question, mix)));
        }

        return written;
    }

    private static string Name(Asked question, Mix mix) => mix switch
    {
        Mix.Right => "right passage among others",
        Mix.ClosedBook => "closed book",
        _ => question.IsAnswerable ? "without the right passage" : "not in the documents",
    };
}
