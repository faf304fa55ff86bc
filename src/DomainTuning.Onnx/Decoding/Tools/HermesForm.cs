using DomainTuning.Onnx.Decoding.Constraints;

namespace DomainTuning.Onnx.Decoding.Tools;

/// <summary>&lt;tool_call&gt;{"name": …, "arguments": {…}}&lt;/tool_call&gt;, any number of times: Qwen 2.5 and 3, Hermes.</summary>
internal sealed class HermesForm : ToolForm
{
    public const string Opener = "<tool_call>";

    private const string Closer = "</tool_call>";

    public override IReadOnlyList<string> Openers => [Opener];

    public override CallReading Read(string text, bool ended)
    {
        var start = JsonExtent.SkipBlanks(text, 0);
        if (start == text.Length) return CallReading.More;
        if (text[start] != '{') return CallReading.None;
        var end = JsonExtent.EndOf(text, start);
        if (end < 0) return CallReading.More;
        if (WrittenCall.Read(text[start..end]) is not { } call) return CallReading.None;
        var close = JsonExtent.SkipBlanks(text, end);
        if (string.CompareOrdinal(text, close, Closer, 0, Closer.Length) == 0) return new CallReading(close + Closer.Length, [call]);
        // The call is whole without its closer, but the closer may still be on its way.
        return !ended && Closer.StartsWith(text[close..], StringComparison.Ordinal) ? CallReading.More : new CallReading(end, [call]);
    }

    public override Rule CallOf(IReadOnlyList<CallableFunction> functions, Func<string, Rule> marker)
    {
        var calls = new Choice();
        foreach (var function in functions)
            calls.Alternatives.Add(new InTurn(Terminal.Literal($"\n{{\"name\": \"{JsonLiteral.Content(function.Name)}\", \"arguments\": "), function.Arguments, Terminal.Literal("}\n")));
        var rule = new InTurn(marker(Opener), calls, marker(Closer));
        Rule.Settle([rule, calls, .. calls.Alternatives]);
        return rule;
    }
}
