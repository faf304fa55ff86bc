using DomainTuning.Corpora;

namespace DomainTuning.Tests.Corpora;

public sealed class QuestionFileTests
{
    private const string Line = """{"id": "q1", "text": "Which page?", "kind": "near-miss", "split": "validation", "section": "s", "answers": [], "evidence": []}""";

    [Fact]
    public void ALineBecomesAQuestion()
    {
        var file = QuestionFile.Parse([Line, "", """{"id": "q2", "text": "What?", "kind": "multi-page", "split": "test", "section": "s", "answers": ["x"], "evidence": [{"document": "a.pdf", "page": 7, "quote": "it is x"}]}"""]);

        Assert.Empty(file.Problems);
        Assert.Equal([1, 3], file.Lines.Select(line => line.Line));
        Assert.False(file.Lines[0].Question.IsAnswerable);
        Assert.Equal(QuestionKind.MultiPage, file.Lines[1].Question.Kind);
        Assert.Equal(new QuestionEvidence("a.pdf", 7, "it is x"), file.Lines[1].Question.Evidence[0]);
    }

    [Theory]
    [InlineData("\"answers\": []", "\"anwsers\": []", "'anwsers' is not a key")]
    [InlineData(", \"evidence\": []", "", "lacks 'evidence'")]
    [InlineData("\"near-miss\"", "\"NearMiss\"", "'kind' is 'NearMiss'")]
    [InlineData("\"validation\"", "\"dev\"", "Known are train, validation, test")]
    [InlineData("\"Which page?\"", "\" \"", "'text' is")]
    [InlineData("\"answers\": []", "\"answers\": [3]", "'answers' must hold texts")]
    [InlineData("\"evidence\": []", "\"evidence\": [{\"document\": \"a\", \"page\": 0, \"quote\": \"q\"}]", "'page' is 0")]
    [InlineData("\"evidence\": []}", "\"evidence\": []", "is not one JSON object")]
    [InlineData("\"id\": \"q1\"", "\"id\": \"q1\", \"id\": \"q2\"", "is not one JSON object")]
    public void WhatIsNotUnderstoodIsAProblemWithItsLine(string sound, string fault, string message)
    {
        var file = QuestionFile.Parse([Line, Line.Replace(sound, fault, StringComparison.Ordinal)]);

        var problem = Assert.Single(file.Problems);
        Assert.Equal(2, problem.Line);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadingRefusesAFileWithProblems()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllLines(folder[QuestionFile.Name], [Line, "nothing"]);

        Assert.Contains("line 2", Assert.Throws<QuestionFileException>(() => QuestionFile.Read(folder[QuestionFile.Name])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheSampleCorpusHasEnoughQuestionsOfEachSplitAndNoSectionInTwo()
    {
        var questions = QuestionFile.Read(Path.Combine(Fixtures.Root, "corpora", "cnc", QuestionFile.Name));

        Assert.InRange(questions.Count(question => question.Split == QuestionSplit.Train), 340, int.MaxValue);
        Assert.InRange(questions.Count(question => question.Split == QuestionSplit.Validation), 80, int.MaxValue);
        Assert.InRange(questions.Count(question => question.Split == QuestionSplit.Test), 180, int.MaxValue);
        Assert.InRange(questions.Count(question => !question.IsAnswerable) / (double)questions.Count, 0.15, 0.18);
        Assert.All(questions.GroupBy(question => question.Section), section => Assert.Single(section.Select(question => question.Split).Distinct()));
        Assert.All(Enum.GetValues<QuestionKind>(), kind => Assert.Equal(3, questions.Where(question => question.Kind == kind).Select(question => question.Split).Distinct().Count()));
    }
}
