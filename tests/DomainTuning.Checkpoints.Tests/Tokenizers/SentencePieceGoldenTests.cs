using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Checkpoints.Tests.Tokenizers;

/// <summary>Llama 2's tokenizer from tokenizer.json, tokenizer.model and GGUF, and the flags by which Mistral, Phi-3 and Gemma differ from it.</summary>
public sealed class SentencePieceGoldenTests
{
    private static readonly Lazy<ChatTokenizer> Llama2 = new(() => SentencePieceGoldens.FromJson());

    public static TheoryData<string> Forms => ["tokenizer.json", "spm.model", "gguf"];

    [Theory]
    [MemberData(nameof(Forms))]
    public void IdsOffsetsAndDecodingAreTheReferences(string form) => GoldenChecks.Cases(Load(form), BpeGoldens.Read("llama2", "cases.json.gz"));

    [Theory]
    [MemberData(nameof(Forms))]
    public void AStreamShowsEveryCharacterAsSoonAsItIsWhole(string form) => GoldenChecks.Streams(Load(form), BpeGoldens.Read("llama2", "stream.json.gz"));

    /// <summary>The reference's "plain": special tokens are text. There are no others here, so it is what hostile text gives.</summary>
    [Theory]
    [MemberData(nameof(Forms))]
    public void WhatLooksLikeAControlTokenInHostileTextIsText(string form)
    {
        var tokenizer = Load(form);

        foreach (var entry in BpeGoldens.Read("llama2", "cases.json.gz").GetProperty("cases").EnumerateArray())
            Assert.Equal(
                (entry.TryGetProperty("plain", out var plain) ? plain : entry.GetProperty("ids")).Ints(),
                tokenizer.Encode(BpeGoldens.Strings[entry.GetProperty("id").GetString()!]).Ids());
    }

    [Fact]
    public void AnAnswerKeepsTheSpaceThatATextFromItsBeginningLoses()
    {
        var ids = Llama2.Value.Encode("hello").Ids();

        Assert.Equal("hello", string.Concat(ids.Select(Llama2.Value.Stream(fromBeginning: true).Append)));
        Assert.Equal(" hello", string.Concat(ids.Select(Llama2.Value.Stream().Append)));
    }

    [Fact]
    public void GemmaPutsNoSpaceBeforeAText()
    {
        var json = SentencePieceGoldens.FromJson(file =>
        {
            file["normalizer"] = JsonNode.Parse("""{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}""");
            file["pre_tokenizer"] = JsonNode.Parse("""{"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false}""");
            file["decoder"] = JsonNode.Parse("""{"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]}""");
        });
        var gguf = SentencePieceGoldens.FromGguf(("tokenizer.ggml.add_space_prefix", false));

        foreach (var text in new[] { "the machine", " the  machine", "a\n\nb" })
        {
            Assert.Equal(json.Encode(text), gguf.Encode(text));
            Assert.Equal(text, json.Decode(json.Encode(text).Ids()));
            Assert.Equal(Llama2.Value.Encode(text).Ids(), json.Encode(" " + text).Ids());
        }
    }

    [Fact]
    public void MetaspaceMayPutItsSpaceBeforeTheFirstPartAlone()
    {
        ChatTokenizer With(string scheme, bool split = false) => SentencePieceGoldens.FromJson(file =>
        {
            file["normalizer"] = null;
            file["pre_tokenizer"] = JsonNode.Parse($$"""{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "{{scheme}}", "split": {{(split ? "true" : "false")}}}""");
        });
        var the = Assert.Single(Llama2.Value.Encode("the").Ids());
        var bare = With("never").Encode("the").Ids();

        Assert.Equal([the, 1, .. bare], With("first").EncodeTrusted("the<s>the").Ids());
        Assert.Equal([1, .. bare], With("first").EncodeTrusted("<s>the").Ids());
        Assert.Equal([the, 1, the], With("always").EncodeTrusted("the<s>the").Ids());
        Assert.Equal([the], With("always").Encode(" the").Ids());
        Assert.Equal(4, With("always", split: true).Encode("    ").Count);
    }

    [Fact]
    public void Phi3sControlTokensTakeTheWhiteSpaceBehindThem()
    {
        var phi3 = SentencePieceGoldens.FromGguf(("general.architecture", "phi3"));

        Assert.Equal(phi3.EncodeTrusted("</s>the").Ids(), phi3.EncodeTrusted("</s>\n the").Ids());
        Assert.NotEqual(phi3.EncodeTrusted("<s>the").Ids(), phi3.EncodeTrusted("<s> the").Ids());
        Assert.NotEqual(Llama2.Value.EncodeTrusted("</s>the").Ids(), Llama2.Value.EncodeTrusted("</s> the").Ids());
    }

    [Fact]
    public void TokensOfWhiteSpaceAreFoundInHostileTextAndTokensThatSteerAreNot()
    {
        string[] pieces = ["<unk>", "<s>", "\n\n", "▁▁", "<start_of_turn>", "<table>", "a", "▁", "\n", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>")];
        var kinds = pieces.Select((_, id) => id switch { 0 => PieceKind.Unknown, 1 => PieceKind.Control, < 6 => PieceKind.UserDefined, < 9 => PieceKind.Normal, _ => PieceKind.Byte }).ToArray();
        var tokenizer = SentencePieceBpeTokenizer.FromParts(SentencePieceVocabulary.FromPieces(pieces, new float[pieces.Length], kinds) with { LeadingSpace = LeadingSpace.Never });

        Assert.Equal([6, 2, 6, 3, 6, 5], tokenizer.Encode("a\n\na  a<table>").Ids());
        Assert.DoesNotContain(4, tokenizer.Encode("<start_of_turn>").Ids());
        Assert.Equal([4], tokenizer.EncodeTrusted("<start_of_turn>").Ids());
        Assert.Equal([6, 2, 6], tokenizer.Encode("a\n\na", [0..2]).Ids());
    }

    [Fact]
    public void ALetterThatIsOnlyInPiecesJoinsAndFallsToBytesWhenItStaysAlone()
    {
        string[] pieces = ["<unk>", "xy", "x", .. Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>")];
        var kinds = pieces.Select((_, id) => id switch { 0 => PieceKind.Unknown, < 3 => PieceKind.Normal, _ => PieceKind.Byte }).ToArray();
        var tokenizer = SentencePieceBpeTokenizer.FromParts(SentencePieceVocabulary.FromPieces(pieces, new float[pieces.Length], kinds) with { LeadingSpace = LeadingSpace.Never });

        Assert.Equal([1, 2, 3 + 'z', 3 + 'y'], tokenizer.Encode("xyxzy").Ids());
        Assert.Equal("xyxzy", tokenizer.Decode(tokenizer.Encode("xyxzy").Ids()));
    }

    [Fact]
    public void ADocumentOfOneWordIsEncodedInTimeThatGrowsWithItsLength()
    {
        var word = string.Concat(Enumerable.Range(0, 200_000).Select(i => (char)('a' + i * i % 23 % 26)));

        var ids = Llama2.Value.Encode(word).Ids();

        Assert.Equal(word, Llama2.Value.Decode(ids));
    }

    [Theory]
    [InlineData("normalizer", """{"type": "NFKC"}""", "a step 'NFKC'")]
    [InlineData("normalizer", "null", "spaces turned to ▁")]
    [InlineData("pre_tokenizer", """{"type": "ByteLevel"}""", "a step 'ByteLevel'")]
    [InlineData("pre_tokenizer", """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}""", "one place, not two")]
    [InlineData("decoder", """{"type": "WordPiece"}""", "a step 'WordPiece'")]
    [InlineData("added_tokens", """[{"id": 1, "content": "<s>", "special": true, "normalized": true}]""", "looked for in normalised text")]
    public void WhatCannotBeReproducedIsRefusedByItsName(string part, string json, string expected)
    {
        var error = Assert.Throws<NotSupportedException>(() => SentencePieceGoldens.FromJson(file => file[part] = JsonNode.Parse(json)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AGgufTokenizerThatChangesTextIsRefusedByItsName()
    {
        var error = Assert.Throws<NotSupportedException>(() => SentencePieceGoldens.FromGguf(("tokenizer.ggml.remove_extra_whitespaces", true)));

        Assert.Contains("remove_extra_whitespaces", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADamagedSentencePieceModelIsRefused()
    {
        var whole = File.ReadAllBytes(Fixtures.Path("tokenizers", "llama2", "spm.model"));

        Assert.Throws<InvalidDataException>(() => SentencePieceBpeTokenizer.FromSentencePieceModel(whole.AsSpan(0, 1000)));
        Assert.Throws<InvalidDataException>(() => SentencePieceBpeTokenizer.FromSentencePieceModel("{}"u8));
    }

    private static ChatTokenizer Load(string form) => form switch
    {
        "tokenizer.json" => Llama2.Value,
        "spm.model" => SentencePieceGoldens.FromModel(),
        _ => SentencePieceGoldens.FromGguf(),
    };
}
