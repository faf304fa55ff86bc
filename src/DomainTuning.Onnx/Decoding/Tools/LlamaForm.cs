using DomainTuning.Onnx.Decoding.Constraints;

namespace DomainTuning.Onnx.Decoding.Tools;

/// <summary>{"name": …, "parameters": {…}} as the whole answer, with &lt;|python_tag|&gt; before it or not: Llama 3.1 to 3.3.</summary>
internal sealed class LlamaForm : ToolForm
{
    private const string Opener = "<|python_tag|>";

    private static readonly string[] Beginnings = ["name", "parameters", "arguments", "type", "function", "id"];

    public override IReadOnlyList<string> Openers => [Opener];

    public override bool CallsBare => true;

    public override bool OneCallEachTurn => true;

    public override CallReading Read(string text, bool ended)
    {
        var start = JsonExtent.SkipBlanks(text, 0);
        if (start == text.Length) return CallReading.More;
        if (text[start] != '{' || !MayBeCall(text[(start + 1)..].TrimStart())) return CallReading.None;
        var end = JsonExtent.EndOf(text, start);
        if (end < 0) return CallReading.More;
        return WrittenCall.Read(text[start..end]) is { } call ? new CallReading(end, [call]) : CallReading.None;
    }

    public override Rule CallOf(IReadOnlyList<CallableFunction> functions, Func<string, Rule> marker)
    {
        var calls = new Choice();
        foreach (var function in functions)
            calls.Alternatives.Add(new InTurn(Terminal.Literal($"{{\"name\": \"{JsonLiteral.Content(function.Name)}\", \"parameters\": "), function.Arguments, Terminal.Literal("}")));
        Rule.Settle([calls, .. calls.Alternatives]);
        return calls;
    }

    /// <summary>Whether an object whose first name begins so can be a call: an answer that is another JSON object is not held back to its end.</summary>
    private static bool MayBeCall(string inside) =>
        inside.Length == 0 || Array.Exists(Beginnings, name => $"\"{name}\"".StartsWith(inside, StringComparison.Ordinal) || inside.StartsWith($"\"{name}\"", StringComparison.Ordinal));
}
