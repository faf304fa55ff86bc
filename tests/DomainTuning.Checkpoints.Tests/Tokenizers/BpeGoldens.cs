using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Checkpoints.Tests.Tokenizers;

/// <summary>The reference's ids for 858 texts and three families, and the tokenizers that must reproduce them.</summary>
internal static class BpeGoldens
{
    public static ByteLevelBpeTokenizer Smollm2 { get; } = FromJson("smollm2");

    public static IReadOnlyDictionary<string, string> Strings { get; } = Read("strings.json.gz").GetProperty("strings").EnumerateArray()
        .ToDictionary(entry => entry.GetProperty("id").GetString()!, entry => entry.GetProperty("text").GetString()!);

    public static ByteLevelBpeTokenizer Load(string name) => name switch
    {
        "smollm2" => Smollm2,
        "qwen25" => LazyQwen25.Value,
        _ => FromJson(name),
    };

    public static JsonElement Read(params string[] path)
    {
        using var stream = Open(path);
        return JsonDocument.Parse(stream).RootElement;
    }

    public static int[] Ints(this JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetInt32())];

    public static int[] Ids(this IReadOnlyList<Token> tokens) => [.. tokens.Select(token => token.Id)];

    public static GZipStream Open(params string[] path) => new(File.OpenRead(Fixtures.Path(["tokenizers", .. path])), CompressionMode.Decompress);

    private static ByteLevelBpeTokenizer FromJson(string name)
    {
        using var stream = Open([name, "tokenizer.json.gz"]);
        return ByteLevelBpeTokenizer.FromTokenizerJson(stream);
    }

    private static readonly Lazy<ByteLevelBpeTokenizer> LazyQwen25 = new(() => Qwen([]));

    private static readonly Lazy<string[]> QwenTokens = new(ReadQwenTokens);

    /// <summary>Qwen2.5 from its ranks, with some added tokens more or less.</summary>
    public static ByteLevelBpeTokenizer Qwen(IEnumerable<AddedToken> more, Func<AddedToken, bool>? isKept = null)
    {
        var added = Read("qwen25", "cases.json.gz").GetProperty("added_tokens").EnumerateArray()
            .Select(entry => new AddedToken(entry.GetProperty("id").GetInt32(), entry.GetProperty("content").GetString()!, entry.GetProperty("special").GetBoolean()));
        return ByteLevelBpeTokenizer.FromParts(new BpeVocabulary { Tokens = QwenTokens.Value, PreTokenizer = "qwen2", AddedTokens = [.. added.Where(isKept ?? (_ => true)), .. more] });
    }

    /// <summary>
    /// Qwen's tokenizer.json: the pipeline of the goldens with vocabulary and merges put in. A merge of rank r is what the ranks below r leave of
    /// the token, which is how such files are made from tiktoken's.
    /// </summary>
    public static byte[] QwenTokenizerJson()
    {
        var tokens = QwenTokens.Value;
        var ranks = tokens.Select((token, rank) => (token, rank)).ToDictionary(entry => entry.token, entry => entry.rank, StringComparer.Ordinal);
        var file = JsonNode.Parse(Open(["qwen25", "pipeline.json.gz"]))!.AsObject();
        var model = file["model"]!.AsObject();
        model["vocab"] = new JsonObject(ranks.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)JsonValue.Create(entry.Value))));
        model["merges"] = new JsonArray([.. tokens.Where(token => token.Length > 1).Select(token => (JsonNode?)JsonValue.Create(string.Join(' ', Halves(token, ranks))))]);
        return JsonSerializer.SerializeToUtf8Bytes(file);
    }

    private static List<string> Halves(string token, Dictionary<string, int> ranks)
    {
        var parts = token.Select(letter => letter.ToString()).ToList();
        while (parts.Count > 2)
        {
            var (best, at) = Enumerable.Range(0, parts.Count - 1)
                .Select(i => (Rank: ranks.GetValueOrDefault(parts[i] + parts[i + 1], int.MaxValue), At: i)).Where(pair => pair.Rank < ranks[token]).Min();
            parts[at] += parts[at + 1];
            parts.RemoveAt(at + 1);
        }
        return parts;
    }

    private static string[] ReadQwenTokens()
    {
        using var reader = new StreamReader(Open(["qwen25", "vocab.tiktoken.gz"]));
        var tokens = new List<string>();
        while (reader.ReadLine() is { } line)
            tokens.Add(Letters(Convert.FromBase64String(line[..line.IndexOf(' ', StringComparison.Ordinal)])));
        return [.. tokens];
    }

    /// <summary>GPT-2's alphabet, written a second time so that the tests do not take it from the code under test.</summary>
    private static readonly Lazy<char[]> Alphabet = new(() =>
    {
        int[] visible = [.. Enumerable.Range('!', 94), .. Enumerable.Range(0xA1, 12), .. Enumerable.Range(0xAE, 82)];
        var letters = new char[256];
        foreach (var value in visible) letters[value] = (char)value;
        foreach (var (value, place) in Enumerable.Range(0, 256).Except(visible).Select((value, place) => (value, place))) letters[value] = (char)(256 + place);
        return letters;
    });

    private static string Letters(byte[] bytes) => string.Concat(bytes.Select(value => Alphabet.Value[value]));
}
