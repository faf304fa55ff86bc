using System.Globalization;
using System.Text.Json;
using DomainTuning.Evaluator.Measures.Rankings;

namespace DomainTuning.Evaluator.Beir;

/// <summary>A retrieval set cannot be used as it is. The message names file and line.</summary>
public sealed class BeirException(string message) : Exception(message);

/// <summary>A passage of a retrieval set.</summary>
public sealed record BeirDocument(string Id, string Title, string Text);

public sealed record BeirQuery(string Id, string Text);

/// <summary>
/// A retrieval set in BEIR's layout (Thakur et al., NeurIPS 2021): corpus.jsonl, queries.jsonl, qrels/&lt;split&gt;.tsv with a header line. Other keys of
/// the JSON lines (metadata) are passed by. Documents are read again each time, so a large corpus never stands in memory.
/// </summary>
public sealed class BeirFolder
{
    private readonly string folder;

    private BeirFolder(string folder, string split, IReadOnlyList<BeirQuery> queries, Judgements judgements)
    {
        this.folder = folder;
        Split = split;
        Queries = queries;
        Judgements = judgements;
    }

    /// <summary>The folder's own name.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));

    public string Split { get; }

    /// <summary>Those that the split judges, in the file's order.</summary>
    public IReadOnlyList<BeirQuery> Queries { get; }

    public Judgements Judgements { get; }

    /// <param name="split">Names a file under qrels: "test", "dev", "train".</param>
    /// <exception cref="BeirException">A file is missing or holds what cannot be read.</exception>
    public static BeirFolder Open(string folder, string split = "test")
    {
        foreach (var file in new[] { "corpus.jsonl", "queries.jsonl" })
            if (!File.Exists(Path.Combine(folder, file))) throw new BeirException($"There is no {Path.Combine(folder, file)}. A BEIR folder holds corpus.jsonl, queries.jsonl and qrels/{split}.tsv.");
        var judgements = ReadJudgements(folder, split);
        var judged = judgements.Queries.ToHashSet(StringComparer.Ordinal);
        var queries = Lines(Path.Combine(folder, "queries.jsonl"), json => new BeirQuery(Id(json), Text(json, "text"))).Where(query => judged.Contains(query.Id)).ToList();
        if (queries.Select(query => query.Id).Distinct(StringComparer.Ordinal).Count() < judged.Count)
            throw new BeirException($"queries.jsonl lacks query '{judged.Except(queries.Select(query => query.Id)).Order(StringComparer.Ordinal).First()}', which qrels/{split}.tsv judges.");
        return new BeirFolder(folder, split, queries, judgements);
    }

    /// <summary>Every passage, in the file's order.</summary>
    public IEnumerable<BeirDocument> Documents() => Lines(Path.Combine(folder, "corpus.jsonl"), json => new BeirDocument(Id(json), Text(json, "title", ""), Text(json, "text")));

    private static Judgements ReadJudgements(string folder, string split)
    {
        var file = Path.Combine(folder, "qrels", split + ".tsv");
        if (!File.Exists(file))
        {
            string[] known = Directory.Exists(Path.Combine(folder, "qrels")) ? [.. Directory.GetFiles(Path.Combine(folder, "qrels"), "*.tsv").Select(known => Path.GetFileNameWithoutExtension(known)).Order(StringComparer.Ordinal)] : [];
            throw new BeirException($"There is no {file}. Splits here: {(known.Length == 0 ? "none" : string.Join(", ", known))}. Name one with --split.");
        }

        var judgements = new List<(string Query, string Document, int Grade)>();
        foreach (var (at, line) in File.ReadLines(file).Index().Skip(1).Where(line => line.Item.Length > 0))
        {
            var fields = line.TrimEnd('\r').Split('\t');
            if (fields.Length != 3 || !int.TryParse(fields[2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var grade))
                throw new BeirException($"{file}, line {at + 1}: query, document and grade, separated by tabs, are expected; it is '{line}'.");
            judgements.Add((fields[0], fields[1], grade));
        }

        try
        {
            return new Judgements(judgements);
        }
        catch (FormatException e)
        {
            throw new BeirException($"{file}: {e.Message}");
        }
    }

    private static IEnumerable<T> Lines<T>(string file, Func<JsonElement, T> read)
    {
        foreach (var (at, line) in File.ReadLines(file).Index())
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            T item;
            try
            {
                using var json = JsonDocument.Parse(line);
                item = read(json.RootElement);
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
            {
                throw new BeirException($"{file}, line {at + 1}: an object with \"_id\" and \"text\" is expected. {e.Message}");
            }

            yield return item;
        }
    }

    private static string Id(JsonElement json) => json.GetProperty("_id") is { ValueKind: JsonValueKind.Number } number ? number.GetRawText() : Text(json, "_id");

    private static string Text(JsonElement json, string key, string? absent = null) =>
        json.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value.GetString()! : absent ?? throw new FormatException($"'{key}' is missing.");
}
