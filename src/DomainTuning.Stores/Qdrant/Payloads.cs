using System.Globalization;
using DomainTuning.Chunks;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using Google.Protobuf.Collections;
using Qdrant.Client.Grpc;
using Document = DomainTuning.Indexing.IndexedDocument;

namespace DomainTuning.Stores.Qdrant;

/// <summary>What a point carries, field by field, as the types that flow, and back.</summary>
internal static class Payloads
{
    public const string Kind = "kind";
    public const string Generation = "generation";
    public const string DocumentField = "document";
    public const string Position = "position";
    public const string PageField = "page";
    public const string Tags = "tags";
    public const string ChunkField = "chunk";
    public const string Revision = "revision";

    public const string ChunkKind = "chunk";
    public const string PageKind = "page";
    public const string DocumentKind = "document";

    /// <summary>Every field that a filter names, each with an index: strict mode refuses any other filter.</summary>
    public static IReadOnlyList<(string Field, FieldType Type)> Indexed { get; } =
    [
        (Kind, FieldType.Keyword), (Generation, FieldType.Integer), (DocumentField, FieldType.Keyword), (Tags, FieldType.Keyword), (Position, FieldType.Integer),
        (PageField, FieldType.Integer), (ChunkField, FieldType.Keyword), (Revision, FieldType.Integer),
    ];

    public static void Write(MapField<string, Value> payload, Chunk chunk, long generation)
    {
        payload[Kind] = Text(ChunkKind);
        payload[Generation] = Number(generation);
        payload[ChunkField] = Text(chunk.Id.ToString());
        payload[DocumentField] = Text(chunk.DocumentId.Value);
        payload[Position] = Number(chunk.Position);
        payload["text"] = Text(chunk.Text);
        payload["headings"] = Texts(chunk.HeadingPath);
        payload["parts"] = Text(Convert.ToBase64String(Blobs.From(chunk.Parts)));
        payload["tokens"] = Number(chunk.TokenCount);
        payload[Tags] = Texts(chunk.Tags);
    }

    public static Chunk ToChunk(MapField<string, Value> payload) => new()
    {
        Id = ChunkId.Parse(payload[ChunkField].StringValue),
        DocumentId = new DocumentId(payload[DocumentField].StringValue),
        Position = (int)payload[Position].IntegerValue,
        Text = payload["text"].StringValue,
        HeadingPath = Texts(payload["headings"]),
        Parts = Blobs.ToParts(Convert.FromBase64String(payload["parts"].StringValue)),
        TokenCount = (int)payload["tokens"].IntegerValue,
        Tags = Texts(payload[Tags]),
    };

    public static void Write(MapField<string, Value> payload, DocumentId document, PageText page, long generation)
    {
        payload[Kind] = Text(PageKind);
        payload[Generation] = Number(generation);
        payload[DocumentField] = Text(document.Value);
        payload[PageField] = Number(page.Number);
        if (page.Label is { } label) payload["label"] = Text(label);
        payload["width"] = new Value { DoubleValue = page.Width };
        payload["height"] = new Value { DoubleValue = page.Height };
        payload["text"] = Text(page.Text);
        payload["lines"] = Text(Convert.ToBase64String(Blobs.From(page.Lines)));
    }

    public static PageText ToPage(MapField<string, Value> payload) => new(
        (int)payload[PageField].IntegerValue, payload.TryGetValue("label", out var label) ? label.StringValue : null, payload["width"].DoubleValue, payload["height"].DoubleValue,
        payload["text"].StringValue, Blobs.ToLines(Convert.FromBase64String(payload["lines"].StringValue)));

    public static void Write(MapField<string, Value> payload, Document document, long generation)
    {
        payload[Kind] = Text(DocumentKind);
        payload[Generation] = Number(generation);
        payload[DocumentField] = Text(document.Id.Value);
        payload["path"] = Text(document.Path);
        payload["title"] = Text(document.Title);
        payload["sha256"] = Text(document.Sha256);
        payload["pages"] = Number(document.Pages);
        payload["chunks"] = Number(document.Chunks);
        payload[Tags] = Texts(document.Tags);
        payload["ingested_at"] = Text(document.IngestedAt.ToString("O", CultureInfo.InvariantCulture));
        if (document.Note is { } note) payload["note"] = Text(note);
    }

    public static StoredDocument ToDocument(MapField<string, Value> payload) => new(
        new Document(
            new DocumentId(payload[DocumentField].StringValue), payload["path"].StringValue, payload["title"].StringValue, payload["sha256"].StringValue,
            (int)payload["pages"].IntegerValue, (int)payload["chunks"].IntegerValue, Texts(payload[Tags]),
            DateTimeOffset.ParseExact(payload["ingested_at"].StringValue, "O", CultureInfo.InvariantCulture), payload.TryGetValue("note", out var note) ? note.StringValue : null),
        payload[Generation].IntegerValue);

    public static Value Text(string text) => new() { StringValue = text };

    public static Value Number(long number) => new() { IntegerValue = number };

    public static Value Numbers(IEnumerable<long> numbers)
    {
        var list = new ListValue();
        list.Values.AddRange(numbers.Select(Number));
        return new Value { ListValue = list };
    }

    private static Value Texts(IEnumerable<string> texts)
    {
        var list = new ListValue();
        list.Values.AddRange(texts.Select(Text));
        return new Value { ListValue = list };
    }

    private static string[] Texts(Value value) => [.. value.ListValue.Values.Select(text => text.StringValue)];
}

/// <summary>A document with the generation that stored it.</summary>
internal sealed record StoredDocument(IndexedDocument Document, long Generation);
