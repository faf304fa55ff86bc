using System.Globalization;
using DomainTuning.Evaluator.Measures.Rankings;

namespace DomainTuning.Evaluator.Beir;

/// <summary>
/// Runs and judgements as trec_eval and ir_measures read them: "query Q0 document rank score tag" and "query 0 document grade", separated by spaces.
/// Scores are written in single precision with all of its digits, because that is what trec_eval up to 9.0.8 keeps: version 10 and tools in double
/// precision then see the same ties, and every one of them gives the numbers that we print.
/// </summary>
public static class TrecFile
{
    public static void WriteRun(string path, SearchRun run)
    {
        using var writer = Create(path);
        foreach (var (query, results) in run.Results.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            var scores = results.ToDictionary(result => result.Document, result => (float)result.Score, StringComparer.Ordinal);
            foreach (var (at, document) in RankOrder.Of(results).Index())
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Field(query)} Q0 {Field(document)} {at + 1} {scores[document]:R} {Field(run.Name)}"));
        }
    }

    /// <exception cref="BeirException">A line has not six fields, a score is no number, or a document stands twice for one query.</exception>
    public static SearchRun ReadRun(string path)
    {
        var results = new Dictionary<string, Dictionary<string, double>>(StringComparer.Ordinal);
        var tag = Path.GetFileNameWithoutExtension(path);
        foreach (var (at, line) in File.ReadLines(path).Index())
        {
            var fields = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 0) continue;
            if (fields.Length != 6 || !double.TryParse(fields[4], NumberStyles.Float, CultureInfo.InvariantCulture, out var score) || !double.IsFinite(score))
                throw new BeirException($"{path}, line {at + 1}: 'query Q0 document rank score tag' is expected; it is '{line}'.");
            if (!results.TryGetValue(fields[0], out var documents)) results[fields[0]] = documents = new Dictionary<string, double>(StringComparer.Ordinal);
            if (!documents.TryAdd(fields[2], score)) throw new BeirException($"{path}, line {at + 1}: document '{fields[2]}' stands twice for query '{fields[0]}'.");
            tag = fields[5];
        }

        return new SearchRun(tag, results.ToDictionary(
            query => query.Key, query => (IReadOnlyList<ScoredDocument>)[.. query.Value.Select(entry => new ScoredDocument(entry.Key, entry.Value))], StringComparer.Ordinal));
    }

    public static void WriteJudgements(string path, Judgements judgements)
    {
        using var writer = Create(path);
        foreach (var query in judgements.Queries)
            foreach (var (document, grade) in judgements.Of(query).OrderBy(entry => entry.Key, StringComparer.Ordinal))
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Field(query)} 0 {Field(document)} {grade}"));
    }

    /// <exception cref="BeirException">A line has not four fields, or a document is judged twice.</exception>
    public static Judgements ReadJudgements(string path)
    {
        try
        {
            return new Judgements(File.ReadLines(path).Index().Where(line => !string.IsNullOrWhiteSpace(line.Item)).Select(line =>
                line.Item.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [var query, _, var document, var grade] && int.TryParse(grade, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
                    ? (query, document, value)
                    : throw new BeirException($"{path}, line {line.Index + 1}: 'query 0 document grade' is expected; it is '{line.Item}'.")));
        }
        catch (FormatException e)
        {
            throw new BeirException($"{path}: {e.Message}");
        }
    }

    private static StreamWriter Create(string path) => new(path, append: false, new System.Text.UTF8Encoding(false)) { NewLine = "\n" };

    private static string Field(string text) => text.Length > 0 && !text.Any(char.IsWhiteSpace)
        ? text
        : throw new BeirException($"'{text}' cannot stand in a TREC file, whose fields are separated by spaces. Rename the id.");
}
