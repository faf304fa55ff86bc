using System.Text.Json;
using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Checkpoints.Tests.Tokenizers;

public sealed class BpeGoldenTests
{
    [Theory]
    [InlineData("smollm2")]
    [InlineData("qwen25")]
    [InlineData("llama3")]
    public void IdsOffsetsAndDecodingAreTheReferences(string name)
    {
        var tokenizer = BpeGoldens.Load(name);
        var golden = BpeGoldens.Read(name, "cases.json.gz");
        var wrong = new List<string>();

        foreach (var entry in golden.GetProperty("cases").EnumerateArray()) Check(tokenizer, entry, wrong);

        Assert.True(wrong.Count == 0, $"{wrong.Count} differ:\n{string.Join("\n", wrong.Take(20))}");
        Assert.Equal(golden.GetProperty("prefix").Ints(), tokenizer.Prefix);
        Assert.Equal(golden.GetProperty("suffix").Ints(), tokenizer.Suffix);
        Assert.Equal(golden.GetProperty("vocab_size").GetInt32(), tokenizer.VocabularySize);
    }

    [Theory]
    [InlineData("smollm2")]
    [InlineData("qwen25")]
    [InlineData("llama3")]
    public void AStreamShowsEveryCharacterAsSoonAsItIsWhole(string name)
    {
        var tokenizer = BpeGoldens.Load(name);
        var golden = BpeGoldens.Read(name, "stream.json.gz");

        foreach (var entry in golden.GetProperty("valid").EnumerateArray().Concat(golden.GetProperty("random").EnumerateArray()))
        {
            var ids = entry.GetProperty("ids").Ints();
            var stream = tokenizer.Stream();
            var deltas = ids.Select(stream.Append).ToArray();
            var held = Convert.ToHexStringLower(stream.Held);

            if (!HoldsHalfASurrogate(entry)) Assert.Equal(entry.GetProperty("deltas").EnumerateArray().Select(delta => delta.GetString()), deltas);
            Assert.Equal(Text(entry, "held_bytes") ?? "", held);
            var end = stream.Flush();
            var replaced = string.Concat(deltas) + end;
            if (Text(entry, "flush_replace") is { } tail) Assert.Equal(tail, end);
            if (Text(entry, "text_replace") is { } whole) Assert.Equal(whole, replaced);
            Assert.Equal(replaced, tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void PartsOfAGgufFileMakeTheSameTokenizer()
    {
        using var document = JsonDocument.Parse(new System.IO.Compression.GZipStream(
            File.OpenRead(Fixtures.Path("tokenizers", "smollm2", "tokenizer.json.gz")), System.IO.Compression.CompressionMode.Decompress));
        var model = document.RootElement.GetProperty("model");
        var tokens = model.GetProperty("vocab").EnumerateObject().OrderBy(entry => entry.Value.GetInt32()).Select(entry => entry.Name).ToArray();
        var merges = model.GetProperty("merges").EnumerateArray().Select(pair => $"{pair[0]} {pair[1]}").ToArray();
        var types = tokens.Select((_, id) => id <= 16 ? 3 : 1).ToArray();

        var tokenizer = ByteLevelBpeTokenizer.FromParts(BpeVocabulary.FromGguf(tokens, merges, types, "smollm", bosId: 1, eosId: 2, addBos: false));

        foreach (var entry in BpeGoldens.Read("smollm2", "cases.json.gz").GetProperty("cases").EnumerateArray())
            Assert.Equal(entry.GetProperty("ids").Ints(), tokenizer.EncodeTrusted(BpeGoldens.Strings[entry.GetProperty("id").GetString()!]).Ids());
        Assert.Empty(tokenizer.Prefix);
    }

    /// <summary>
    /// The reference's decoder holds ED A0..BF, half an encoded surrogate, for one more byte although the goldens' own rule calls it invalid
    /// at once; we follow the rule. The text is the same in the end.
    /// </summary>
    private static bool HoldsHalfASurrogate(JsonElement entry)
    {
        if (Text(entry, "bytes") is not { } hex) return false;
        var bytes = Convert.FromHexString(hex);
        return bytes.Zip(bytes.Skip(1)).Any(pair => pair is (0xED, >= 0xA0 and <= 0xBF));
    }

    private static void Check(ByteLevelBpeTokenizer tokenizer, JsonElement entry, List<string> wrong)
    {
        var id = entry.GetProperty("id").GetString()!;
        var text = BpeGoldens.Strings[id];
        var ids = entry.GetProperty("ids").Ints();
        var plain = entry.TryGetProperty("plain", out var other) ? other.Ints() : ids;
        var raw = entry.TryGetProperty("raw", out other) ? other.Ints() : plain;

        var tokens = tokenizer.EncodeTrusted(text);
        Expect("ids", ids, tokens.Ids());
        if (entry.TryGetProperty("off", out var offsets)) Expect("off", offsets.Ints(), [.. tokens.SelectMany(token => new[] { token.Start, token.End })]);
        Expect("raw", raw, tokenizer.Encode(text).Ids());

        var decoded = Text(entry, "dec") ?? text;
        ExpectText("dec", decoded, tokenizer.Decode(ids));
        ExpectText("dec_skip", Text(entry, "dec_skip") ?? decoded, tokenizer.Decode(ids, skipControlTokens: true));

        void Expect(string what, int[] expected, int[] came)
        {
            if (!expected.SequenceEqual(came)) wrong.Add($"{id} {what} of {JsonSerializer.Serialize(text[..Math.Min(60, text.Length)])}: expected {Short(expected)} came {Short(came)}");
        }

        void ExpectText(string what, string expected, string came)
        {
            if (expected != came) wrong.Add($"{id} {what}: expected {JsonSerializer.Serialize(expected)} came {JsonSerializer.Serialize(came)}");
        }
    }

    private static string Short(int[] values) => string.Join(",", values.Take(40));

    private static string? Text(JsonElement entry, string name) => entry.TryGetProperty(name, out var value) ? value.GetString() : null;
}
