using System.ComponentModel;
using System.Globalization;
using System.Text;
using DomainTuning.Indexing;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.Data;

namespace DomainTuning.Answering;

/// <summary>
/// A corpus as a Semantic Kernel plug-in: an agent can search it or ask it. <c>kernel.Plugins.AddFromObject(new CorpusPlugin(search, answerer), "manuals")</c>.
/// What the functions return is document text: treat it as data, as with any tool result.
/// </summary>
public sealed class CorpusPlugin(CorpusTextSearch search, Answerer answerer)
{
    [KernelFunction("search")]
    [Description("Finds the passages of the manuals that fit a query best, each with its file and page.")]
    public async Task<string> SearchAsync(
        [Description("What to look for: a question or keywords")] string query,
        [Description("How many passages, 1 to 20")] int count = 5,
        CancellationToken cancellationToken = default)
    {
        var found = await search.GetSearchResultsAsync(query, new TextSearchOptions<CorpusPassage> { Top = Math.Clamp(count, 1, 20) }, cancellationToken).ConfigureAwait(false);
        var text = new StringBuilder();
        await foreach (var passage in found.Results.WithCancellation(cancellationToken).ConfigureAwait(false))
            text.Append(CultureInfo.InvariantCulture, $"{passage.Name}\n{passage.Text}\n\n");
        return text.Length == 0 ? "Nothing found." : text.ToString().TrimEnd();
    }

    [KernelFunction("ask")]
    [Description("Answers a question from the manuals with verbatim quotes and their pages, or says that the documents do not say.")]
    public async Task<string> AskAsync([Description("The question, understandable by itself")] string question, CancellationToken cancellationToken = default)
    {
        var answer = await answerer.AnswerAsync([new ChatMessage(ChatRole.User, question)], ChunkFilter.None, cancellationToken).ConfigureAwait(false);
        var sources = answer.Citations.Select(citation => $"[{citation.Number}] {citation.File} p. {citation.Page}");
        return answer.Citations.Count == 0 ? answer.Text : $"{answer.Text}\n\n{string.Join('\n', sources)}";
    }
}
