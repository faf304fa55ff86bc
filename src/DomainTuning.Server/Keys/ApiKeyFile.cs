using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using DomainTuning.Corpora;

namespace DomainTuning.Server.Keys;

/// <summary>What a key opens.</summary>
[Flags]
public enum ApiScopes
{
    None = 0,

    /// <summary>Questions, searches, documents to read, and one's own conversations.</summary>
    Ask = 1,

    /// <summary>Uploads and deletions of documents.</summary>
    Ingest = 2,

    /// <summary>Everything, metrics included.</summary>
    Admin = 4 | Ask | Ingest,
}

/// <summary>A key as it is kept.</summary>
/// <param name="Name">Whose it is; conversations and limits go by it.</param>
/// <param name="Sha256">Of the key's text. A key has 256 random bits, so a plain hash cannot be guessed back.</param>
public sealed record ApiKey(string Name, ApiScopes Scopes, string Sha256, DateTimeOffset CreatedAt);

/// <summary>
/// The API keys of a workspace, in a file that only its owner can read. A key is shown once, when it is made; the file has hashes. A server that runs sees what
/// changes here with the next request. Thread-safe; writes by several processes at once are not foreseen.
/// </summary>
public sealed class ApiKeyFile(string file)
{
    private const string Prefix = "dt-";

    private readonly Lock gate = new();
    private (DateTime Changed, long Length) seen;
    private IReadOnlyList<ApiKey> keys = [];

    /// <exception cref="SettingsException">The file cannot be read: nobody is let in then.</exception>
    public IReadOnlyList<ApiKey> List()
    {
        lock (gate)
        {
            var info = new FileInfo(file);
            var now = info.Exists ? (info.LastWriteTimeUtc, info.Length) : default;
            if (now == seen) return keys;
            keys = info.Exists ? Read() : [];
            seen = now;
            return keys;
        }
    }

    /// <returns>The key itself, which is kept nowhere.</returns>
    /// <exception cref="SettingsException">The name is taken or is none.</exception>
    public string Add(string name, ApiScopes scopes, TimeProvider time)
    {
        if (name.Length is 0 or > 64 || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' or '@'))
            throw new SettingsException($"'{name}' cannot name a key; use up to 64 letters, digits, '-', '_', '.' and '@'.");
        if (scopes == ApiScopes.None) throw new SettingsException("A key needs at least one scope: ask, ingest or admin.");
        if (List().Any(key => key.Name == name)) throw new SettingsException($"There is a key named '{name}' already. Remove it first: domaintuning keys remove {name}.");
        var text = Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        Write([.. List(), new ApiKey(name, scopes, Hash(text), time.GetUtcNow())]);
        return text;
    }

    /// <returns>False when there is none of that name.</returns>
    public bool Remove(string name)
    {
        var left = List().Where(key => key.Name != name).ToList();
        if (left.Count == List().Count) return false;
        Write(left);
        return true;
    }

    /// <summary>The key with this text; null for none.</summary>
    public ApiKey? Find(string text)
    {
        var hash = Hash(text);
        return List().FirstOrDefault(key => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(key.Sha256), Encoding.ASCII.GetBytes(hash)));
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private List<ApiKey> Read()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), ApiKeyJson.Default.ListApiKey) ?? throw new JsonException("It holds null.");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"The keys in {file} cannot be read: {e.Message} Mend the file, or delete it and make the keys anew with `domaintuning keys add`.");
        }
    }

    private void Write(List<ApiKey> all)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(file + ".new", options)) JsonSerializer.Serialize(stream, all, ApiKeyJson.Default.ListApiKey);
        File.Move(file + ".new", file, overwrite: true);
        lock (gate) seen = default;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(List<ApiKey>))]
internal sealed partial class ApiKeyJson : JsonSerializerContext;
