using System.Text;
using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Tests.Chats;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Tests.Tokenizers;

/// <summary>The goldens' Llama-2-style tokenizer in its three forms on disk.</summary>
internal static class SentencePieceGoldens
{
    public static ChatTokenizer FromJson(Action<JsonObject>? change = null)
    {
        var file = JsonNode.Parse(BpeGoldens.Open("llama2", "tokenizer.json.gz"))!.AsObject();
        change?.Invoke(file);
        return ChatTokenizer.FromTokenizerJson(new MemoryStream(Encoding.UTF8.GetBytes(file.ToJsonString())));
    }

    public static SentencePieceBpeTokenizer FromModel() => SentencePieceBpeTokenizer.FromSentencePieceModel(File.ReadAllBytes(Fixtures.Path("tokenizers", "llama2", "spm.model")));

    public static ChatTokenizer FromGguf(params (string Key, object Value)[] more)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["t.gguf"], GgufBytes.Write([.. Metadata(), .. more]));
        using var file = GgufFile.Open(folder["t.gguf"]);
        return ChatTokenizer.FromGguf(file.Metadata);
    }

    /// <summary>What a GGUF file says of the tokenizer.</summary>
    public static IReadOnlyList<(string Key, object Value)> Metadata()
    {
        var pieces = BpeGoldens.Read("llama2", "pieces.json.gz").GetProperty("pieces").EnumerateArray().ToList();
        return
        [
            ("tokenizer.ggml.model", "llama"),
            ("tokenizer.ggml.pre", "default"),
            ("tokenizer.ggml.tokens", pieces.Select(piece => piece[0].GetString()!).ToArray()),
            ("tokenizer.ggml.scores", pieces.Select(piece => piece[1].GetSingle()).ToArray()),
            ("tokenizer.ggml.token_type", pieces.Select(piece => piece[2].GetInt32()).ToArray()),
            ("tokenizer.ggml.bos_token_id", 1u),
            ("tokenizer.ggml.eos_token_id", 2u),
        ];
    }
}
