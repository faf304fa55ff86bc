using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DomainTuning.Documents;
using DomainTuning.Indexing;
using DomainTuning.Retrieval;
using DomainTuning.Arms;
using Spectre.Console;

namespace DomainTuning.Cli.Verbs;

/// <summary>search: the passages alone, with the scores that ranked them.</summary>
internal static class SearchVerb
{
    public static Command Create(Terminal terminal)
    {
        var query = new Argument<string>("query") { Description = "words or a question" };
        var mode = new Option<SearchMode>("--mode") { Description = "hybrid, dense or lexical", DefaultValueFactory = _ => SearchMode.Hybrid };
        var fusion = new Option<FusionMethod>("--fusion") { Description = "minmax or reciprocalrank", DefaultValueFactory = _ => FusionMethod.MinMax };
        var filters = new FilterFlags();
        var json = new Option<bool>("--json") { Description = "one JSON object on standard output" };
        var command = new Command("search", "Find passages: rank, scores, page and a snippet of each.") { query, mode, fusion, json };
        filters.AddTo(command);
        var flags = new SettingsFlags(command, "corpus", "index", "top", "denseWeight", "reranker", "threads");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var arms = new ArmCatalog(flags.Workspace(parsed), flags.Settings(parsed));
            var corpus = await arms.CorpusAsync(arms.DefaultCorpus(), cancellationToken);
            var options = arms.Retrieval with { Mode = parsed.GetValue(mode), Fusion = parsed.GetValue(fusion) };
            var found = await corpus.Retriever.SearchAsync(
                parsed.GetValue(query)!, options, await filters.ReadAsync(parsed, corpus.Index, cancellationToken), cancellationToken);
            if (parsed.GetValue(json)) await terminal.Out.WriteLineAsync(JsonSerializer.Serialize([.. found.Select(Hit.From)], CliJson.Default.IReadOnlyListHit));
            else Show(terminal, found);
            return CommandLine.Done;
        });
        return command;
    }

    private static void Show(Terminal terminal, IReadOnlyList<RankedChunk> found)
    {
        if (found.Count == 0)
        {
            terminal.Out.WriteLine("Nothing found.");
            return;
        }

        var table = new Table().Border(TableBorder.Simple)
            .AddColumns(Number("#"), Number("score"), Number("dense"), Number("BM25"), new TableColumn("where"), new TableColumn("passage"));
        foreach (var hit in found)
            table.AddRow(
                Markup.Escape(hit.Rank.ToString(CultureInfo.InvariantCulture)), Score(hit.Score), Score(hit.Dense), Score(hit.Lexical),
                Markup.Escape($"{hit.DocumentPath} p. {hit.Chunk.FirstPage}"), Markup.Escape(Snippet(hit.Chunk.EmbeddedText)));
        terminal.Tables.Write(table);
    }

    private static TableColumn Number(string name) => new(name) { Alignment = Justify.Right };

    private static string Score(double? score) => score?.ToString("0.000", CultureInfo.InvariantCulture) ?? "-";

    private static string Snippet(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= 160 ? line : line[..line.LastIndexOf(' ', 157)] + " …";
    }
}

/// <summary>A passage for machines.</summary>
internal sealed record Hit(
    int Rank, double Score, double? Dense, double? Lexical, double? Reranked, string File, string DocumentId, int FirstPage, int LastPage,
    IReadOnlyList<string> Headings, string Text, string ChunkId)
{
    public static Hit From(RankedChunk ranked) => new(
        ranked.Rank, ranked.Score, ranked.Dense, ranked.Lexical, ranked.Reranked, ranked.DocumentPath, ranked.Chunk.DocumentId.Value,
        ranked.Chunk.FirstPage, ranked.Chunk.LastPage, ranked.Chunk.HeadingPath, ranked.Chunk.Text, ranked.Chunk.Id.ToString());
}

/// <summary>--document and --tag: which passages may be found.</summary>
internal sealed class FilterFlags
{
    private readonly Option<string[]> documents = new("--document") { Description = "only this document, by its path as in the sources; may be repeated" };
    private readonly Option<string[]> tags = new("--tag") { Description = "only documents with this tag; may be repeated" };

    public void AddTo(Command command)
    {
        command.Options.Add(documents);
        command.Options.Add(tags);
    }

    public async Task<ChunkFilter> ReadAsync(ParseResult parsed, ChunkIndex index, CancellationToken cancellationToken)
    {
        var paths = parsed.GetValue(documents) ?? [];
        var known = paths.Length == 0 ? [] : await index.DocumentsAsync(cancellationToken);
        return new ChunkFilter { Documents = [.. paths.Select(Find)], Tags = parsed.GetValue(tags) ?? [] };

        DocumentId Find(string path) => (known.FirstOrDefault(document => document.Path == path.Replace('\\', '/'))
            ?? throw new UnknownArmException($"There is no document '{path}'. Known are {string.Join(", ", known.Select(document => document.Path))}.")).Id;
    }
}
