using DomainTuning.Chunks;
using DomainTuning.Evaluator.Searches;

namespace DomainTuning.Evaluator.Advice;

/// <summary>A search whose right answer is known: one of these pages.</summary>
internal sealed record ProbeQuestion(string Text, IReadOnlyList<(string Document, int Page)> Pages);

/// <summary>
/// Searches for a corpus that has no questions: the words of a heading, which should find its own page again. Easier than a person's question, for the words are the
/// document's own; it shows whether search works at all.
/// </summary>
internal static class HeadingQuestions
{
    /// <summary>A heading of one word or of a whole sentence asks for nothing.</summary>
    private const int LeastWords = 2;

    private const int MostWords = 12;

    public static IReadOnlyList<ProbeQuestion> Of(CorpusChunks corpus) =>
    [
        .. corpus.Chunks.Where(chunk => chunk.HeadingPath.Count > 0).GroupBy(chunk => chunk.HeadingPath[^1].Trim(), StringComparer.OrdinalIgnoreCase)
            .Where(group => group.Key.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length is >= LeastWords and <= MostWords)
            // A heading that stands in many places ("Overview of options") has no page of its own.
            .Where(group => group.Select(chunk => (chunk.DocumentId, string.Join('\n', chunk.HeadingPath))).Distinct().Count() == 1)
            .Select(group => new ProbeQuestion(group.Key, [.. group.SelectMany(chunk => Pages(corpus, chunk)).Distinct()])),
    ];

    private static IEnumerable<(string Document, int Page)> Pages(CorpusChunks corpus, Chunk chunk) => chunk.Parts.Select(part => (corpus.Paths[chunk.DocumentId], part.Page));
}
