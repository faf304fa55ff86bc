using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DomainTuning.Corpora;
using DomainTuning.Evaluator.Arms;

namespace DomainTuning.Evaluator.Runs;

/// <summary>
/// How a result lies on disk, small enough to commit: "passages" holds each passage once, with its text where an arm read it, and hits and readings are [place in it,
/// score]; scores stand in the order of "searchMeasures" and "answerMeasures"; numbers have six decimals; a passage, a question, a row takes a line. Format 1, which
/// repeated every passage for every arm, is read too.
/// </summary>
internal static class ResultFile
{
    public const int Format = 2;

    private static readonly string[] Rows = ["adapters", "searches", "arms", "searchPairs", "armPairs"];

    private static readonly JsonSerializerOptions Compact = new(ResultJson.Lines) { Converters = { new SixDecimals() } };

    public static string Write(EvaluationResult result)
    {
        var table = new PassageTable();
        string[] searchMeasures = [.. result.Questions.SelectMany(question => question.Searches.Values).SelectMany(search => search.Scores.Keys).Distinct(StringComparer.Ordinal)];
        string[] answerMeasures = [.. result.Questions.SelectMany(question => question.Answers.Values).SelectMany(answer => answer.Scores.Keys).Distinct(StringComparer.Ordinal)];
        // Readings first: they bring the texts.
        var answers = result.Questions.Select(question => question.Answers.ToDictionary(entry => entry.Key, entry => Pack(entry.Value, table, answerMeasures), StringComparer.Ordinal)).ToList();
        var questions = result.Questions.Zip(answers, (question, said) => new StoredQuestion(
            question.Question, question.Searches.ToDictionary(entry => entry.Key, entry => Pack(entry.Value, table, searchMeasures), StringComparer.Ordinal), said)).ToList();

        var head = JsonSerializer.SerializeToNode(result with { Format = Format, Questions = [] }, Compact)!.AsObject();
        head.Remove("questions");
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, IndentSize = 1, NewLine = "\n", Encoder = Compact.Encoder }))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in head.Where(entry => !Rows.Contains(entry.Key)))
            {
                writer.WritePropertyName(name);
                if (value is null) writer.WriteNullValue();
                else value.WriteTo(writer, Compact);
            }

            foreach (var name in Rows) Lines(writer, name, head[name]!.AsArray());
            Lines(writer, "searchMeasures", searchMeasures);
            Lines(writer, "answerMeasures", answerMeasures);
            Lines(writer, "passages", table.Passages);
            Lines(writer, "questions", questions);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length) + "\n";
    }

    public static EvaluationResult Read(string path)
    {
        const string what = "a result of `domaintuning evaluate`";
        var json = ResultJson.Read<JsonObject>(path, what);
        try
        {
            var format = json["format"]?.GetValue<int>();
            if (format == 1) return json.Deserialize<EvaluationResult>(Compact)!;
            if (format != Format) throw new EvaluationException($"{path} has the format {format?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "of none that is known"}; 1 and {Format} are read here. Update this program, or evaluate again.");
            var passages = Take<StoredPassage[]>(json, "passages");
            var (searchMeasures, answerMeasures) = (Take<string[]>(json, "searchMeasures"), Take<string[]>(json, "answerMeasures"));
            var questions = Take<StoredQuestion[]>(json, "questions");
            json["questions"] = new JsonArray();
            return json.Deserialize<EvaluationResult>(Compact)! with
            {
                Questions =
                [
                    .. questions.Select(question => new QuestionResult(
                        question.Question, question.Searches.ToDictionary(entry => entry.Key, entry => Unpack(entry.Value, passages, searchMeasures), StringComparer.Ordinal),
                        question.Answers.ToDictionary(entry => entry.Key, entry => Unpack(entry.Value, passages, answerMeasures), StringComparer.Ordinal))),
                ],
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw new EvaluationException($"{path} is not {what}: {e.Message}");
        }
    }

    private static void Lines<T>(Utf8JsonWriter writer, string name, IEnumerable<T> items)
    {
        writer.WriteStartArray(name);
        foreach (var item in items) writer.WriteRawValue("\n  " + JsonSerializer.Serialize(item, Compact), skipInputValidation: true);
        writer.WriteEndArray();
    }

    private static T Take<T>(JsonObject json, string name)
    {
        var value = json[name].Deserialize<T>(Compact) ?? throw new JsonException($"\"{name}\" is missing.");
        json.Remove(name);
        return value;
    }

    private static StoredSearch Pack(QuestionSearch search, PassageTable table, string[] measures) => new(
        [.. search.Hits.Select(hit => new[] { table.PlaceOf(hit), hit.Score })], search.Seconds, search.Error, Column(search.Scores, measures));

    private static StoredAnswer Pack(QuestionAnswer answer, PassageTable table, string[] measures) => new(
        answer.Answer is null ? null : answer.Answer with { Passages = [] }, answer.Answer is null ? null : [.. answer.Answer.Passages.Select(passage => new[] { table.PlaceOf(passage), passage.Score })],
        answer.Error, answer.Outcome, Column(answer.Scores, measures), answer.Judgement);

    private static QuestionSearch Unpack(StoredSearch search, StoredPassage[] passages, string[] measures) => new(
        [.. search.Hits.Select(hit => (At: passages[(int)hit[0]], Score: hit[1])).Select(hit => new SearchHit(hit.At.Chunk, hit.At.Document, hit.At.FirstPage, hit.At.LastPage, hit.Score))],
        search.Seconds, search.Error, Named(search.Scores, measures));

    private static QuestionAnswer Unpack(StoredAnswer answer, StoredPassage[] passages, string[] measures) => new(
        answer.Answer is null ? null : answer.Answer with
        {
            Passages = [.. (answer.Read ?? []).Select(read => (At: passages[(int)read[0]], Score: read[1])).Select(read => new ReadPassage(read.At.Chunk, read.At.Document, read.At.FirstPage, read.At.LastPage, read.Score, read.At.Text ?? ""))],
        },
        answer.Error, answer.Outcome, Named(answer.Scores, measures), answer.Judgement);

    private static double?[] Column(IReadOnlyDictionary<string, double> scores, string[] measures) => scores.Count == 0 ? [] : [.. measures.Select(measure => scores.TryGetValue(measure, out var score) ? score : (double?)null)];

    private static Dictionary<string, double> Named(double?[] scores, string[] measures) =>
        scores.Zip(measures).Where(entry => entry.First is not null).ToDictionary(entry => entry.Second, entry => entry.First!.Value, StringComparer.Ordinal);

    private sealed record StoredPassage(string Chunk, string Document, int FirstPage, int LastPage, string? Text);

    private sealed record StoredSearch(double[][] Hits, double Seconds, string? Error, double?[] Scores);

    private sealed record StoredAnswer(ArmAnswer? Answer, double[][]? Read, string? Error, string Outcome, double?[] Scores, string? Judgement);

    private sealed record StoredQuestion(Question Question, IReadOnlyDictionary<string, StoredSearch> Searches, IReadOnlyDictionary<string, StoredAnswer> Answers);

    /// <summary>Every passage once. One that only searches found has no text; the corpus has it.</summary>
    private sealed class PassageTable
    {
        private readonly List<StoredPassage> passages = [];
        private readonly Dictionary<StoredPassage, int> read = [];
        private readonly Dictionary<(string Chunk, string Document, int FirstPage, int LastPage), int> found = [];

        public IReadOnlyList<StoredPassage> Passages => passages;

        public int PlaceOf(ReadPassage passage)
        {
            var stored = new StoredPassage(passage.Chunk, passage.Document, passage.FirstPage, passage.LastPage, passage.Text);
            if (!read.TryGetValue(stored, out var place)) read[stored] = place = Add(stored);
            return place;
        }

        public int PlaceOf(SearchHit hit) =>
            found.TryGetValue((hit.Chunk, hit.Document, hit.FirstPage, hit.LastPage), out var place) ? place : Add(new StoredPassage(hit.Chunk, hit.Document, hit.FirstPage, hit.LastPage, null));

        private int Add(StoredPassage passage)
        {
            passages.Add(passage);
            found[(passage.Chunk, passage.Document, passage.FirstPage, passage.LastPage)] = passages.Count - 1;
            return passages.Count - 1;
        }
    }

    /// <summary>More digits than any score means, in far fewer bytes.</summary>
    private sealed class SixDecimals : System.Text.Json.Serialization.JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => writer.WriteNumberValue(Math.Round(value, 6));
    }
}
