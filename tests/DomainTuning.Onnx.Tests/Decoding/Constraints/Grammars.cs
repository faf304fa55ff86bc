using System.Text;
using System.Text.Json;
using DomainTuning.Checkpoints.Weights;
using DomainTuning.Onnx.Decoding;
using DomainTuning.Onnx.Decoding.Constraints;

namespace DomainTuning.Onnx.Tests.Decoding.Constraints;

/// <summary>Grammars put to the test: texts, and walks with the shipped model's real vocabulary.</summary>
internal static class Grammars
{
    private static readonly Lazy<ChatFormat> Loaded = new(() =>
    {
        using var file = GgufFile.Open(Directory.GetFiles(Fixtures.Model("smollm2-135m-instruct"), "*.gguf").Single());
        return ChatFormat.Read(file);
    });

    private static readonly Lazy<VocabularyMasks> LoadedMasks = new(() => new VocabularyMasks(new VocabularyTrie(Loaded.Value.Tokenizer)));

    public static ChatFormat Smollm2 => Loaded.Value;

    public static VocabularyMasks Masks => LoadedMasks.Value;

    public static Rule Compile(string schema) => SchemaGrammar.Compile(JsonDocument.Parse(schema).RootElement);

    public static bool Accepts(string schema, string text) => GrammarConstraint.Accepts(Compile(schema), Encoding.UTF8.GetBytes(text));

    public static GrammarConstraint Constraint(Rule grammar) => new(grammar, Smollm2.Tokenizer, Masks, Smollm2.StopTokens);

    /// <summary>Draws any allowed token, again and again, until a token ends the turn. The longer the text, the more a quote or bracket is preferred.</summary>
    public static string Walk(Rule grammar, Random random) => Smollm2.Tokenizer.Decode(Walk(Constraint(grammar), Smollm2, random));

    /// <summary>The same for any vocabulary, as ids.</summary>
    public static List<int> Walk(TokenConstraint constraint, ChatFormat format, Random random)
    {
        var tokenizer = format.Tokenizer;
        var logits = new float[tokenizer.VocabularySize];
        var written = new List<int>();
        while (written.Count < 4000)
        {
            Array.Clear(logits);
            constraint.Mask(logits);
            List<int> allowed = [.. Enumerable.Range(0, logits.Length).Where(id => logits[id] == 0)];
            Assert.NotEmpty(allowed);
            Assert.Equal(constraint.IsComplete, allowed.Exists(format.StopTokens.Contains));
            if (random.Next(100) < written.Count && allowed.FindAll(Closes) is { Count: > 0 } closing) allowed = closing;
            var token = allowed[random.Next(allowed.Count)];
            if (format.StopTokens.Contains(token)) return written;
            written.Add(token);
            constraint.Accept(token);
        }

        throw new InvalidOperationException($"No end after {written.Count} tokens: {tokenizer.Decode(written)}");

        bool Closes(int id) => format.StopTokens.Contains(id) || tokenizer.BytesOf(id).Span is [(byte)'"' or (byte)'}' or (byte)']'];
    }
}
