using System.Text.Json;
using System.Text.Json.Nodes;
using DomainTuning.Checkpoints.Tokenizers;
using DomainTuning.Onnx.Decoding.Constraints;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Decoding.Tools;

/// <summary>
/// The grammar that a request asks for, if any. A required function: exactly one call, with arguments by its schema. A JSON format: that, or, where
/// functions are offered too, a call. Grammars are kept, for applications ask with the same schema again and again. Thread-safe.
/// </summary>
internal sealed class AnswerGrammars(ChatTokenizer tokenizer, ToolForm? form)
{
    private const int MostKept = 64;

    private readonly Lazy<VocabularyMasks> masks = new(() => new VocabularyMasks(new VocabularyTrie(tokenizer)));
    private readonly Dictionary<string, Rule> kept = new(StringComparer.Ordinal);

    /// <summary>What holds one answer to the request; null: nothing does.</summary>
    /// <exception cref="NotSupportedException">A schema cannot be followed.</exception>
    public TokenConstraint? Constrain(ChatRequest request, IReadOnlySet<int> stopTokens) =>
        Of(request) is { } grammar ? new GrammarConstraint(grammar, tokenizer, masks.Value, stopTokens) : null;

    private Rule? Of(ChatRequest request)
    {
        if (request.RequiredFunctions.Count > 0) return CallOf(request.RequiredFunctions);
        if (request.Json is not { } json) return null;
        var answer = json.Schema is { } schema ? Kept(schema.GetRawText(), () => SchemaGrammar.Compile(schema)) : SchemaGrammar.AnyObject;
        if (request.Functions.Count == 0) return answer;
        var either = new Choice { Alternatives = { answer, CallOf(request.Functions) } };
        Rule.Settle([either]);
        return either;
    }

    private Rule CallOf(IReadOnlyList<AIFunctionDeclaration> functions) =>
        Kept("call:" + string.Join('\n', functions.Select(function => function.Name + function.JsonSchema.GetRawText())), () => form!.CallOf([.. functions.Select(Callable)], Marker));

    private static CallableFunction Callable(AIFunctionDeclaration function)
    {
        var schema = TemplateMessages.Tool(function)["function"]!["parameters"]!.AsObject();
        if (schema["properties"] is JsonObject { Count: 0 }) schema.TryAdd("additionalProperties", false); // a function without parameters
        try
        {
            return new CallableFunction(function.Name, SchemaGrammar.Compile(JsonSerializer.SerializeToElement(schema)));
        }
        catch (NotSupportedException error)
        {
            throw new NotSupportedException($"The function '{function.Name}' cannot be required: {error.Message}", error);
        }
    }

    private Rule Marker(string text) => tokenizer.ControlToken(text) is { } id && tokenizer.IsControl(id) ? new ControlToken(id) : Terminal.Literal(text);

    private Rule Kept(string key, Func<Rule> compile)
    {
        lock (kept)
            if (kept.TryGetValue(key, out var known)) return known;
        var rule = compile();
        lock (kept)
        {
            if (kept.Count >= MostKept) kept.Clear();
            return kept[key] = rule;
        }
    }
}
