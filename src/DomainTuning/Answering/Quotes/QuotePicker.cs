using DomainTuning.Answering.Words;
using DomainTuning.Documents;
using DomainTuning.Indexing;

namespace DomainTuning.Answering.Quotes;

/// <summary>A quote that stands on its page: what it becomes a citation from.</summary>
/// <param name="Words">As they stand on the page.</param>
internal sealed record VerifiedQuote(RankedQuote Ranked, PageText Page, string Words, IReadOnlyList<Box> Boxes)
{
    public Citation ToCitation(int number) => new(
        number, Ranked.Candidate.Passage.Chunk.DocumentId, Ranked.Candidate.Passage.DocumentPath, Page.Number, Page.Label, Boxes, Words,
        Math.Clamp(Ranked.Score, 0, 1), Ranked.Candidate.Passage.Chunk.Id);
}

/// <summary>The best quotes that differ from one another and stand verbatim on their pages, best first, and how many did not stand there.</summary>
internal sealed record PickedQuotes(IReadOnlyList<VerifiedQuote> Quotes, int Dropped)
{
    /// <summary>Two quotes that share more of their words than this say the same.</summary>
    private const double SameWords = 0.6;

    /// <param name="ranked">Best first.</param>
    /// <param name="limit">Most quotes to pick.</param>
    public static async Task<PickedQuotes> PickAsync(IReadOnlyList<RankedQuote> ranked, ChunkIndex index, int limit, CancellationToken cancellationToken)
    {
        var pages = new Dictionary<(DocumentId, int), (PageText Page, QuoteFinder Finder)?>();
        var (picked, keys, dropped) = (new List<VerifiedQuote>(), new List<HashSet<string>>(), 0);
        foreach (var quote in ranked)
        {
            if (picked.Count == limit) break;
            var words = Term.ContentKeys(quote.Candidate.Text);
            if (keys.Any(other => Overlap(other, words) > SameWords)) continue;

            var key = (quote.Candidate.Passage.Chunk.DocumentId, quote.Candidate.Page);
            if (!pages.TryGetValue(key, out var known))
            {
                var page = await index.PageAsync(key.DocumentId, key.Page, cancellationToken).ConfigureAwait(false);
                pages[key] = known = page is null ? null : (page, new QuoteFinder(page));
            }

            if (known?.Finder.Find(quote.Candidate.Text, quote.Candidate.Near) is not { } place)
            {
                dropped++;
                continue;
            }

            var text = known.Value.Page;
            picked.Add(new VerifiedQuote(quote, text, text.Text.Substring(place.Start, place.Length), text.BoxesOf(place.Start, place.Length)));
            keys.Add(words);
        }

        return new PickedQuotes(picked, dropped);
    }

    /// <summary>Shared words as a share of the smaller set, so that a sentence and the window around it are one quote.</summary>
    private static double Overlap(HashSet<string> a, HashSet<string> b) =>
        a.Count == 0 || b.Count == 0 ? 0 : (double)a.Count(b.Contains) / Math.Min(a.Count, b.Count);
}
