using System.Text.Json;

namespace DomainTuning.Tests.Answering;

/// <summary>The questions over corpora/cnc with which the defaults of answering were chosen (docs/log.md).</summary>
public sealed class QuestionsTests
{
    [Fact]
    public void EveryAnswerableQuestionNamesItsEvidence()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Path("answering", "questions.json")));
        var questions = json.RootElement.EnumerateArray().ToList();

        Assert.True(questions.Count >= 60);
        Assert.Equal(questions.Count, questions.Select(question => question.GetProperty("id").GetString()).Distinct().Count());
        foreach (var question in questions)
        {
            var answerable = question.GetProperty("kind").GetString() is "answerable" or "paraphrased";
            Assert.Equal(answerable, question.GetProperty("answers").GetArrayLength() > 0);
            if (answerable) Assert.True(File.Exists(Path.Combine(Fixtures.Corpus("cnc"), question.GetProperty("document").GetString()!)) && question.GetProperty("page").GetInt32() > 0);
        }
    }
}
