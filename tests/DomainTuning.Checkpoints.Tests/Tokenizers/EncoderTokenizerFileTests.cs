using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Checkpoints.Tests.Tokenizers;

public sealed class EncoderTokenizerFileTests
{
    [Theory]
    [InlineData("bert", "\"WordPiece\"", "\"WordLevel\"", "WordLevel")]
    [InlineData("bert", "\"BertNormalizer\"", "\"NFKC\"", "NFKC")]
    [InlineData("bert", "\"BertPreTokenizer\"", "\"Digits\"", "Digits")]
    [InlineData("bert", "\"clean_text\": true", "\"clean_text\": false", "clean_text")]
    [InlineData("bert", "\"max_input_chars_per_word\"", "\"dropout\":0.1,\"max_input_chars_per_word\"", "dropout")]
    [InlineData("bert", "\"TemplateProcessing\"", "\"ByteLevel\"", "ByteLevel")]
    [InlineData("bert", "\"version\"", "\"vision\"", "vision")]
    [InlineData("xlmr", "\"WhitespaceSplit\"", "\"UnicodeScripts\"", "UnicodeScripts")]
    [InlineData("xlmr", "\"byte_fallback\":false", "\"byte_fallback\":true", "byte_fallback")]
    [InlineData("xlmr", "\"type\":\"Precompiled\"", "\"type\":\"Nmt\"", "Nmt")]
    public void WhatIsNotKnownIsRefusedByName(string name, string from, string to, string named)
    {
        var refusal = Assert.Throws<CheckpointException>(() => EncoderGoldens.LoadChanged(name, (from, to)));

        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ACutFileIsRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["tokenizer.json"], EncoderGoldens.Bytes("xlmr", "tokenizer.json.gz")[..5000]);

        var refusal = Assert.Throws<CheckpointException>(() => EncoderTokenizer.Load(folder.Path));

        Assert.Contains("Download the file again", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderWithoutTokenizerSaysWhatToCopy()
    {
        using var folder = new TemporaryFolder();

        Assert.Contains("tokenizer.json", Assert.Throws<CheckpointException>(() => EncoderTokenizer.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void VocabTxtGivesTheSameIdsAsTokenizerJson()
    {
        using var folder = new TemporaryFolder();
        var bert = EncoderGoldens.Bert;
        File.WriteAllText(folder["vocab.txt"], string.Concat(Enumerable.Range(0, bert.VocabularySize).Select(id => Piece(id) + "\n")));
        Assert.Contains("do_lower_case", Assert.Throws<CheckpointException>(() => EncoderTokenizer.Load(folder.Path)).Message, StringComparison.Ordinal);
        File.WriteAllText(folder["tokenizer_config.json"], "{\"do_lower_case\": true}");

        var fromVocabulary = EncoderTokenizer.Load(folder.Path);

        foreach (var text in BpeGoldens.Strings.Values)
            Assert.Equal(bert.EncodeTrusted(text), fromVocabulary.EncodeTrusted(text));
        Assert.Equal(bert.Prefix, fromVocabulary.Prefix);
        Assert.Equal(bert.PadId, fromVocabulary.PadId);

        // A single leading "##" piece is kept as it is.
        string Piece(int id) => bert.Decode([id]);
    }

    [Fact]
    public void SpacesThatTheFileJoinsAndStripsKeepTheirOffsets()
    {
        // The layout that transformers writes since 2021: Precompiled, Strip, Replace(" {2,}") and Metaspace without WhitespaceSplit.
        var tokenizer = EncoderGoldens.LoadChanged(
            "xlmr",
            ("\"normalizer\":{", "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Strip\",\"strip_left\":false,\"strip_right\":true},{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" {2,}\"},\"content\":\"▁\"},{"),
            (",\"pre_tokenizer\"", "]},\"pre_tokenizer\""),
            ("{\"type\":\"WhitespaceSplit\"},", ""));
        const string text = "the  spindle   is on  ";

        var tokens = tokenizer.Encode(text);

        Assert.Equal(EncoderGoldens.Xlmr.Encode("the spindle is on").Ids(), tokens.Ids());
        Assert.Equal(text.TrimEnd().Length, tokens[^1].End);
        Assert.Equal("the spindle is on", tokenizer.Decode(tokens.Ids()));
    }
}
