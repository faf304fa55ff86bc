using System.Numerics.Tensors;
using DomainTuning.Answering.Words;
using DomainTuning.Embeddings;
using DomainTuning.Retrieval;

namespace DomainTuning.Answering.Quotes;

/// <summary>A candidate with what speaks for it. Scores compare within one question.</summary>
/// <param name="Score">0 to 1: the halves below, each scaled to 0..1 over the candidates, and a little for the passage's own rank.</param>
/// <param name="Lexical">BM25 of the question's words over the candidates.</param>
/// <param name="Cosine">Between question and candidate.</param>
internal sealed record RankedQuote(QuoteCandidate Candidate, double Score, double Lexical, double Cosine)
{
    /// <summary>A word that only the headings above hold counts a little, about half of a word in the text: it says what the section is about, not the sentence.</summary>
    private const double HeadingShare = 0.25;

    /// <summary>Between equals the better passage wins.</summary>
    private const double RankShare = 0.1;

    /// <summary>How many content words that the question does not have a quote needs to count in full, and what one without any still counts.</summary>
    private const int OwnWords = 4;
    private const double EchoShare = 0.4;

    /// <summary>All candidates of the passages that were worth embedding, best first.</summary>
    /// <param name="embedded">How many are embedded: those with the best words and rank.</param>
    public static async Task<IReadOnlyList<RankedQuote>> RankAsync(
        QuestionTerms question, IReadOnlyList<RankedChunk> passages, Embedder embedder, int embedded, QuoteLengths lengths, CancellationToken cancellationToken)
    {
        var candidates = passages.SelectMany(passage => QuoteCandidate.Of(passage, lengths)).Where(IsSubstantial).DistinctBy(candidate => Squeeze(candidate.Text)).ToList();
        if (candidates.Count == 0) return [];

        var lexical = WordScores(question, candidates);
        var scaled = Scale(lexical);
        var chosen = Enumerable.Range(0, candidates.Count)
            .OrderByDescending(i => scaled[i] + (RankShare * Prior(candidates[i], passages.Count)))
            .Take(embedded).ToList();

        var query = await embedder.EmbedQueryAsync(question.Question, cancellationToken).ConfigureAwait(false);
        var vectors = await embedder.EmbedPassagesAsync([.. chosen.Select(i => WithHeading(candidates[i]))], cancellationToken).ConfigureAwait(false);
        double[] cosines = [.. vectors.Select(vector => (double)TensorPrimitives.Dot<float>(query, vector))];

        var words = Scale([.. chosen.Select(i => lexical[i])]);
        var meaning = Scale(cosines);
        return
        [
            .. chosen.Select((i, k) => new RankedQuote(
                    candidates[i],
                    ((0.5 * words[k]) + (0.5 * meaning[k]) + (RankShare * Prior(candidates[i], passages.Count))) / (1 + RankShare) * Novelty(question, candidates[i]),
                    lexical[i],
                    cosines[k]))
                .OrderByDescending(quote => quote.Score).ThenBy(quote => quote.Candidate.Passage.Rank).ThenBy(quote => quote.Candidate.Start),
        ];
    }

    /// <summary>A quote that only gives the question back (a title, a header, "component rand;") answers nothing: it must bring words of its own.</summary>
    private static double Novelty(QuestionTerms question, QuoteCandidate candidate)
    {
        var own = Term.ContentKeys(candidate.Text).Count(key => !question.Weights.ContainsKey(key));
        return EchoShare + ((1 - EchoShare) * Math.Min(1, own / (double)OwnWords));
    }

    private static double Prior(QuoteCandidate candidate, int passages) => 1 - ((candidate.Passage.Rank - 1.0) / passages);

    private static double[] WordScores(QuestionTerms question, List<QuoteCandidate> candidates)
    {
        var keys = candidates.Select(candidate => Term.Of(candidate.Text).Where(term => term.IsContent).Select(term => term.Key).ToList()).ToList();
        var headings = new Dictionary<RankedChunk, HashSet<string>>();
        var average = keys.Average(list => (double)list.Count);

        var scores = new double[candidates.Count];
        for (var i = 0; i < scores.Length; i++)
        {
            var passage = candidates[i].Passage;
            if (!headings.TryGetValue(passage, out var heading)) headings[passage] = heading = Term.ContentKeys(string.Join('\n', passage.Chunk.HeadingPath));

            var counts = keys[i].CountBy(key => key).ToDictionary(StringComparer.Ordinal);
            foreach (var (key, weight) in question.Weights)
            {
                if (counts.TryGetValue(key, out var count)) scores[i] += weight * Bm25Weights.Default.Saturation(count, keys[i].Count, average);
                else if (heading.Contains(key)) scores[i] += weight * HeadingShare;
            }
        }

        return scores;
    }

    /// <summary>Min-max; equal values all become 0.</summary>
    private static double[] Scale(double[] values)
    {
        var (min, max) = (values.Min(), values.Max());
        return [.. values.Select(value => max > min ? (value - min) / (max - min) : 0)];
    }

    private static string WithHeading(QuoteCandidate candidate) =>
        candidate.Passage.Chunk.HeadingPath is [.., var heading] ? $"{heading}\n{candidate.Text}" : candidate.Text;

    /// <summary>Two content words at least: a lone word answers nothing that a reader could check.</summary>
    private static bool IsSubstantial(QuoteCandidate candidate) => Term.Of(candidate.Text).Count(term => term.IsContent) >= 2;

    private static string Squeeze(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
}
