using System.Text.Json;
using DomainTuning.Evaluator.Measures.Answers;

namespace DomainTuning.Evaluator.Tests.Measures;

/// <summary>Answer measures against the scripts and packages that published scores come from.</summary>
public sealed class AnswerGoldenTests
{
    private const double Tolerance = 1e-9;

    [Fact]
    public void ExactMatchAndF1AreThoseOfSquad()
    {
        var cases = Golden.Read("answers.json").Items("cases").ToList();
        foreach (var item in cases)
        {
            var (answer, golds) = (item.Text("prediction"), item.GetProperty("golds").Texts());
            Assert.Equal(item.Text("normalized_prediction"), TokenOverlap.Normalise(answer));
            Assert.Equal(item.GetProperty("normalized_golds").Texts(), golds.Select(TokenOverlap.Normalise));
            Golden.Near(item.Number("em_v2"), TokenOverlap.ExactMatch(answer, golds) ? 1 : 0, 0, $"em of '{answer}'");
            Golden.Near(item.Number("f1_v2"), TokenOverlap.F1(answer, golds), Tolerance, $"f1 of '{answer}'");
            if (!item.TryGetProperty("em_v1", out var em)) continue;
            Golden.Near(em.GetDouble(), TokenOverlap.ExactMatchVersion1(answer, golds) ? 1 : 0, 0, $"em 1.1 of '{answer}'");
            Golden.Near(item.Number("f1_v1"), TokenOverlap.F1Version1(answer, golds), Tolerance, $"f1 1.1 of '{answer}'");
        }

        Assert.Equal(104, cases.Count);
    }

    [Fact]
    public void ChineseOverlapIsThatOfCmrc()
    {
        foreach (var item in Golden.Read("cmrc.json").Items("cases"))
        {
            var (answer, golds) = (item.Text("prediction"), item.GetProperty("golds").Texts());
            Assert.Equal(item.GetProperty("segments_prediction").Texts(), ChineseOverlap.Segments(answer));
            Golden.Near(item.Number("em"), ChineseOverlap.ExactMatch(answer, golds) ? 1 : 0, 0, answer);
            Golden.Near(item.Number("f1_cmrc"), ChineseOverlap.RunF1(answer, golds), Tolerance, answer);
            Golden.Near(item.Number("f1_bag"), ChineseOverlap.BagF1(answer, golds), Tolerance, answer);
        }
    }

    [Fact]
    public void RougeIsThatOfItsScoringPackage()
    {
        foreach (var item in Golden.Read("rouge.json").Items("cases"))
        {
            var (answer, reference) = (item.Text("prediction"), item.Text("reference"));
            Assert.Equal(item.GetProperty("tokens_plain").Texts(), Rouge.Tokens(answer));
            Assert.Equal(item.GetProperty("tokens_stemmed").Texts(), Rouge.Tokens(answer, stemmed: true));
            foreach (var (key, stemmed) in new[] { ("plain", false), ("stemmer", true) })
            {
                Same(item.GetProperty(key).GetProperty("rouge1"), Rouge.N(1, answer, reference, stemmed));
                Same(item.GetProperty(key).GetProperty("rouge2"), Rouge.N(2, answer, reference, stemmed));
                Same(item.GetProperty(key).GetProperty("rougeL"), Rouge.L(answer, reference, stemmed));
                Same(item.GetProperty(key).GetProperty("rougeLsum"), Rouge.Lsum(answer, reference, stemmed));
            }

            void Same(JsonElement expected, OverlapScore actual)
            {
                foreach (var (want, got) in expected.Numbers().Zip([actual.Precision, actual.Recall, actual.F])) Golden.Near(want, got, Tolerance, $"'{answer}' against '{reference}'");
            }
        }
    }

    [Fact]
    public void RougesStemmerKnowsTheLaterExtensions()
    {
        using var file = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("bm25", "porter.json")));
        foreach (var pair in file.RootElement.GetProperty("extended").EnumerateArray())
            Assert.Equal(pair[2].GetString(), ExtendedPorterStemmer.Stem(pair[0].GetString()!));
    }

    [Fact]
    public void BleuAndChrfAreThoseOfSacreBleu()
    {
        const double Close = 1e-6;
        foreach (var item in Golden.Read("bleu_chrf.json").Items("cases"))
        {
            var (answer, references) = (item.Text("prediction"), item.GetProperty("references").Texts());
            foreach (var (key, tokens) in new[]
            {
                ("bleu_13a", BleuTokens.Standard13a), ("bleu_char", BleuTokens.Characters), ("bleu_zh", BleuTokens.Chinese), ("bleu_none", BleuTokens.WhiteSpace), ("bleu_intl", BleuTokens.International),
            })
                Golden.Near(item.Number(key), Bleu.Sentence(answer, references, tokens).Score, Close, $"{key} of '{answer}'");
            var bleu = Bleu.Sentence(answer, references);
            Golden.Near(item.Number("bp"), bleu.BrevityPenalty, Close, $"brevity of '{answer}'");
            Assert.All(item.GetProperty("precisions").Numbers().Zip(bleu.Precisions), pair => Golden.Near(pair.First, pair.Second, Close, $"precisions of '{answer}'"));
            Assert.Equal((item.Count("sys_len"), item.Count("ref_len")), (bleu.AnswerLength, bleu.ReferenceLength));
            Golden.Near(item.Number("bleu_lowercase"), Bleu.Sentence(answer, references, lowerCase: true).Score, Close, $"bleu of '{answer}' in lower case");
            Golden.Near(item.Number("bleu_13a_no_effective_order"), Bleu.Sentence(answer, references, effectiveOrder: false).Score, Close, $"bleu of '{answer}' with four orders");
            Golden.Near(item.Number("chrf"), Chrf.Sentence(answer, references), Close, $"chrF of '{answer}'");
            Golden.Near(item.Number("chrf++"), Chrf.Sentence(answer, references, wordOrder: 2), Close, $"chrF++ of '{answer}'");
        }
    }

    [Fact]
    public void CorpusBleuAddsCountsOverAllPairs()
    {
        var golden = Golden.Read("bleu_chrf.json");
        var pairs = golden.Items("cases").Select(item => (Answer: item.Text("prediction"), References: item.GetProperty("references").Texts()))
            .Where(pair => !pair.Answer.Any(c => c is >= '\u4E00' and <= '\u9FFF')).ToList();
        Assert.Equal(golden.GetProperty("corpus").Count("pairs"), pairs.Count);

        var first = pairs.Select(pair => (pair.Answer, (IReadOnlyList<string>)[pair.References[0]])).ToList();
        Same(golden.GetProperty("corpus"), Bleu.Corpus(first));
        Golden.Near(golden.GetProperty("corpus").Number("chrf"), Chrf.Corpus(first), 1e-6, "corpus chrF");

        static void Same(JsonElement expected, Bleu actual)
        {
            Golden.Near(expected.Number("bleu"), actual.Score, 1e-6, "corpus BLEU");
            Assert.Equal((expected.Count("sys_len"), expected.Count("ref_len")), (actual.AnswerLength, actual.ReferenceLength));
        }
    }

    [Fact]
    public void CorpusBleuTakesTheNearestOfSeveralReferences()
    {
        var golden = Golden.Read("bleu_chrf.json");
        var all = golden.Items("cases").Select(item => (Answer: item.Text("prediction"), References: item.GetProperty("references").Texts())).ToList();

        var bleu = Bleu.Corpus(all);

        Golden.Near(golden.GetProperty("corpus_multi").Number("bleu"), bleu.Score, 1e-6, "corpus BLEU");
        Assert.Equal(golden.GetProperty("corpus_multi").Count("ref_len"), bleu.ReferenceLength);
    }

    [Fact]
    public void TokensAreCutAsPublished()
    {
        foreach (var (key, tokens) in new[] { ("tokens_13a", BleuTokens.Standard13a), ("tokens_zh", BleuTokens.Chinese) })
            foreach (var item in Golden.Read("bleu_chrf.json").Items(key))
                Assert.Equal(item.Text("tokens"), string.Join(' ', tokens.Cut(item.Text("text"))));
    }

    [Fact]
    public void NumbersMatchAsProposed()
    {
        foreach (var item in Golden.Read("numeric.json").Items("cases"))
        {
            var (a, b) = (item.Text("a"), item.Text("b"));
            Same(item, "a", NumericText.Parse(a));
            Same(item, "b", NumericText.Parse(b));
            foreach (var (key, tolerance) in new[] { ("match_0", 0.0), ("match_0.0001", 0.0001), ("match_0.01", 0.01) })
                Assert.True(item.GetProperty(key).GetBoolean() == NumericText.Matches(a, b, tolerance), $"'{a}' against '{b}' within {tolerance}");
        }

        static void Same(JsonElement item, string side, NumericText? actual)
        {
            var expected = item.GetProperty($"value_{side}");
            Assert.Equal(expected.ValueKind == JsonValueKind.Null ? null : expected.GetDouble(), actual?.Value);
            if (actual is { } number) Assert.Equal(item.GetProperty($"percent_{side}").GetBoolean(), number.IsPercent);
        }
    }
}
