using System.Text.Json.Nodes;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>What a chat template is rendered with. All text in it is untrusted: it can never become a control token, except what is said below to be trusted.</summary>
public sealed record ChatTemplateInput
{
    /// <summary>
    /// The messages: objects with role, content (text or a list of parts) and whatever else the template reads (tool_calls, reasoning_content, ...).
    /// A role is trusted when it is one of the well-known ones, because templates build control tokens from it (<c>&lt;|user|&gt;</c>); any other is not.
    /// </summary>
    public required IReadOnlyList<JsonObject> Messages { get; init; }

    /// <summary>Descriptions of functions that the model may call; null: none.</summary>
    public IReadOnlyList<JsonNode>? Tools { get; init; }

    /// <summary>Documents for templates that write them themselves; null: none.</summary>
    public IReadOnlyList<JsonNode>? Documents { get; init; }

    /// <summary>Ends the prompt where the assistant's answer begins. Default false.</summary>
    public bool AddGenerationPrompt { get; init; }

    /// <summary>Ends the prompt after the last message's text, so that the model goes on writing it. Default false.</summary>
    public bool ContinueFinalMessage { get; init; }

    /// <summary>The model's beginning-of-text token; trusted. Null: the template sees no bos_token.</summary>
    public string? BosToken { get; init; }

    /// <summary>The model's end token; trusted. Null: the template sees no eos_token.</summary>
    public string? EosToken { get; init; }

    /// <summary>Further variables, such as enable_thinking.</summary>
    public IReadOnlyDictionary<string, JsonNode?>? Variables { get; init; }

    /// <summary>Further text variables that the caller vouches for, such as pad_token; trusted.</summary>
    public IReadOnlyDictionary<string, string>? TrustedVariables { get; init; }

    /// <summary>What strftime_now reads. Default: the system's clock and time zone.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
