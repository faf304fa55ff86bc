using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;

namespace DomainTuning.Answering;

/// <summary>
/// A prompt as a Semantic Kernel template in an embedded text file of Answering/Prompts, called through a kernel. Values are encoded by the template engine and decoded
/// behind its message tags, so they arrive letter for letter and can open neither a message nor a variable: <c>&lt;message role="system"&gt;</c> in a passage stays text.
/// </summary>
internal sealed class PromptFile
{
    private readonly KernelFunction function;

    private PromptFile(string name, string template)
    {
        var config = new PromptTemplateConfig(template) { Name = name, TemplateFormat = PromptTemplateConfig.SemanticKernelTemplateFormat };
        function = KernelFunctionFactory.CreateFromPrompt(config, new KernelPromptTemplateFactory());
        Template = template;
    }

    public static PromptFile Answer { get; } = Load("answer");

    public static PromptFile Standalone { get; } = Load("standalone");

    public string Template { get; }

    public async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        Kernel kernel, IReadOnlyDictionary<string, string> values, double temperature, int maxTokens, AnswerSampling sampling, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var settings = new PromptExecutionSettings { ExtensionData = new Dictionary<string, object> { ["temperature"] = temperature, ["max_tokens"] = maxTokens } };
        foreach (var (name, value) in sampling.Settings())
            if (value is not null) settings.ExtensionData[name] = value;
        var arguments = new KernelArguments(settings);
        foreach (var (name, value) in values) arguments[name] = Printable(value);
        await foreach (var update in function.InvokeStreamingAsync<ChatResponseUpdate>(kernel, arguments, cancellationToken).WithCancellation(cancellationToken).ConfigureAwait(false))
            yield return update;
    }

    /// <summary>Without what XML cannot carry (control characters, halves of surrogate pairs): one of them would turn the whole prompt into a single plain message.</summary>
    private static string Printable(string value)
    {
        if (!value.AsSpan().ContainsAnyInRange('\0', '\u001F') && !value.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') && !value.AsSpan().ContainsAny('\uFFFE', '\uFFFF')) return value;

        var text = new StringBuilder(value.Length);
        foreach (var rune in value.EnumerateRunes())
            if (rune.Value is '\t' or '\n' or (>= 0x20 and not 0xFFFE and not 0xFFFF))
                text.Append(rune.ToString());
        return text.ToString();
    }

    private static PromptFile Load(string name)
    {
        var resource = $"{typeof(PromptFile).Namespace}.Prompts.{name}.txt";
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The prompt '{resource}' is not in the assembly; Answering/Prompts/{name}.txt must be an embedded resource.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return new PromptFile(name, reader.ReadToEnd().ReplaceLineEndings("\n").TrimEnd());
    }
}
