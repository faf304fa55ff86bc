using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Checkpoints.Tests.Tokenizers;

public sealed class BpeGoldenTests
{
    [Theory]
    [InlineData("smollm2")]
    [InlineData("qwen25")]
    [InlineData("llama3")]
    public void IdsOffsetsAndDecodingAreTheReferences(string name) => GoldenChecks.Cases(BpeGoldens.Load(name), BpeGoldens.Read(name, "cases.json.gz"));

    [Theory]
    [InlineData("smollm2")]
    [InlineData("qwen25")]
    [InlineData("llama3")]
    public void AStreamShowsEveryCharacterAsSoonAsItIsWhole(string name) => GoldenChecks.Streams(BpeGoldens.Load(name), BpeGoldens.Read(name, "stream.json.gz"));

    [Fact]
    public void PartsOfAGgufFileMakeTheSameTokenizer()
    {
        using var document = JsonDocument.Parse(new GZipStream(File.OpenRead(Fixtures.Path("tokenizers", "smollm2", "tokenizer.json.gz")), CompressionMode.Decompress));
        var model = document.RootElement.GetProperty("model");
        var tokens = model.GetProperty("vocab").EnumerateObject().OrderBy(entry => entry.Value.GetInt32()).Select(entry => entry.Name).ToArray();
        var merges = model.GetProperty("merges").EnumerateArray().Select(pair => $"{pair[0]} {pair[1]}").ToArray();
        var types = tokens.Select((_, id) => id <= 16 ? 3 : 1).ToArray();

        var tokenizer = ByteLevelBpeTokenizer.FromParts(BpeVocabulary.FromGguf(tokens, merges, types, "smollm", bosId: 1, eosId: 2, addBos: false));

        foreach (var entry in BpeGoldens.Read("smollm2", "cases.json.gz").GetProperty("cases").EnumerateArray())
            Assert.Equal(entry.GetProperty("ids").Ints(), tokenizer.EncodeTrusted(BpeGoldens.Strings[entry.GetProperty("id").GetString()!]).Ids());
        Assert.Empty(tokenizer.Prefix);
    }

    [Fact]
    public void QwensWholeTokenizerJsonGivesTheIdsOfItsRanks()
    {
        var tokenizer = ChatTokenizer.FromTokenizerJson(new MemoryStream(BpeGoldens.QwenTokenizerJson()));

        GoldenChecks.Cases(tokenizer, BpeGoldens.Read("qwen25", "cases.json.gz"));
    }

    [Fact]
    public void Qwen3IsQwen25WithFourMoreTokens()
    {
        string[] more = ["<tool_response>", "</tool_response>", "<think>", "</think>"];
        var tokenizer = BpeGoldens.Qwen(more.Select((content, place) => new AddedToken(151_665 + place, content, IsControl: false)));
        var differing = 0;

        foreach (var entry in BpeGoldens.Read("qwen25", "cases.json.gz").GetProperty("cases").EnumerateArray())
        {
            if (entry.TryGetProperty("qwen3", out var ids)) differing++;
            else ids = entry.GetProperty("ids");
            Assert.Equal(ids.Ints(), tokenizer.EncodeTrusted(BpeGoldens.Strings[entry.GetProperty("id").GetString()!]).Ids());
        }

        Assert.True(differing > 0);
    }

    /// <summary>The reference's third way, special tokens as text and the others found: what a tokenizer without the special ones does.</summary>
    [Fact]
    public void WithoutItsControlTokensQwenStillFindsTheOthers()
    {
        var tokenizer = BpeGoldens.Qwen([], isKept: token => !token.IsControl);

        foreach (var entry in BpeGoldens.Read("qwen25", "cases.json.gz").GetProperty("cases").EnumerateArray())
            Assert.Equal(
                (entry.TryGetProperty("plain", out var plain) ? plain : entry.GetProperty("ids")).Ints(),
                tokenizer.EncodeTrusted(BpeGoldens.Strings[entry.GetProperty("id").GetString()!]).Ids());
    }

    [Theory]
    [InlineData("normalizer", """{"type": "Lowercase"}""", "a step 'Lowercase'")]
    [InlineData("pre_tokenizer", """{"type": "Whitespace"}""", "a step 'Whitespace'")]
    [InlineData("pre_tokenizer", """{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "\\w+"}, "behavior": "Isolated"}, {"type": "ByteLevel", "use_regex": false}]}""", "the pattern of a known family")]
    [InlineData("post_processor", """{"type": "BertProcessing"}""", "a step 'BertProcessing'")]
    [InlineData("model", """{"type": "Unigram", "vocab": []}""", "of the kind 'Unigram'")]
    public void WhatCannotBeReproducedIsRefusedByItsName(string part, string json, string expected)
    {
        using var stream = new GZipStream(File.OpenRead(Fixtures.Path("tokenizers", "llama3", "tokenizer.json.gz")), CompressionMode.Decompress);
        var file = JsonNode.Parse(stream)!.AsObject();
        file[part] = JsonNode.Parse(json);

        var error = Assert.Throws<NotSupportedException>(() => ChatTokenizer.FromTokenizerJson(new MemoryStream(Encoding.UTF8.GetBytes(file.ToJsonString()))));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
