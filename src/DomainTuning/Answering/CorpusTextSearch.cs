using System.Runtime.CompilerServices;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;
using Microsoft.SemanticKernel.Data;

namespace DomainTuning.Answering;

/// <summary>
/// A corpus as Semantic Kernel's text search: hybrid search and reranking behind <see cref="ITextSearch{TRecord}"/>. Filters are expressions over
/// <see cref="CorpusPassage.Document"/> and <see cref="CorpusPassage.Tags"/>; any other throws <see cref="NotSupportedException"/>. Thread-safe.
/// </summary>
public sealed class CorpusTextSearch(ChunkIndex index, Retriever retriever, RetrievalOptions options) : ITextSearch<CorpusPassage>
{
    public async Task<KernelSearchResults<CorpusPassage>> GetSearchResultsAsync(
        string query, TextSearchOptions<CorpusPassage>? searchOptions = null, CancellationToken cancellationToken = default)
    {
        var found = await SearchPassagesAsync(query, searchOptions, cancellationToken).ConfigureAwait(false);
        return Results(found, passage => passage, searchOptions, cancellationToken);
    }

    public async Task<KernelSearchResults<TextSearchResult>> GetTextSearchResultsAsync(
        string query, TextSearchOptions<CorpusPassage>? searchOptions = null, CancellationToken cancellationToken = default)
    {
        var found = await SearchPassagesAsync(query, searchOptions, cancellationToken).ConfigureAwait(false);
        return Results(found, passage => new TextSearchResult(passage.Text) { Name = passage.Name, Link = passage.Link }, searchOptions, cancellationToken);
    }

    public async Task<KernelSearchResults<string>> SearchAsync(
        string query, TextSearchOptions<CorpusPassage>? searchOptions = null, CancellationToken cancellationToken = default)
    {
        var found = await SearchPassagesAsync(query, searchOptions, cancellationToken).ConfigureAwait(false);
        return Results(found, passage => passage.Text, searchOptions, cancellationToken);
    }

    private async Task<IReadOnlyList<CorpusPassage>> SearchPassagesAsync(string query, TextSearchOptions<CorpusPassage>? searchOptions, CancellationToken cancellationToken)
    {
        var (top, skip) = (searchOptions?.Top ?? TextSearchOptions<CorpusPassage>.DefaultTop, searchOptions?.Skip ?? 0);
        if (top < 1) throw new ArgumentOutOfRangeException(nameof(searchOptions), top, "Top must be at least 1.");
        if (skip < 0) throw new ArgumentOutOfRangeException(nameof(searchOptions), skip, "Skip must not be negative.");

        var filter = ChunkFilter.None;
        if (searchOptions?.Filter is { } expression)
        {
            var documents = await index.DocumentsAsync(cancellationToken).ConfigureAwait(false);
            if (PassageFilter.Read(expression, documents) is not { } read) return [];
            filter = read;
        }

        var wanted = options with { Top = skip + top, Candidates = Math.Max(options.Candidates, skip + top) };
        var ranked = await retriever.SearchAsync(query, wanted, filter, cancellationToken).ConfigureAwait(false);
        return [.. ranked.Skip(skip).Select(CorpusPassage.Of)];
    }

    /// <summary>The count is that of the page given: a ranking has no other end than the one asked for.</summary>
    private static KernelSearchResults<T> Results<T>(
        IReadOnlyList<CorpusPassage> found, Func<CorpusPassage, T> map, TextSearchOptions<CorpusPassage>? searchOptions, CancellationToken cancellationToken) =>
        new(ListAsync(found, map, cancellationToken), searchOptions?.IncludeTotalCount == true ? found.Count : null, null);

    private static async IAsyncEnumerable<T> ListAsync<T>(IReadOnlyList<CorpusPassage> found, Func<CorpusPassage, T> map, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var passage in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return map(passage);
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }
}
