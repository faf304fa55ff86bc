using System.Text.Json;
using DomainTuning.Retrieval;
using DomainTuning.Stores.Sqlite;
using Microsoft.Data.Sqlite;

namespace DomainTuning.Stores.Tests;

/// <summary>
/// What the bundled SQLite computes itself, against what another build of it computed: its bm25() and its Porter stemmer. The index takes postings from FTS5, so FTS5 must be the FTS5 we know.
/// </summary>
public sealed class GoldenFts5Tests
{
    [Fact]
    public void SqlitesOwnBm25EqualsTheReference()
    {
        using var connection = Sql.Open(":memory:", SqliteOpenMode.Memory);
        connection.Execute("CREATE VIRTUAL TABLE passages USING fts5(id UNINDEXED, text, tokenize = 'unicode61')");
        foreach (var line in File.ReadLines(Fixtures.Path("bm25", "corpus.jsonl")))
        {
            var passage = JsonDocument.Parse(line).RootElement;
            connection.Execute("INSERT INTO passages VALUES (?1, ?2)", passage.GetProperty("id").GetString(), $"{passage.GetProperty("title").GetString()} {passage.GetProperty("text").GetString()}");
        }

        var golden = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("bm25", "fts5.json"))).RootElement;
        foreach (var query in golden.GetProperty("queries").EnumerateArray())
        {
            using var command = connection.Command("SELECT id, bm25(passages) FROM passages WHERE passages MATCH ?1 ORDER BY round(bm25(passages), 12), rowid LIMIT 20", query.GetProperty("match").GetString());
            using var reader = command.ExecuteReader();
            foreach (var expected in query.GetProperty("top20").EnumerateArray())
            {
                Assert.True(reader.Read());
                Assert.Equal(expected[0].GetString(), reader.GetString(0));
                Assert.Equal(expected[1].GetDouble(), reader.GetDouble(1), 1e-9);
            }
        }
    }

    [Fact]
    public void Fts5KeepsTheAnalyzersTermsAsTheyAre()
    {
        using var connection = Sql.Open(":memory:", SqliteOpenMode.Memory);
        connection.Execute("CREATE VIRTUAL TABLE words USING fts5(terms, content='', contentless_delete=1, tokenize=\"ascii tokenchars '._-~'\"); CREATE VIRTUAL TABLE places USING fts5vocab(words, instance)");
        var texts = File.ReadLines(Fixtures.Path("bm25", "corpus.jsonl")).Select(line => Analyzer.Analyze(JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!)).ToList();
        for (var i = 0; i < texts.Count; i++) connection.Execute("INSERT INTO words(rowid, terms) VALUES (?1, ?2)", i, string.Join(' ', texts[i].Terms));

        // Every term that the analyzer makes comes back from FTS5 as the same term, as often.
        using var command = connection.Command("SELECT term, count(*) FROM places GROUP BY term");
        using var reader = command.ExecuteReader();
        var stored = new Dictionary<string, long>();
        while (reader.Read()) stored[reader.GetString(0)] = reader.GetInt64(1);
        var expected = texts.SelectMany(text => text.Terms).CountBy(term => term).Select(entry => KeyValuePair.Create(entry.Key, (long)entry.Value)).ToList();
        Assert.Empty(expected.Except(stored));
        Assert.Empty(stored.Except(expected));
    }
}
