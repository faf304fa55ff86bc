using DomainTuning.Onnx.Decoding.Constraints;

namespace DomainTuning.Onnx.Decoding.Tools;

/// <summary>How a family of models writes calls of functions, as its chat template shows it. Without state.</summary>
internal abstract class ToolForm
{
    /// <summary>Texts that begin calls. Where the tokenizer has a control token of that name, only the token counts: a quoted text does not call anything.</summary>
    public abstract IReadOnlyList<string> Openers { get; }

    /// <summary>An answer that begins with a JSON object may be a call, with no opener.</summary>
    public virtual bool CallsBare => false;

    /// <summary>The template takes one call in each turn of the assistant.</summary>
    public virtual bool OneCallEachTurn => false;

    /// <summary>The form that a template's own text shows.</summary>
    /// <returns>Null where the template does not know tools.</returns>
    /// <exception cref="NotSupportedException">It knows tools, but in a form of calls that is not read.</exception>
    public static ToolForm? Recognise(string template)
    {
        if (!template.Contains("tools", StringComparison.Ordinal)) return null;
        if (template.Contains(MistralForm.Opener, StringComparison.Ordinal)) return new MistralForm(template.Contains(MistralForm.ArgumentsMark, StringComparison.Ordinal));
        if (template.Contains(HermesForm.Opener, StringComparison.Ordinal) && !template.Contains("<function=", StringComparison.Ordinal)) return new HermesForm();
        if (template.Contains("<|start_header_id|>", StringComparison.Ordinal) && template.Contains("\"parameters\": ", StringComparison.Ordinal)) return new LlamaForm();
        throw new NotSupportedException(
            "The model's chat template writes function calls in a form that is not read; known are <tool_call>{…}</tool_call> (Qwen, Hermes), {\"name\": …, \"parameters\": …} (Llama 3) and [TOOL_CALLS] (Mistral). Leave ChatOptions.Tools empty, or choose another model.");
    }

    /// <summary>Reads what stands behind an opener.</summary>
    /// <param name="text">The text so far.</param>
    /// <param name="ended">Nothing more comes.</param>
    public abstract CallReading Read(string text, bool ended);

    /// <summary>The grammar of exactly one call.</summary>
    /// <param name="functions">The functions of which one is called.</param>
    /// <param name="marker">Makes the rule of a text that may be a control token.</param>
    public abstract Rule CallOf(IReadOnlyList<CallableFunction> functions, Func<string, Rule> marker);

    /// <summary>The id of a call as the template takes it.</summary>
    public virtual string CallId(string id) => id;
}

/// <param name="Name">The function's name.</param>
/// <param name="Arguments">Rule of the object of its arguments.</param>
internal sealed record CallableFunction(string Name, Rule Arguments);

/// <summary>What was found behind an opener: calls and how far they reach, nothing yet (<see cref="More"/>), or no call (<see cref="None"/>).</summary>
internal sealed record CallReading(int Length, IReadOnlyList<WrittenCall> Calls)
{
    public static CallReading More { get; } = new(0, []);

    public static CallReading None { get; } = new(-1, []);
}
