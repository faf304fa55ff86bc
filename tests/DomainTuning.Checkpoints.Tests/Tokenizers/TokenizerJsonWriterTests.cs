using DomainTuning.Checkpoints.Tests.Chats;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Tests.Tokenizers;

/// <summary>A tokenizer that was written as tokenizer.json cuts every text of the goldens as the one that it was written from.</summary>
public sealed class TokenizerJsonWriterTests
{
    [Fact]
    public void TheShippedModelsTokenizerComesBackFromItsGgufFile()
    {
        using var gguf = GgufFile.Open(Directory.GetFiles(Fixtures.Model("smollm2-135m-instruct"), "*.gguf").Single());

        var back = Written(stream => TokenizerJsonWriter.Write(BpeVocabulary.FromGguf(gguf.Metadata), stream));

        Assert.Equal(ChatTokenizer.FromGguf(gguf.Metadata).Fingerprint(), back.Fingerprint());
        GoldenChecks.Cases(back, BpeGoldens.Read("smollm2", "cases.json.gz"));
    }

    [Theory]
    [InlineData("smollm")]
    [InlineData("gpt-2")]
    [InlineData("llama-bpe")]
    [InlineData("qwen2")]
    [InlineData("deepseek-r1-qwen")]
    public void EveryFamilysCutsComeBack(string family)
    {
        using var gguf = GgufFile.Open(Fixtures.Path("gguf", "models", "tiny-llama-f32.gguf"));
        var parts = BpeVocabulary.FromGguf(gguf.Metadata) with { PreTokenizer = family, Prefix = [1], Suffix = [2] };
        var original = ByteLevelBpeTokenizer.FromParts(parts);

        var back = Written(stream => TokenizerJsonWriter.Write(parts, stream));

        Assert.Equal(original.Fingerprint(), back.Fingerprint());
        Assert.Equal([1], back.Prefix);
        Assert.Equal([2], back.Suffix);
        foreach (var text in BpeGoldens.Strings.Values) Assert.Equal(original.Encode(text).Ids(), back.Encode(text).Ids());
    }

    [Fact]
    public void ASentencePieceTokenizerComesBackWithMergesInPlaceOfScores()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["t.gguf"], GgufBytes.Write([.. SentencePieceGoldens.Metadata()]));
        using var gguf = GgufFile.Open(folder["t.gguf"]);

        var back = Written(stream => TokenizerJsonWriter.Write(SentencePieceVocabulary.FromGguf(gguf.Metadata), stream));

        Assert.Equal(ChatTokenizer.FromGguf(gguf.Metadata).Fingerprint(), back.Fingerprint());
        GoldenChecks.Cases(back, BpeGoldens.Read("llama2", "cases.json.gz"));
    }

    private static ChatTokenizer Written(Action<Stream> write)
    {
        using var stream = new MemoryStream();
        write(stream);
        stream.Position = 0;
        return ChatTokenizer.FromTokenizerJson(stream);
    }
}
