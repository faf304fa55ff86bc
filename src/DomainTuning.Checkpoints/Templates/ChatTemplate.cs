using System.Text.Json.Nodes;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>
/// A model's own chat template: Jinja as Hugging Face sets it up (trim_blocks, lstrip_blocks, loop controls, generation blocks), rendered by a
/// sandboxed interpreter with limits on output, steps, depth and time. Rendering says which characters the template wrote itself.
/// Parse once, render often; thread-safe. Source: https://jinja.palletsprojects.com/templates/ and transformers' chat_template_utils.
/// </summary>
public sealed class ChatTemplate
{
    private static readonly string[] ReasoningKeys = ["reasoning_content", "thinking", "reasoning"];

    // What templates expect as roles. None of them can be an end or padding token when a template writes '<|' + role + '|>'.
    private static readonly HashSet<string> KnownRoles =
        ["system", "developer", "user", "assistant", "model", "tool", "tool_response", "tool_results", "tool_call", "ipython", "function", "observation", "context", "documents"];

    private readonly Block _body;
    private readonly TemplateLimits _limits;

    private ChatTemplate(string source, Block body, TemplateLimits limits) => (Source, _body, _limits) = (source, body, limits);

    /// <summary>The template as it was read.</summary>
    public string Source { get; }

    /// <summary>Lower-case hex SHA-256 of the template's text in UTF-8: what an adapter was trained with is compared by it.</summary>
    public string Sha256 => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Source)));

    /// <summary>Reads a template, such as tokenizer.chat_template of a GGUF file or chat_template of tokenizer_config.json.</summary>
    /// <exception cref="TemplateException">It is not well-formed; the exception names the line.</exception>
    public static ChatTemplate Parse(string source, TemplateLimits? limits = null) => new(source, TemplateParser.Parse(source), limits ?? new TemplateLimits());

    /// <summary>Renders a chat.</summary>
    /// <exception cref="TemplateException">The template refuses the chat (<see cref="TemplateErrorKind.Raised"/>), does not fit it, or reached a limit.</exception>
    public RenderedChat Render(ChatTemplateInput input)
    {
        var evaluation = new Evaluation(_limits, input.Clock);
        return Guarded(evaluation, () =>
        {
            var scope = NewScope();
            scope.Set("messages", Messages(input.Messages, evaluation));
            scope.Set("tools", input.Tools is null ? NoneValue.Instance : Json(input.Tools, evaluation));
            scope.Set("documents", input.Documents is null ? NoneValue.Instance : Json(input.Documents, evaluation));
            scope.Set("add_generation_prompt", BooleanValue.Of(input.AddGenerationPrompt));
            if (input.BosToken is not null) scope.Set("bos_token", TextValue.Trusted(input.BosToken));
            if (input.EosToken is not null) scope.Set("eos_token", TextValue.Trusted(input.EosToken));
            foreach (var (name, node) in input.Variables ?? new Dictionary<string, JsonNode?>()) scope.Set(name, JsonValues.Read(node, evaluation));
            foreach (var (name, text) in input.TrustedVariables ?? new Dictionary<string, string>()) scope.Set(name, TextValue.Trusted(text));
            return Finish(Run(evaluation, scope), input);
        });
    }

    /// <summary>Renders with nothing defined but the given variables and the built-in functions.</summary>
    internal RenderedChat RenderAlone(IReadOnlyDictionary<string, JsonNode?> variables, TimeProvider clock)
    {
        var evaluation = new Evaluation(_limits, clock);
        return Guarded(evaluation, () =>
        {
            var scope = NewScope();
            foreach (var (name, node) in variables) scope.Set(name, JsonValues.Read(node, evaluation));
            var (text, generations) = Run(evaluation, scope);
            return new RenderedChat(text.Text, Ranges(text), generations);
        });
    }

    private static Scope NewScope()
    {
        var globals = new Scope(null);
        Globals.AddTo(globals);
        return new Scope(globals);
    }

    private (TextValue Text, List<Range> Generations) Run(Evaluation evaluation, Scope scope)
    {
        var output = new Output(evaluation.Budget);
        _body.Run(evaluation, scope, output);
        return (output.Text.ToText(), output.Generations);
    }

    private static RenderedChat Guarded(Evaluation evaluation, Func<RenderedChat> render)
    {
        try
        {
            return render();
        }
        catch (TemplateFault fault)
        {
            throw new TemplateException(fault.Kind, fault.Message, evaluation.Line, fault);
        }
    }

    private static ListValue Json(IReadOnlyList<JsonNode> nodes, Evaluation evaluation) => new([.. nodes.Select(node => JsonValues.Read(node, evaluation))]);

    private static ListValue Messages(IReadOnlyList<JsonObject> messages, Evaluation evaluation)
    {
        var values = new List<Value>();
        foreach (var message in messages)
        {
            var map = (MapValue)JsonValues.Read(message, evaluation);
            var role = TextValue.Trusted("role");
            if (map.Entries.GetValueOrDefault(role) is TextValue text && KnownRoles.Contains(text.Text)) map.Entries[role] = TextValue.Trusted(text.Text);
            CopyReasoning(map);
            values.Add(map);
        }
        return new ListValue(values);
    }

    /// <summary>The reference gives a message's reasoning under both names that templates use.</summary>
    private static void CopyReasoning(MapValue message)
    {
        var reasoning = ReasoningKeys.Select(key => message.Entries.GetValueOrDefault(TextValue.Trusted(key))).FirstOrDefault(value => value is not null);
        if (reasoning is null) return;
        foreach (var key in ReasoningKeys.Take(2)) message.Entries.TryAdd(TextValue.Untrusted(key), reasoning);
    }

    private static RenderedChat Finish((TextValue Text, List<Range> Generations) result, ChatTemplateInput input)
    {
        var (text, generations) = result;
        if (input.ContinueFinalMessage)
        {
            text = text.Slice(0, FinalMessageEnd(text, input.Messages));
            generations = [.. generations.Where(range => range.Start.Value < text.Text.Length).Select(range => range.Start..Math.Min(range.End.Value, text.Text.Length))];
        }
        return new RenderedChat(text.Text, Ranges(text), generations);
    }

    /// <summary>
    /// Where the last message's text ends in the prompt: its last occurrence that the template did not write itself. Blanks at its end count
    /// only if the template kept them.
    /// </summary>
    private static int FinalMessageEnd(TextValue prompt, IReadOnlyList<JsonObject> messages)
    {
        var content = messages.Count == 0 ? null : messages[^1]["content"] switch
        {
            JsonArray parts => parts.OfType<JsonObject>().LastOrDefault(part => part.ContainsKey("text"))?["text"],
            var node => node,
        };
        var message = content is JsonValue value && value.TryGetValue<string>(out var given) ? given : "";
        var core = message.Trim(Blanks.Characters);
        if (core.Length > 0)
            for (var at = prompt.Text.LastIndexOf(core, StringComparison.Ordinal); at >= 0; at = at == 0 ? -1 : prompt.Text.LastIndexOf(core, at - 1 + core.Length - 1, StringComparison.Ordinal))
            {
                if (prompt.Slice(at, core.Length).Marks.Length > 0) continue;
                var kept = message.TrimStart(Blanks.Characters);
                return prompt.Text.AsSpan(at).StartsWith(kept, StringComparison.Ordinal) ? at + kept.Length : at + core.Length;
            }
        throw new TemplateFault(TemplateErrorKind.Value, "the final message is to be continued, but its text does not appear in the prompt that the template makes");
    }

    private static List<Range> Ranges(TextValue text)
    {
        var ranges = new List<Range>();
        for (var i = 0; i < text.Marks.Length; i += 2) ranges.Add(text.Marks[i]..text.Marks[i + 1]);
        return ranges;
    }
}
