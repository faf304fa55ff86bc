using DomainTuning.Corpora;
using DomainTuning.Documents;
using DomainTuning.Evaluator.Searches;
using DomainTuning.Retrieval;

namespace DomainTuning.Evaluator.Arms;

/// <summary>
/// What the oracle reads: the evidence pages, the chunks with the quotes first, so that a token budget cuts the rest. A question without evidence has none to
/// give and reads what a search finds.
/// </summary>
internal sealed class EvidenceReading(CorpusChunks corpus, PassageSearch search)
{
    public async Task<IReadOnlyList<RankedChunk>> ReadAsync(Question question, CancellationToken cancellationToken)
    {
        if (question.Evidence.Count == 0) return await search.SearchAsync(question.Text, cancellationToken).ConfigureAwait(false);
        var chunks = question.Evidence
            .SelectMany(evidence => corpus.Chunks
                .Where(chunk => corpus.Paths[chunk.DocumentId] == evidence.Document && chunk.Parts.Any(part => part.Page == evidence.Page))
                .Select(chunk => (Chunk: chunk, Holds: VerbatimText.Contains(chunk.Text, evidence.Quote))))
            .OrderByDescending(entry => entry.Holds).Select(entry => entry.Chunk).DistinctBy(chunk => chunk.Id);
        return [.. chunks.Select((chunk, i) => new RankedChunk(chunk, i + 1, 1.0 / (i + 1), null, null, null, corpus.Paths[chunk.DocumentId]))];
    }
}
