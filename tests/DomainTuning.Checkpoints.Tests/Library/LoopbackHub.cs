using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace DomainTuning.Checkpoints.Tests.Library;

/// <summary>
/// A small Hugging Face hub on 127.0.0.1, over real sockets: lists a repository, redirects large files to a "storage" address, honours Range, and on
/// request breaks off, ignores Range, lies about hashes, or refuses.
/// </summary>
public sealed class LoopbackHub : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private readonly Lock _lock = new();
    private readonly List<string> _requests = [];

    public LoopbackHub()
    {
        _listener.Start();
        _running = ServeAsync();
    }

    public Uri Endpoint => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public string Repository { get; set; } = "someone/tiny-model";

    /// <summary>Path to content. Files of 1,000 bytes and more are "large": listed with a SHA-256 and served from storage.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    public string Licence { get; set; } = "apache-2.0";

    /// <summary>Ends the connection after so many bytes of a large file, as often as the list is long.</summary>
    public Queue<int> BreakAfter { get; } = new();

    public bool IgnoreRange { get; set; }

    /// <summary>Listed instead of a large file's true SHA-256.</summary>
    public string? WrongSha256 { get; set; }

    /// <summary>Asked for when set; without it everything is refused with 401.</summary>
    public string? Token { get; set; }

    /// <summary>So many requests are answered with 503 first.</summary>
    public int Unavailable { get; set; }

    /// <summary>"GET /path range authorization", in order.</summary>
    public IReadOnlyList<string> Requests
    {
        get
        {
            lock (_lock) return [.. _requests];
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        _running.Wait(TimeSpan.FromSeconds(5));
        _stop.Dispose();
        _listener.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                try
                {
                    await AnswerAsync(client.GetStream());
                }
                catch (IOException)
                {
                    // The client went away, as a cancelled download does.
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        var path = (await reader.ReadLineAsync(_stop.Token))?.Split(' ')[1];
        if (path is null) return;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 } line) headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        var range = headers.GetValueOrDefault("Range", "");
        lock (_lock) _requests.Add($"GET {path} {range} {headers.GetValueOrDefault("Authorization", "")}".Trim());

        if (Unavailable > 0)
        {
            Unavailable--;
            await SendAsync(stream, "503 Service Unavailable", "", []);
        }
        else if (path.StartsWith("/storage/", StringComparison.Ordinal)) await SendFileAsync(stream, Uri.UnescapeDataString(path["/storage/".Length..]), range);
        else if (Token is not null && headers.GetValueOrDefault("Authorization") != "Bearer " + Token) await SendAsync(stream, "401 Unauthorized", "X-Error-Code: GatedRepo\r\n", []);
        else if (path == $"/api/models/{Repository}/revision/main?blobs=true") await SendAsync(stream, "200 OK", "", Describe());
        else if (path.StartsWith($"/api/models/{Repository}/revision/", StringComparison.Ordinal)) await SendAsync(stream, "404 Not Found", "X-Error-Code: RevisionNotFound\r\n", []);
        else if (path.StartsWith($"/{Repository}/resolve/{Commit}/", StringComparison.Ordinal) && Uri.UnescapeDataString(path[$"/{Repository}/resolve/{Commit}/".Length..]) is var name && Files.TryGetValue(name, out var content))
        {
            if (content.Length >= 1000) await SendAsync(stream, "302 Found", $"Location: {Endpoint}storage/{name}\r\n", []);
            else await SendFileAsync(stream, name, range);
        }
        else await SendAsync(stream, "404 Not Found", "X-Error-Code: RepoNotFound\r\n", []);
    }

    private byte[] Describe() => JsonSerializer.SerializeToUtf8Bytes(new
    {
        id = Repository,
        sha = Commit,
        tags = new[] { "license:" + Licence },
        cardData = new { language = new[] { "en", "de" } },
        siblings = Files.Select(file => (object)(file.Value.Length >= 1000
            ? new { rfilename = file.Key, size = file.Value.Length, lfs = new { sha256 = WrongSha256 ?? Convert.ToHexStringLower(SHA256.HashData(file.Value)), size = file.Value.Length } }
            : new { rfilename = file.Key, size = file.Value.Length })),
    });

    private async Task SendFileAsync(NetworkStream stream, string name, string range)
    {
        var content = Files[name];
        var (status, extra, from, to) = ("200 OK", "", 0, content.Length);
        if (range.Length > 0 && !IgnoreRange)
        {
            var parts = range["bytes=".Length..].Split('-');
            from = int.Parse(parts[0], CultureInfo.InvariantCulture);
            if (parts[1].Length > 0) to = Math.Min(to, int.Parse(parts[1], CultureInfo.InvariantCulture) + 1);
            (status, extra) = ("206 Partial Content", $"Content-Range: bytes {from}-{to - 1}/{content.Length}\r\n");
        }

        var whole = content[from..to];
        // A beginning that is only looked at is not a download; it is left alone.
        var sent = content.Length >= 1000 && (range.Length == 0 || range.EndsWith('-')) && BreakAfter.TryDequeue(out var limit) ? whole[..Math.Min(limit, whole.Length)] : whole;
        await SendAsync(stream, status, extra, sent, whole.Length);
    }

    private async Task SendAsync(NetworkStream stream, string status, string extra, byte[] body, int? length = null)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {length ?? body.Length}\r\nConnection: close\r\n{extra}\r\n"), _stop.Token);
        await stream.WriteAsync(body, _stop.Token);
    }
}
