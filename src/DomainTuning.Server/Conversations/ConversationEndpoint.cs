using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using DomainTuning.Server.Api;
using DomainTuning.Stores.Conversations;

namespace DomainTuning.Server.Conversations;

/// <summary>/v1/conversations: what was asked and answered, kept for whoever asked. A chat request that names a conversation is added to it.</summary>
internal static class ConversationEndpoint
{
    private const int MostListed = 1000;

    private const int MostTitleLetters = 200;

    public static void MapConversations(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/conversations", CreateAsync);
        app.MapGet("/v1/conversations", ListAsync);
        app.MapGet("/v1/conversations/{id}", ShowAsync);
        app.MapPatch("/v1/conversations/{id}", RenameAsync);
        app.MapDelete("/v1/conversations/{id}", DeleteAsync);
        app.MapGet("/v1/conversations/{id}/export", ExportAsync);
    }

    public static ApiException NotFound(string id) => new(404, $"There is no conversation '{id}'. GET /v1/conversations lists yours.", "conversation", "conversation_not_found");

    private static async Task CreateAsync(HttpContext context, ConversationFile conversations)
    {
        using var body = await RequestFields.ReadAsync(context).ConfigureAwait(false);
        var (title, model) = ((string?)null, (string?)null);
        foreach (var (name, value) in body.RootElement.Fields())
            switch (name)
            {
                case "title": title = Title(value); break;
                case "model": model = value.Text(name); break;
                default: throw RequestFields.Unknown(name);
            }

        var made = await conversations.CreateAsync(Caller.Of(context).Name, title, model, context.RequestAborted).ConfigureAwait(false);
        await WriteAsync(context, ConversationBody.From(made)).ConfigureAwait(false);
    }

    private static async Task ListAsync(HttpContext context, ConversationFile conversations, int? limit)
    {
        if (limit is < 1 or > MostListed) throw ApiException.BadRequest($"'limit' must be from 1 to {MostListed}.", "limit");
        var found = await conversations.ListAsync(Caller.Of(context).Name, limit ?? 100, context.RequestAborted).ConfigureAwait(false);
        await context.Response.WriteAsJsonAsync(new ConversationList("list", [.. found.Select(ConversationBody.From)]), ConversationJson.Default.ConversationList).ConfigureAwait(false);
    }

    private static async Task ShowAsync(HttpContext context, ConversationFile conversations, string id) =>
        await WriteAsync(context, await WholeAsync(context, conversations, id).ConfigureAwait(false)).ConfigureAwait(false);

    private static async Task RenameAsync(HttpContext context, ConversationFile conversations, string id)
    {
        using var body = await RequestFields.ReadAsync(context).ConfigureAwait(false);
        var unknown = body.RootElement.Fields().Select(field => field.Name).FirstOrDefault(name => name != "title");
        if (unknown is not null) throw RequestFields.Unknown(unknown);
        var title = Title(body.RootElement.Optional("title") ?? throw ApiException.BadRequest("'title' is missing.", "title"));
        if (!await conversations.RenameAsync(Caller.Of(context).Name, id, title, context.RequestAborted).ConfigureAwait(false)) throw NotFound(id);
        await WriteAsync(context, ConversationBody.From((await conversations.FindAsync(Caller.Of(context).Name, id, context.RequestAborted).ConfigureAwait(false))!)).ConfigureAwait(false);
    }

    private static async Task DeleteAsync(HttpContext context, ConversationFile conversations, string id)
    {
        if (!await conversations.DeleteAsync(Caller.Of(context).Name, id, context.RequestAborted).ConfigureAwait(false)) throw NotFound(id);
        await context.Response.WriteAsJsonAsync(new DeletedConversation(id, "conversation.deleted", true), ConversationJson.Default.DeletedConversation).ConfigureAwait(false);
    }

    private static async Task ExportAsync(HttpContext context, ConversationFile conversations, string id, string? format)
    {
        var whole = await WholeAsync(context, conversations, id).ConfigureAwait(false);
        var (ending, type) = format switch
        {
            null or "json" => ("json", "application/json"),
            "markdown" => ("md", "text/markdown; charset=utf-8"),
            _ => throw ApiException.BadRequest($"'format' is '{format}'; json or markdown is expected.", "format"),
        };
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{whole.Id}.{ending}\"";
        context.Response.ContentType = type;
        await context.Response.WriteAsync(ending == "json" ? JsonSerializer.Serialize(whole, ConversationJson.Default.ConversationBody) : Markdown(whole), context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task<ConversationBody> WholeAsync(HttpContext context, ConversationFile conversations, string id)
    {
        var owner = Caller.Of(context).Name;
        var found = await conversations.FindAsync(owner, id, context.RequestAborted).ConfigureAwait(false) ?? throw NotFound(id);
        var messages = await conversations.MessagesAsync(owner, id, context.RequestAborted).ConfigureAwait(false);
        return ConversationBody.From(found) with { Messages = [.. messages.Select(SavedMessageBody.From)] };
    }

    private static Task WriteAsync(HttpContext context, ConversationBody body) => context.Response.WriteAsJsonAsync(body, ConversationJson.Default.ConversationBody);

    private static string Title(JsonElement value) => value.Text("title").Trim() is { Length: > 0 and <= MostTitleLetters } title
        ? title
        : throw ApiException.BadRequest($"'title' takes 1 to {MostTitleLetters} letters.", "title");

    private static string Markdown(ConversationBody whole)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"# {whole.Title}\n\n{whole.CreatedAt:yyyy-MM-dd HH:mm} UTC\n");
        foreach (var message in whole.Messages!)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {(message.Role == "user" ? "Question" : $"Answer ({message.Model})")}\n\n{message.Content}\n");
            foreach (var citation in message.Citations ?? [])
                text.Append(CultureInfo.InvariantCulture, $"\n> {citation.Quote.ReplaceLineEndings("\n> ")}\n\n[{citation.Number}] {citation.File}, page {citation.Page}\n");
        }

        return text.ToString();
    }
}

internal sealed record ConversationList(string Object, IReadOnlyList<ConversationBody> Data);

/// <param name="Messages">Left out in lists.</param>
internal sealed record ConversationBody(
    string Id, string Object, string Title, string? Model, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, int MessageCount, IReadOnlyList<SavedMessageBody>? Messages = null)
{
    public static ConversationBody From(Conversation found) => new(found.Id, "conversation", found.Title, found.Model, found.CreatedAt, found.UpdatedAt, found.Messages);
}

/// <param name="Stopped">True when the answer was broken off.</param>
internal sealed record SavedMessageBody(
    string Role, string Content, string? Model, DateTimeOffset CreatedAt, IReadOnlyList<CitationBody>? Citations, bool? NotInDocuments, UsageBody? Usage, bool? Stopped)
{
    public static SavedMessageBody From(ConversationMessage message)
    {
        var details = message.Details is null ? null : JsonSerializer.Deserialize(message.Details, ConversationJson.Default.SavedDetails);
        return new(message.Role, message.Content, message.Model, message.CreatedAt, details?.Citations, details?.NotInDocuments, details?.Usage, details?.Stopped);
    }
}

/// <summary>What is kept of an answer besides its text.</summary>
internal sealed record SavedDetails(IReadOnlyList<CitationBody>? Citations, bool? NotInDocuments, UsageBody? Usage, bool? Stopped);

internal sealed record DeletedConversation(string Id, string Object, bool Deleted);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ConversationList))]
[JsonSerializable(typeof(ConversationBody))]
[JsonSerializable(typeof(SavedDetails))]
[JsonSerializable(typeof(DeletedConversation))]
internal sealed partial class ConversationJson : JsonSerializerContext;
