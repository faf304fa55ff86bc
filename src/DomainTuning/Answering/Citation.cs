using DomainTuning.Chunks;
using DomainTuning.Documents;

namespace DomainTuning.Answering;

/// <summary>A quote that was found verbatim on its page (white space aside). Quotes that were not found never become citations.</summary>
/// <param name="Number">As shown in the answer, from 1.</param>
/// <param name="File">The document's path inside the corpus.</param>
/// <param name="Page">Physical page, from 1.</param>
/// <param name="PageLabel">The printed page number, when there is one.</param>
/// <param name="Boxes">Where the quote stands, one box a printed line, in points from the page's top-left corner.</param>
/// <param name="Quote">The words as they stand on the page.</param>
/// <param name="Score">How well the quote answers the question, 0 to 1; compares only within one answer.</param>
public sealed record Citation(
    int Number, DocumentId DocumentId, string File, int Page, string? PageLabel, IReadOnlyList<Box> Boxes, string Quote, double Score, ChunkId ChunkId);
