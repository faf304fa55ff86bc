using System.Text.Json;
using DomainTuning.Onnx.Decoding.Constraints;

namespace DomainTuning.Onnx.Decoding.Tools;

/// <summary>
/// [TOOL_CALLS] and a list of {"name": …, "arguments": {…}}, or, since Mistral Small 3.2, [TOOL_CALLS]name[ARGS]{…} for each call, in between
/// perhaps [CALL_ID]…. Both are read; the one that the template shows is written.
/// </summary>
internal sealed class MistralForm(bool named) : ToolForm
{
    public const string Opener = "[TOOL_CALLS]";

    public const string ArgumentsMark = "[ARGS]";

    private const string IdMark = "[CALL_ID]";

    private const int MostNameCharacters = 128;

    public override IReadOnlyList<string> Openers => [Opener];

    public override string CallId(string id) => WrittenCall.ShortId(id);

    public override CallReading Read(string text, bool ended)
    {
        var start = JsonExtent.SkipBlanks(text, 0);
        return start == text.Length ? CallReading.More : text[start] == '[' ? ReadList(text, start) : ReadNamed(text, start);
    }

    public override Rule CallOf(IReadOnlyList<CallableFunction> functions, Func<string, Rule> marker)
    {
        var calls = new Choice();
        foreach (var function in functions)
            calls.Alternatives.Add(named
                ? new InTurn(Terminal.Literal(function.Name), marker(ArgumentsMark), function.Arguments)
                : new InTurn(Terminal.Literal($"[{{\"name\": \"{JsonLiteral.Content(function.Name)}\", \"arguments\": "), function.Arguments, Terminal.Literal("}]")));
        var rule = new InTurn(marker(Opener), calls);
        Rule.Settle([rule, calls, .. calls.Alternatives]);
        return rule;
    }

    private static CallReading ReadList(string text, int start)
    {
        var end = JsonExtent.EndOf(text, start);
        if (end < 0) return CallReading.More;
        try
        {
            using var document = JsonDocument.Parse(text.AsMemory(start, end - start));
            WrittenCall?[] calls = [.. document.RootElement.EnumerateArray().Select(WrittenCall.Read)];
            return calls.Length == 0 || Array.Exists(calls, call => call is null) ? CallReading.None : new CallReading(end, [.. calls.OfType<WrittenCall>()]);
        }
        catch (JsonException)
        {
            return CallReading.None;
        }
    }

    private static CallReading ReadNamed(string text, int start)
    {
        var mark = text.IndexOf(ArgumentsMark, start, StringComparison.Ordinal);
        if (mark < 0) return text.Length - start > MostNameCharacters ? CallReading.None : CallReading.More;
        var head = text[start..mark].Split(IdMark);
        var name = head[0].Trim();
        var open = JsonExtent.SkipBlanks(text, mark + ArgumentsMark.Length);
        if (name.Length == 0 || (open < text.Length && text[open] != '{')) return CallReading.None;
        var end = open == text.Length ? -1 : JsonExtent.EndOf(text, open);
        if (end < 0) return CallReading.More;
        var call = WrittenCall.Read($"{{\"name\":{JsonSerializer.Serialize(name)},\"arguments\":{text[open..end]}}}");
        return call is null ? CallReading.None : new CallReading(end, [call with { Id = head.Length > 1 ? head[1].Trim() : null }]);
    }
}
