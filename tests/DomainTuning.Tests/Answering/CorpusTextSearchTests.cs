using System.Linq.Expressions;
using DomainTuning.Answering;
using DomainTuning.Retrieval;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.Data;

namespace DomainTuning.Tests.Answering;

public sealed class CorpusTextSearchTests
{
    [Fact]
    public async Task ACorpusIsATextSearch()
    {
        var search = await SearchAsync();

        var passages = await ListAsync(await search.GetSearchResultsAsync("spindle speed override", new TextSearchOptions<CorpusPassage> { Top = 2 }, TestContext.Current.CancellationToken));
        var results = await ListAsync(await search.GetTextSearchResultsAsync("spindle speed override", new TextSearchOptions<CorpusPassage> { Top = 1 }, TestContext.Current.CancellationToken));
        var texts = await ListAsync(await search.SearchAsync("spindle speed override", new TextSearchOptions<CorpusPassage> { Top = 1, Skip = 1 }, TestContext.Current.CancellationToken));

        Assert.IsType<ITextSearch<CorpusPassage>>(search, exactMatch: false);
        Assert.Equal(("manual.pdf", 3), (passages[0].Document, passages[0].Page));
        Assert.Equal(("manual.pdf p. 3", "manual.pdf#page=3", SmallManual.Pages[2]), (results[0].Name, results[0].Link, results[0].Value));
        Assert.Equal(passages[1].Text, Assert.Single(texts));
    }

    [Fact]
    public async Task FiltersByDocumentAndTag()
    {
        var search = await SearchAsync();
        var wanted = "more/0.pdf";
        string[] several = ["more/0.pdf", "absent.pdf"];

        Assert.Equal(["more/0.pdf"], await DocumentsAsync(search, passage => passage.Document == wanted));
        Assert.Equal(["more/0.pdf"], await DocumentsAsync(search, passage => several.Contains(passage.Document)));
        Assert.Equal(["more/0.pdf"], await DocumentsAsync(search, passage => passage.Tags.Contains("other")));
        Assert.Equal(["manual.pdf", "more/0.pdf"], await DocumentsAsync(search, passage => passage.Tags.Contains("other") || passage.Tags.Contains("mill")));
        Assert.Empty(await DocumentsAsync(search, passage => passage.Document == "manual.pdf" && passage.Tags.Contains("other")));
        Assert.Empty(await DocumentsAsync(search, passage => passage.Document == "absent.pdf"));
    }

    [Fact]
    public async Task AFilterThatCannotBeSearchedWithIsRefusedByName()
    {
        var search = await SearchAsync();

        Assert.Contains("Page", (await Assert.ThrowsAsync<NotSupportedException>(() => DocumentsAsync(search, passage => passage.Page > 3))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotSupportedException>(() => DocumentsAsync(search, passage => passage.Document == "a" || passage.Tags.Contains("b")));
        await Assert.ThrowsAsync<NotSupportedException>(() => DocumentsAsync(search, passage => passage.Tags.Contains("a") && passage.Tags.Contains("b")));
    }

    [Fact]
    public async Task AnAgentCanSearchAndAsk()
    {
        var manual = await SmallManual.CreateAsync();
        var kernel = Kernel.CreateBuilder().Build();
        kernel.Plugins.AddFromObject(new CorpusPlugin(new CorpusTextSearch(manual.Index, manual.Retriever, new RetrievalOptions()), manual.Answerer()), "manuals");

        var found = await kernel.InvokeAsync<string>("manuals", "search", new() { ["query"] = "override controls", ["count"] = 1 }, TestContext.Current.CancellationToken);
        var answer = await kernel.InvokeAsync<string>("manuals", "ask", new() { ["question"] = "What does M48 enable?" }, TestContext.Current.CancellationToken);
        var refusal = await kernel.InvokeAsync<string>("manuals", "ask", new() { ["question"] = "What does G99.7 do?" }, TestContext.Current.CancellationToken);

        Assert.Equal("manual.pdf p. 3\n" + SmallManual.Pages[2], found);
        Assert.StartsWith("“M48 enables", answer, StringComparison.Ordinal);
        Assert.Contains("[1] manual.pdf p. 3", answer, StringComparison.Ordinal);
        Assert.Equal("The documents do not say.", refusal);
    }

    private static async Task<CorpusTextSearch> SearchAsync()
    {
        var manual = await SmallManual.CreateAsync(["The overrides of another machine scale the spindle speed."]);
        return new CorpusTextSearch(manual.Index, manual.Retriever, new RetrievalOptions());
    }

    private static async Task<string[]> DocumentsAsync(CorpusTextSearch search, Expression<Func<CorpusPassage, bool>> filter)
    {
        var options = new TextSearchOptions<CorpusPassage> { Top = 20, Filter = filter };
        var found = await ListAsync(await search.GetSearchResultsAsync("spindle speed override", options, TestContext.Current.CancellationToken));
        return [.. found.Select(passage => passage.Document).Distinct().Order(StringComparer.Ordinal)];
    }

    private static async Task<List<T>> ListAsync<T>(KernelSearchResults<T> results)
    {
        var list = new List<T>();
        await foreach (var result in results.Results) list.Add(result);
        return list;
    }
}
