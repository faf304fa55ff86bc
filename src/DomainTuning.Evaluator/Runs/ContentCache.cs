using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace DomainTuning.Evaluator.Runs;

/// <summary>
/// Keeps what a run made, by the hash of all that decided it, one JSON line each, so that a killed run goes on and a second one is free. A line that a kill
/// cut off is ignored. Thread-safe within a process; a second process is refused.
/// </summary>
internal sealed class ContentCache<T> : IDisposable
    where T : class
{
    private readonly Lock one = new();
    private readonly Dictionary<string, T> kept = new(StringComparer.Ordinal);
    private readonly StreamWriter writer;

    /// <param name="name">For people who look into the folder.</param>
    /// <param name="identity">All that is the same for every entry.</param>
    public ContentCache(string folder, string name, string identity)
    {
        Directory.CreateDirectory(folder);
        var plain = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '+' ? c : '_'));
        var path = Path.Combine(folder, $"{plain}-{Hash(identity)[..12]}.jsonl");
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        Read(stream);
        writer = new StreamWriter(stream, new UTF8Encoding(false)) { NewLine = "\n" };
    }

    public T? Find(string key)
    {
        lock (one) return kept.GetValueOrDefault(Hash(key));
    }

    public void Keep(string key, T value)
    {
        var line = JsonSerializer.Serialize(new Line(Hash(key), value), ResultJson.Lines);
        lock (one)
        {
            kept[Hash(key)] = value;
            writer.WriteLine(line);
            writer.Flush();
        }
    }

    public void Dispose() => writer.Dispose();

    private void Read(FileStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        var whole = true;
        while (reader.ReadLine() is { } text)
        {
            whole = Parse(text) is { } line;
            if (Parse(text) is { } entry) kept[entry.Key] = entry.Value;
        }

        stream.Seek(0, SeekOrigin.End);
        // What follows a torn line starts a line of its own.
        if (!whole) stream.WriteByte((byte)'\n');
    }

    private static Line? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Line>(text, ResultJson.Lines);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private sealed record Line(string Key, T Value);
}
