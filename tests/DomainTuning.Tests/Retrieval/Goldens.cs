using System.Text.Json;
using System.Text.RegularExpressions;
using DomainTuning.Retrieval;

namespace DomainTuning.Tests.Retrieval;

/// <summary>tests/fixtures/bm25: 200 passages, 20 queries and what the reference implementations made of them.</summary>
internal static partial class Goldens
{
    public const double Tolerance = 1e-9;

    public static JsonElement Read(string name) => JsonDocument.Parse(File.ReadAllText(Fixtures.Path("bm25", name))).RootElement;

    public static IEnumerable<JsonElement> Lines(string name) =>
        File.ReadLines(Fixtures.Path("bm25", name)).Select(line => JsonDocument.Parse(line).RootElement);

    /// <summary>Id and "title text" of each passage.</summary>
    public static IReadOnlyList<(string Id, string Text)> Passages { get; } =
        [.. Lines("corpus.jsonl").Select(line => (line.GetProperty("id").GetString()!, $"{line.GetProperty("title").GetString()} {line.GetProperty("text").GetString()}"))];

    public static IReadOnlyDictionary<string, string> Queries { get; } =
        Lines("queries.jsonl").ToDictionary(line => line.GetProperty("id").GetString()!, line => line.GetProperty("text").GetString()!);

    /// <summary>The goldens' "plain" tokenizer.</summary>
    public static IReadOnlyList<string> Plain(string text) => [.. AsciiWords().Matches(text.ToLowerInvariant()).Select(match => match.Value)];

    /// <summary>The goldens' "porter" tokenizer, on this project's stop words and stemmer.</summary>
    public static IReadOnlyList<string> Porter(string text) => [.. Plain(text).Where(word => !Analyzer.StopWords.Contains(word)).Select(PorterStemmer.Stem)];

    public static IReadOnlyList<string> Strings(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetString()!)];

    public static IReadOnlyList<(string Key, double Score)> Scored(JsonElement array) => [.. array.EnumerateArray().Select(item => (item[0].GetString()!, item[1].GetDouble()))];

    public static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetDouble())];

    public static void AssertSame(IReadOnlyList<(string Key, double Score)> expected, IReadOnlyList<(string Key, double Score)> actual)
    {
        Assert.Equal(expected.Select(entry => entry.Key), actual.Select(entry => entry.Key));
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First.Score, pair.Second.Score, Tolerance));
    }

    [GeneratedRegex("[a-z0-9]+")]
    private static partial Regex AsciiWords();
}
