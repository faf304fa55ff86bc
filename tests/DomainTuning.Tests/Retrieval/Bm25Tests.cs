using System.Text.Json;
using DomainTuning.Retrieval;

namespace DomainTuning.Tests.Retrieval;

public sealed class Bm25Tests
{
    public static TheoryData<int> Settings => [0, 1, 2, 3];

    [Theory]
    [MemberData(nameof(Settings))]
    public void ScoresRanksAndCountsEqualTheReference(int setting)
    {
        var golden = Goldens.Read("bm25.json");
        var settings = golden.GetProperty("settings")[setting];
        Func<string, IReadOnlyList<string>> terms = settings.GetProperty("tokenizer").GetString() == "plain" ? Goldens.Plain : Goldens.Porter;
        var bm25 = new Bm25(
            [.. Goldens.Passages.Select(passage => terms(passage.Text))], new Bm25Weights(settings.GetProperty("k1").GetDouble(), settings.GetProperty("b").GetDouble()));

        Assert.Equal(settings.GetProperty("average_length").GetDouble(), bm25.AverageLength, Goldens.Tolerance);
        Assert.Equal(settings.GetProperty("vocabulary").GetInt32(), bm25.Vocabulary);
        Assert.All(settings.GetProperty("queries").EnumerateArray(), query => AssertQuery(query, terms, bm25));
    }

    private static void AssertQuery(JsonElement query, Func<string, IReadOnlyList<string>> terms, Bm25 bm25)
    {
        var words = terms(Goldens.Queries[query.GetProperty("query").GetString()!]);
        Assert.Equal(Goldens.Strings(query.GetProperty("tokens")), words);

        var scores = bm25.Score(words);

        Assert.Equal(query.GetProperty("matched_documents").GetInt32(), scores.Count(score => score > 0));
        var ranked = Goldens.Passages.Zip(scores, (passage, score) => (passage.Id, Score: score)).Where(entry => entry.Score > 0).OrderByDescending(entry => Math.Round(entry.Score, 12)).Take(20).ToList();
        Goldens.AssertSame(Goldens.Scored(query.GetProperty("top20")), ranked);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("porter")]
    public void TermsLengthsAndDocumentFrequenciesEqualTheReference(string tokenizer)
    {
        var golden = Goldens.Read("bm25.json");
        Func<string, IReadOnlyList<string>> terms = tokenizer == "plain" ? Goldens.Plain : Goldens.Porter;
        var documents = Goldens.Passages.Select(passage => terms(passage.Text)).ToList();
        var bm25 = new Bm25(documents);

        Assert.Equal(golden.GetProperty("document_lengths_" + tokenizer).EnumerateArray().Select(length => length.GetInt32()), documents.Select(words => words.Count));
        Assert.All(golden.GetProperty("df_" + tokenizer).EnumerateObject(), term => Assert.Equal(term.Value.GetInt32(), bm25.DocumentsWith(term.Name)));
        Assert.All(
            golden.GetProperty("tokens_" + tokenizer).EnumerateObject(),
            sample => Assert.Equal(Goldens.Strings(sample.Value), terms(Goldens.Passages.Single(passage => passage.Id == sample.Name).Text)));
    }

    [Fact]
    public void StopWordsAreLucenes() => Assert.True(Analyzer.StopWords.SetEquals(Goldens.Strings(Goldens.Read("bm25.json").GetProperty("stop_words"))));

    [Fact]
    public void StemsEqualPortersAlgorithmAsPrinted()
    {
        var golden = Goldens.Read("porter.json");
        var stems = golden.GetProperty("pairs").EnumerateArray()
            .Concat(golden.GetProperty("revised").EnumerateArray())
            .Concat(golden.GetProperty("extended").EnumerateArray())
            .Concat(golden.GetProperty("fts5").EnumerateArray());

        Assert.All(stems, pair => Assert.Equal(pair[1].GetString(), PorterStemmer.Stem(pair[0].GetString()!)));
    }

    [Fact]
    public void TheProjectsAnalyzerGivesTheReferencesTermsAndAddsOnlyCodesAndOtherScripts()
    {
        foreach (var (_, text) in Goldens.Passages)
        {
            var ascii = new string([.. text.Select(c => char.IsAscii(c) ? c : ' ')]);

            var terms = Analyzer.Analyze(ascii).Terms.Where(term => !term.AsSpan().ContainsAny('.', '_', '-'));

            // Porter leaves nothing of a lone "s"; a term has to be something.
            Assert.Equal(Goldens.Porter(ascii).Select(term => term.Length == 0 ? "s" : term), terms);
        }
    }
}
