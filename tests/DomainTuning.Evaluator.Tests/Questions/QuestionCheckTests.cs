using DomainTuning.Corpora;
using DomainTuning.Evaluator.Questions;

namespace DomainTuning.Evaluator.Tests.Questions;

public sealed class QuestionCheckTests
{
    private const string Sound = """
        {"id": "a1", "text": "How long does the spindle wait before it starts?", "kind": "parameter", "split": "train", "section": "s1", "answers": ["0.5 s", "half a second"], "evidence": [{"document": "manual.pdf", "page": 1, "quote": "The spindle waits 0.5\ns before it starts."}]}
        {"id": "a2", "text": "Which switch does the door lock need?", "kind": "multi-page", "split": "test", "section": "s2", "answers": ["K7"], "evidence": [{"document": "manual.pdf", "page": 2, "quote": "The door lock needs a relay."}, {"document": "manual.pdf", "page": 3, "quote": "Relay K7 opens the door."}]}
        {"id": "a3", "text": "Which parameter makes the spindle sing?", "kind": "false-premise", "split": "test", "section": "s2", "answers": [], "evidence": []}
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ASoundSetHasNoFindingsAndIsCounted()
    {
        var report = await CheckAsync(Sound);

        Assert.Empty(report.Findings);
        Assert.Equal((3, 2, 3, 1), (report.Questions, report.Sections, report.Quotes, report.Unanswerable));
        Assert.Equal(1, report.KindsBySplit["multi-page"]["test"]);
        Assert.Equal(2, report.Splits["test"]);
        Assert.Contains("\"unanswerableShare\": 0.333", report.ToJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("waits 0.5\\ns before", "waits 0.6 s before", "the quote is not on manual.pdf p. 1")]
    [InlineData("\"page\": 3", "\"page\": 2", "the quote is not on manual.pdf p. 2")]
    [InlineData("\"page\": 3", "\"page\": 9", "there is no page 9")]
    [InlineData("\"document\": \"manual.pdf\", \"page\": 1", "\"document\": \"other.pdf\", \"page\": 1", "there is no document 'other.pdf'")]
    [InlineData("[\"K7\"]", "[\"K8\"]", "no accepted answer stands in a quote: K8")]
    [InlineData("[\"0.5 s\", \"half a second\"]", "[\"half a second\", \"0.5 s\"]", "shortest first")]
    [InlineData("\"a2\"", "\"a1\"", "another question has this id")]
    [InlineData("\"s2\", \"answers\": [\"K7\"]", "\"s1\", \"answers\": [\"K7\"]", "section 's1' is in train and test")]
    [InlineData("\"answers\": [], \"evidence\": []", "\"answers\": [\"x\"], \"evidence\": []", "a false-premise question has no answer")]
    [InlineData("\"page\": 3, \"quote\": \"Relay K7 opens the door.\"", "\"page\": 2, \"quote\": \"The door lock needs a relay.\"", "needs evidence on two pages")]
    [InlineData("Which switch does the door lock need?", "How long will the spindle be waiting before starting?", "asks nearly the same")]
    [InlineData("\"page\": 2, \"quote\": \"The door lock needs a relay.\"", "\"page\": 1, \"quote\": \"The spindle waits 0.5 s before it starts.\"", "has the same evidence")]
    [InlineData("The door lock needs a relay.", "a relay.", "12 to 400 are expected")]
    [InlineData("\"kind\": \"parameter\"", "\"kind\": \"parametre\"", "'kind' is 'parametre'")]
    [InlineData("\"split\": \"train\"", "\"spilt\": \"train\"", "'spilt' is not a key")]
    public async Task EachFaultIsFound(string sound, string fault, string message)
    {
        Assert.Contains(sound, Sound, StringComparison.Ordinal);

        var report = await CheckAsync(Sound.Replace(sound, fault, StringComparison.Ordinal));

        Assert.Contains(report.Findings, finding => finding.ToString().Contains(message, StringComparison.Ordinal));
        Assert.False(report.IsSound);
    }

    [Fact]
    public async Task NearDuplicatesWithinASplitAreAllowed()
    {
        var report = await CheckAsync(Sound.Replace("Which parameter makes the spindle sing?", "Which switch will the door locks need?", StringComparison.Ordinal));

        Assert.Empty(report.Findings);
    }

    private static async Task<QuestionReport> CheckAsync(string lines)
    {
        using var embedder = new HashEmbedder();
        await using var index = new MemoryChunkIndex(SampleDocument.Manifest(embedder));
        var manual = await SampleDocument.CreateAsync(embedder, "manual.pdf", ["The spindle waits 0.5 s before it starts.", "The door lock needs a relay.", "Relay K7 opens the door."]);
        await manual.StoreInAsync(index, Cancelled);
        return await QuestionCheck.RunAsync(QuestionFile.Parse(lines.Split('\n')), index, Cancelled);
    }
}
