using System.Security.Cryptography;
using System.Text;
using DomainTuning.Chunks;
using DomainTuning.Corpora;

namespace DomainTuning.Tuning.Examples.Structure;

/// <summary>
/// Questions that need no model: what the layout of a manual already pairs, a name with what stands beside it, is asked in several phrasings. A subject that
/// stands in several sections is asked with the title of its section; what stays ambiguous is left to the round trip through the search.
/// </summary>
internal static class StructureQuestions
{
    public static IReadOnlyList<Asked> Of(CorpusText corpus, ExampleOrder order)
    {
        var facts = corpus.Chunks.SelectMany(chunk => Facts(corpus, chunk)).ToList();
        var subjects = facts.GroupBy(fact => fact.Subject, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(subject => subject.Key, subject => subject.Select(fact => fact.Where.Section.Key).Distinct(StringComparer.Ordinal).Count(), StringComparer.OrdinalIgnoreCase);
        // One question, two answers: nobody could say which one is meant.
        return [.. facts.SelectMany(fact => Ask(corpus, fact, subjects[fact.Subject] > 1, order))
            .GroupBy(asked => asked.Text, StringComparer.OrdinalIgnoreCase).Where(same => same.Select(asked => asked.Answers[0]).Distinct(StringComparer.OrdinalIgnoreCase).Count() == 1).Select(same => same.First())];
    }

    private static IEnumerable<Fact> Facts(CorpusText corpus, Chunk chunk)
    {
        List<Paragraph> paragraphs = [.. Paragraph.Of(corpus.PathOf(chunk), chunk)];
        return Items.Of(paragraphs).Concat(Tables.Of(paragraphs)).Concat(Definitions.Of(corpus.PathOf(chunk), paragraphs)).Concat(CodeHeadings.Of(paragraphs)).Concat(Steps.Of(paragraphs));
    }

    private static IEnumerable<Asked> Ask(CorpusText corpus, Fact fact, bool isAmbiguous, ExampleOrder order)
    {
        var (chunk, path) = (fact.Where.Chunk, corpus.PathOf(fact.Where.Chunk));
        var subject = Subject(chunk);
        var within = isAmbiguous && subject.Length > 0 ? $" in {subject}" : "";
        foreach (var phrasing in order.Shuffle(fact.Phrasings, "phrasing " + fact.Subject + fact.Answer, phrasing => phrasing).Take(fact.Times))
        {
            var text = phrasing.Replace("{in}", within, StringComparison.Ordinal);
            yield return new Asked
            {
                Id = $"{fact.Kind}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{fact.Where.Section}\n{text}\n{fact.Answer}")).AsSpan(0, 5))}",
                Text = text,
                Answers = [fact.Answer],
                Kind = fact.Kind,
                Section = fact.Where.Section,
                Right = [chunk],
                Evidence = [new QuestionEvidence(path, fact.Where.PageAt(fact.Offset), fact.Quote)],
            };
        }
    }

    /// <summary>What a chunk is about: the title of its second heading, below the document's.</summary>
    private static string Subject(Chunk chunk) => chunk.HeadingPath.Count > 1 ? Words.Title(chunk.HeadingPath[1]) : "";
}
