using System.Text;
using DomainTuning.Answering.Quotes;
using DomainTuning.Answering.Words;

namespace DomainTuning.Answering;

/// <summary>
/// Writes an answer piece by piece, so that it can be streamed: the best quote, then the model's sentences that a quote supports, then the other quotes.
/// Numbers come from here, by alignment, in the order of first mention; what the model writes as a citation is removed.
/// <code>
/// “G4 does not affect spindle, coolant and any I/O.” [1]
///
/// A dwell leaves the spindle running. [1]
///
/// “…another quote…” [2]
/// </code>
/// </summary>
internal sealed class AnswerComposer
{
    public const string NotInDocuments = "The documents do not say.";

    /// <summary>Another quote stands beside the best one when its score is at least this share of it.</summary>
    private const double WorthQuoting = 0.75;

    private readonly string question;
    private readonly IReadOnlyList<VerifiedQuote> quotes;
    private readonly int maxCitations;
    private readonly StringBuilder text = new();
    private readonly List<(VerifiedQuote Quote, Citation Citation)> cited = [];
    private readonly HashSet<string> said = new(StringComparer.Ordinal);
    private bool inParagraph;

    /// <param name="quotes">Best first, at least one. Those after the best may support sentences without being quoted themselves until then.</param>
    public AnswerComposer(string question, IReadOnlyList<VerifiedQuote> quotes, int maxCitations) =>
        (this.question, this.quotes, this.maxCitations) = (question, quotes, maxCitations);

    public string Text => text.ToString();

    public IReadOnlyList<Citation> Citations => [.. cited.Select(entry => entry.Citation)];

    public int DroppedSentences { get; private set; }

    public IEnumerable<AnswerUpdate> Lead() => Quote(quotes[0]);

    /// <summary>A short answer leads, cited from the quote that it stands in.</summary>
    public IEnumerable<AnswerUpdate> Brief(string answer, VerifiedQuote quote) => Supported(answer, quote);

    /// <summary>Adds a sentence of the model if a quote supports it. One that repeats what stands there already is left out without being counted.</summary>
    public IEnumerable<AnswerUpdate> Sentence(string sentence)
    {
        var clean = Clean(sentence);
        if (clean.Length == 0) return [];
        if (Supporting(clean) is not { } quote)
        {
            DroppedSentences++;
            return [];
        }

        return Repeats(clean, quote) ? [] : Supported(clean, quote);
    }

    /// <summary>The quotes that are nearly as good as the best and not mentioned yet.</summary>
    public IEnumerable<AnswerUpdate> Rest()
    {
        foreach (var quote in quotes)
        {
            if (cited.Count == maxCitations) yield break;
            if (quote.Ranked.Score < WorthQuoting * quotes[0].Ranked.Score || cited.Any(entry => entry.Quote == quote)) continue;
            foreach (var update in Quote(quote)) yield return update;
        }
    }

    private List<AnswerUpdate> Quote(VerifiedQuote quote)
    {
        inParagraph = false;
        var updates = new List<AnswerUpdate>();
        var number = Cite(quote, updates);
        said.Add(Key(quote.Words));
        updates.Add(Write($"“{Shown(quote.Words)}” [{number}]"));
        return updates;
    }

    private List<AnswerUpdate> Supported(string sentence, VerifiedQuote quote)
    {
        var updates = new List<AnswerUpdate>();
        var number = Cite(quote, updates);
        said.Add(Key(sentence));
        updates.Add(Write($"{sentence} [{number}]"));
        inParagraph = true;
        return updates;
    }

    private AnswerUpdate Write(string piece)
    {
        var added = (text.Length == 0 ? "" : inParagraph ? " " : "\n\n") + piece;
        text.Append(added);
        return new AnswerUpdate { Text = added };
    }

    private int Cite(VerifiedQuote quote, List<AnswerUpdate> updates)
    {
        foreach (var (known, citation) in cited)
            if (known == quote)
                return citation.Number;

        var added = quote.ToCitation(cited.Count + 1);
        cited.Add((quote, added));
        updates.Add(new AnswerUpdate { Citation = added });
        return added.Number;
    }

    /// <summary>The quote to cite: one that is cited already where possible, while there is room any other.</summary>
    private VerifiedQuote? Supporting(string sentence) =>
        cited.Select(entry => entry.Quote).Concat(cited.Count < maxCitations ? quotes : []).FirstOrDefault(quote =>
            SupportRule.Supports(quote.Words, string.Join('\n', quote.Ranked.Candidate.Passage.Chunk.HeadingPath), question, sentence));

    private bool Repeats(string sentence, VerifiedQuote quote) =>
        said.Contains(Key(sentence)) || (cited.Any(entry => entry.Quote == quote) && Key(quote.Words).Contains(Key(sentence), StringComparison.Ordinal));

    private static string Key(string words) => string.Join(' ', Term.Of(words).Select(term => term.Key));

    /// <summary>One line of prose; lines of tables and code stay lines.</summary>
    private static string Shown(string words) =>
        string.Join('\n', words.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(line => string.Join(' ', line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))));

    /// <summary>Without list marks, emphasis, a leading "Answer:" and the model's own citations.</summary>
    private static string Clean(string sentence)
    {
        var clean = Patterns.OwnCitation().Replace(sentence, "").Replace("**", "", StringComparison.Ordinal).Trim().TrimStart('-', '*', '•', '>', '#', ' ');
        return Patterns.Label().Replace(clean, "").Trim();
    }
}
