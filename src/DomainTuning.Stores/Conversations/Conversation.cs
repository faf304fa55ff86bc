namespace DomainTuning.Stores.Conversations;

/// <summary>A conversation without its messages.</summary>
/// <param name="Owner">Who may see it: the name of an API key, empty where none is needed.</param>
/// <param name="Model">The model id that was asked last; null before the first question.</param>
/// <param name="Messages">How many there are.</param>
public sealed record Conversation(string Id, string Owner, string Title, string? Model, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, int Messages);

/// <param name="Role">"user" or "assistant".</param>
/// <param name="Model">Which model id answered; null for what the user wrote.</param>
/// <param name="Details">What belongs to an answer besides its text (citations, usage), as JSON; null for none.</param>
public sealed record ConversationMessage(string Role, string Content, string? Model, DateTimeOffset CreatedAt, string? Details = null);
