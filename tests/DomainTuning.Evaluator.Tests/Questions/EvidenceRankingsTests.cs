using DomainTuning.Chunks;
using DomainTuning.Corpora;
using DomainTuning.Documents;
using DomainTuning.Evaluator.Measures.Rankings;
using DomainTuning.Evaluator.Questions;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Tests.Questions;

public sealed class EvidenceRankingsTests
{
    [Fact]
    public void AChunkOverTwoPagesFindsBothAndAPageCountsOnce()
    {
        var question = new Question
        {
            Id = "q", Text = "?", Kind = QuestionKind.Fact, Split = QuestionSplit.Test, Section = "s", Answers = ["x"], Evidence = [new("user manual.pdf", 4, "x stands here")],
        };
        RankedChunk[] found = [Found("other.pdf", 1), Found("other.pdf", 1), Found("user manual.pdf", 3, 4)];

        var pages = RankingScores.Of(EvidenceRankings.ByPage([question]), SearchRun.OfRanked("r", [("q", EvidenceRankings.Pages(found))]), [RankingMeasure.ReciprocalRank()]);
        var documents = RankingScores.Of(EvidenceRankings.ByDocument([question]), SearchRun.OfRanked("r", [("q", EvidenceRankings.Documents(found))]), [RankingMeasure.ReciprocalRank()]);

        Assert.Equal(["other.pdf#1", "user%20manual.pdf#3", "user%20manual.pdf#4"], EvidenceRankings.Pages(found));
        Assert.Equal(1.0 / 3, pages.Mean("mrr"), 12);
        Assert.Equal(0.5, documents.Mean("mrr"), 12);
    }

    private static RankedChunk Found(string document, params int[] pages)
    {
        var chunk = new Chunk
        {
            Id = new ChunkId(Guid.Empty), DocumentId = new DocumentId("d"), Position = 0, Text = "xx", TokenCount = 1, Parts = [.. pages.Select((page, i) => new ChunkPart(page, i, 1, default))],
        };
        return new RankedChunk(chunk, 1, 1, null, null, null, document);
    }
}
