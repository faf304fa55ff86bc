using DomainTuning.Chunks;
using DomainTuning.Corpora;
using DomainTuning.Retrieval;

namespace DomainTuning.Tuning.Examples;

/// <summary>
/// Looks at finished examples once more, apart from how they were made: sections and ids of test questions, and wordings that are nearly a test question's
/// or the other split's.
/// </summary>
public static class LeakageCheck
{
    /// <returns>One sentence a finding; none when all is well.</returns>
    public static IReadOnlyList<string> Run(ExampleSet set, IReadOnlyList<Question> questions)
    {
        var findings = new List<string>();
        List<Question> test = [.. questions.Where(question => question.Split == QuestionSplit.Test)];
        var sections = test.Select(question => SectionName.Parse(question.Section).Key).ToHashSet(StringComparer.Ordinal);
        findings.AddRange(set.Sections.Where(section => sections.Contains(SectionName.Parse(section).Key)).Select(section => $"The test section '{section}' is trained on."));
        findings.AddRange(set.Questions.Intersect(test.Select(question => question.Id)).Select(id => $"The test question {id} is trained on."));

        List<(string Id, Wording Wording)> held = [.. test.Select(question => (question.Id, Wording.Of(question.Text)))];
        List<(string Id, Wording Wording)> validation = [.. set.Validation.Select(example => (example.Id, Wording.Of(Question(example))))];
        foreach (var example in set.Train)
        {
            var wording = Wording.Of(Question(example));
            findings.AddRange(held.Where(other => wording.Likeness(other.Wording) >= Wording.NearDuplicate).Select(other => $"{example.Id} asks nearly what the test question {other.Id} asks."));
            findings.AddRange(validation.Where(other => wording.Likeness(other.Wording) >= Wording.NearDuplicate).Select(other => $"{example.Id} of train asks nearly what {other.Id} of validation asks."));
        }

        return findings;
    }

    /// <summary>The last line that asks: prompts with passages end with "Question: …".</summary>
    private static string Question(Training.TrainingExample example)
    {
        var user = example.Messages.Last(message => message.Role == "user").Content;
        var at = user.LastIndexOf("Question: ", StringComparison.Ordinal);
        return at < 0 ? user : user[(at + "Question: ".Length)..].Replace("\nAnswer:", "", StringComparison.Ordinal);
    }
}
