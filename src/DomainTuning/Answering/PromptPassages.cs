using System.Security.Cryptography;
using System.Text;
using DomainTuning.Chunks;
using DomainTuning.Retrieval;

namespace DomainTuning.Answering;

/// <summary>
/// Passages as the model reads them: neighbours joined, duplicates gone, numbered, fenced, within a token budget. The fence's mark is made from the passages
/// themselves (SHA-256), so no document can contain the mark that will close it, and the same passages give the same prompt again.
/// </summary>
internal static class PromptPassages
{
    /// <summary>A remainder shorter than this is left out: it would hold no whole sentence.</summary>
    private const int LeastTokens = 48;

    /// <param name="budget">Most tokens of the result.</param>
    /// <param name="countTokens">The chat model's own count.</param>
    public static string Write(IReadOnlyList<RankedChunk> ranked, int budget, Func<string, int> countTokens)
    {
        var passages = Join(ranked);
        var mark = Mark(passages);
        var text = new StringBuilder();
        var left = budget;
        for (var i = 0; i < passages.Count && left > LeastTokens; i++)
        {
            var (open, close) = ($"[passage {i + 1} {mark}]\n", $"\n[end of passage {i + 1} {mark}]\n");
            var room = left - countTokens(open) - countTokens(close);
            var body = Cut(passages[i].Text, room, countTokens);
            if (body.Length == 0) break;
            var fenced = open + body + close;
            text.Append(fenced);
            left -= countTokens(fenced);
            if (body.Length < passages[i].Text.Length) break;
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>Chunks in reading order of rank; a chunk whose neighbour stands already joins it, and a text that stands already is left out.</summary>
    internal static IReadOnlyList<(string Text, int Rank)> Join(IReadOnlyList<RankedChunk> ranked)
    {
        var runs = new List<List<RankedChunk>>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var passage in ranked)
        {
            if (!seen.Add(string.Concat(passage.Chunk.Text.Where(c => !char.IsWhiteSpace(c))))) continue;
            var run = runs.FirstOrDefault(run => run.Any(other =>
                other.Chunk.DocumentId == passage.Chunk.DocumentId && Math.Abs(other.Chunk.Position - passage.Chunk.Position) == 1));
            if (run is null) runs.Add([passage]);
            else run.Add(passage);
        }

        return [.. runs.Select(run => (Text(run), run[0].Rank))];
    }

    private static string Text(List<RankedChunk> run)
    {
        var text = new StringBuilder();
        Chunk? before = null;
        foreach (var chunk in run.Select(passage => passage.Chunk).OrderBy(chunk => chunk.Position))
        {
            var sameHeading = before is not null && before.HeadingPath.SequenceEqual(chunk.HeadingPath);
            if (before is not null) text.Append('\n');
            if (!sameHeading && chunk.HeadingPath.Count > 0) text.Append(string.Join(" > ", chunk.HeadingPath)).Append('\n');
            text.Append(chunk.Text.AsSpan(before is null ? 0 : Repeated(before.Text, chunk.Text)));
            before = chunk;
        }

        return text.ToString();
    }

    /// <summary>How many units of the second text's start are the first one's end: the overlap that cutting left.</summary>
    private static int Repeated(string first, string second)
    {
        for (var length = Math.Min(first.Length, second.Length); length > 0; length--)
            if (first.AsSpan(first.Length - length).SequenceEqual(second.AsSpan(0, length)))
                return length;
        return 0;
    }

    /// <summary>As many whole sentences as fit; none when not even the first does.</summary>
    private static string Cut(string text, int tokens, Func<string, int> countTokens)
    {
        if (countTokens(text) <= tokens) return text;
        var sentences = Sentences.Split(text);
        var (low, high) = (0, sentences.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (countTokens(text[..sentences[middle - 1].End.Value]) <= tokens) low = middle;
            else high = middle - 1;
        }

        return low == 0 ? "" : text[..sentences[low - 1].End.Value];
    }

    private static string Mark(IReadOnlyList<(string Text, int Rank)> passages)
    {
        var seed = string.Join('\0', passages.Select(passage => passage.Text));
        while (true)
        {
            var mark = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(seed)).AsSpan(0, 5));
            if (!passages.Any(passage => passage.Text.Contains(mark, StringComparison.OrdinalIgnoreCase))) return mark;
            seed = mark + seed;
        }
    }
}
