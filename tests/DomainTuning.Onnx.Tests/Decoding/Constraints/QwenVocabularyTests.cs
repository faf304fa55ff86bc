using System.IO.Compression;
using System.Text.Json;
using DomainTuning.Checkpoints.Templates;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Tests.Decoding.Tools;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Tests.Decoding.Constraints;

/// <summary>The largest vocabulary in use, 151,665 tokens, with its own token for calls.</summary>
public sealed class QwenVocabularyTests
{
    private static readonly Lazy<ChatFormat> Qwen = new(Load);

    [Fact]
    public void ARequiredCallIsWrittenWithTheTokensOfQwen()
    {
        var format = Qwen.Value;
        var function = AIFunctionFactory.Create((string city, int[] days) => city + days.Length, "weather");
        var request = ChatRequest.Read([new ChatMessage(ChatRole.User, "Hi")], new ChatOptions { Tools = [function], ToolMode = ChatToolMode.RequireAny }, "m", new ChatEngineOptions());
        var logits = new float[format.Tokenizer.VocabularySize + 271]; // 151,936 embeddings
        for (var seed = 0; seed < 3; seed++)
        {
            var constraint = format.Sampling(request).Constraint!;
            Array.Clear(logits);
            constraint.Mask(logits);
            Assert.Equal(0, logits[format.Tokenizer.ControlToken("<tool_call>")!.Value]);
            Assert.All(logits[format.Tokenizer.VocabularySize..], logit => Assert.Equal(float.NegativeInfinity, logit));
            var parser = format.Parser(request);

            List<AIContent> contents = [.. Grammars.Walk(constraint, format, new Random(seed)).SelectMany(parser.Append), .. parser.Finish(cut: false)];

            var call = Assert.IsType<FunctionCallContent>(Assert.Single(contents));
            Assert.All(((JsonElement)call.Arguments!["days"]!).EnumerateArray(), day => Assert.Equal(JsonValueKind.Number, day.ValueKind));
        }
    }

    private static ChatFormat Load()
    {
        using var vocabulary = new StreamReader(Open("vocab.tiktoken.gz"));
        var tokens = new List<string>();
        while (vocabulary.ReadLine() is { } line) tokens.Add(string.Concat(Convert.FromBase64String(line[..line.IndexOf(' ', StringComparison.Ordinal)]).Select(ToolFamily.Letter)));
        using var cases = Open("cases.json.gz");
        var added = JsonDocument.Parse(cases).RootElement.GetProperty("added_tokens").EnumerateArray()
            .Select(entry => new AddedToken(entry.GetProperty("id").GetInt32(), entry.GetProperty("content").GetString()!, entry.GetProperty("special").GetBoolean()));
        var tokenizer = ByteLevelBpeTokenizer.FromParts(new BpeVocabulary { Tokens = tokens, PreTokenizer = "qwen2", AddedTokens = [.. added] });
        return new ChatFormat(tokenizer, ChatTemplate.Parse(ToolFamily.TemplateOf("qwen25-style")), new HashSet<int> { tokenizer.ControlToken("<|im_end|>")!.Value }, null, "<|im_end|>");
    }

    private static GZipStream Open(string name) => new(File.OpenRead(Fixtures.Path("tokenizers", "qwen25", name)), CompressionMode.Decompress);
}
