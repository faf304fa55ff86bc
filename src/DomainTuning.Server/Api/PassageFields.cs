using System.Text.Json;
using DomainTuning.Arms;
using DomainTuning.Documents;
using DomainTuning.Indexing;

namespace DomainTuning.Server.Api;

/// <summary>Which passages of a corpus may be read, and how many: our extension of OpenAI's bodies.</summary>
internal sealed class PassageFields
{
    private const int MostPassages = 100;

    private List<string> documents = [];
    private List<string> tags = [];

    /// <summary>The first of the fields that the request had; null for none.</summary>
    public string? FirstGiven { get; private set; }

    /// <summary>How many passages are read; null: the settings' number.</summary>
    public int? Count { get; private set; }

    /// <summary>Reads one field; false when it is none of these.</summary>
    public bool TryRead(string name, JsonElement value)
    {
        switch (name)
        {
            case "documents": documents = value.OneOrMoreTexts(name); break;
            case "tags": tags = value.OneOrMoreTexts(name); break;
            case "passages": Count = (int)value.Whole(name, 1, MostPassages); break;
            default: return false;
        }

        FirstGiven ??= name;
        return true;
    }

    /// <summary>The filter for a corpus. A document goes by its id or its path.</summary>
    /// <exception cref="ApiException">The corpus has no such document: a search in nothing would look like an answer.</exception>
    public async Task<ChunkFilter> FilterAsync(OpenCorpus corpus, CancellationToken cancellationToken)
    {
        if (documents.Count == 0) return new ChunkFilter { Tags = tags };
        var known = await corpus.Index.DocumentsAsync(cancellationToken).ConfigureAwait(false);
        return new ChunkFilter { Tags = tags, Documents = [.. documents.Select(Find)] };

        DocumentId Find(string given) =>
            known.FirstOrDefault(document => document.Id.Value == given || document.Path == given)?.Id
            ?? throw ApiException.BadRequest($"Corpus '{corpus.Name}' has no document '{given}'. GET /v1/corpora/{corpus.Name}/documents lists their ids and paths.", "documents");
    }
}
