namespace DomainTuning.Checkpoints.Templates;

/// <summary>What kind of failure a template met; the names are those of the reference implementation's exceptions.</summary>
public enum TemplateErrorKind
{
    /// <summary>The template itself is not well-formed (TemplateSyntaxError).</summary>
    Syntax,

    /// <summary>The template uses a filter or test that does not exist (TemplateAssertionError).</summary>
    UnknownName,

    /// <summary>The template calls raise_exception: it refuses this chat (TemplateError).</summary>
    Raised,

    /// <summary>Something absent is read into, called or added (UndefinedError).</summary>
    Undefined,

    /// <summary>An operation does not fit its values (TypeError).</summary>
    Type,

    /// <summary>A value is out of its domain (ValueError).</summary>
    Value,

    /// <summary>Division by zero (ZeroDivisionError).</summary>
    ZeroDivision,

    /// <summary>A number or range is too large (OverflowError).</summary>
    Overflow,

    /// <summary>The sandbox forbids it (SecurityError).</summary>
    Security,

    /// <summary>Any other failure of a well-formed template (TemplateRuntimeError).</summary>
    Runtime,

    /// <summary>A limit of <see cref="TemplateLimits"/> was reached; the reference has no such error.</summary>
    Limit,
}

/// <summary>A chat template could not be read or rendered.</summary>
public sealed class TemplateException : Exception
{
    internal TemplateException(TemplateErrorKind kind, string detail, int line, Exception? inner = null)
        : base($"Chat template, line {line}: {detail.TrimEnd('.')}. {Remedy(kind)}", inner) =>
        (Kind, Detail, Line) = (kind, detail, line);

    /// <summary>The kind of failure.</summary>
    public TemplateErrorKind Kind { get; }

    /// <summary>What failed, without place and remedy; for <see cref="TemplateErrorKind.Raised"/> the template author's own words.</summary>
    public string Detail { get; }

    /// <summary>Line of the template, from 1.</summary>
    public int Line { get; }

    private static string Remedy(TemplateErrorKind kind) => kind switch
    {
        TemplateErrorKind.Syntax or TemplateErrorKind.UnknownName => "Correct the template, or use the one that came with the model.",
        TemplateErrorKind.Raised => "The template refuses this chat: change the messages, tools or variables accordingly.",
        TemplateErrorKind.Undefined or TemplateErrorKind.Type or TemplateErrorKind.Value =>
            "The chat does not have the shape that the template expects: check roles, contents, tools and variables, or use another template.",
        TemplateErrorKind.Security => "Templates may not do this; use a template from a source that you trust.",
        TemplateErrorKind.Limit => "Shorten the chat or raise the limit; if neither is the reason, do not trust this template.",
        _ => "Use another template or other messages.",
    };
}

/// <summary>A failure on its way to the place that knows the line.</summary>
internal sealed class TemplateFault(TemplateErrorKind kind, string detail) : Exception(detail)
{
    public TemplateErrorKind Kind { get; } = kind;

    public static TemplateFault Type(string detail) => new(TemplateErrorKind.Type, detail);

    public static TemplateFault Value(string detail) => new(TemplateErrorKind.Value, detail);
}
