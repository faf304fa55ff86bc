using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;

namespace DomainTuning.Checkpoints.Library;

/// <summary>
/// A repository on the Hugging Face hub, or on a mirror that speaks its HTTP interface: api/models/{id}/revision/{revision}?blobs=true lists the files
/// (large ones with their SHA-256), {id}/resolve/{revision}/{file} gives them and honours Range. A revision is pinned to its commit first, so a
/// download that is taken up again days later continues with the same bytes.
/// </summary>
internal sealed partial class HubSource : ModelSource
{
    private readonly HttpClient _http;
    private readonly Uri _endpoint;
    private readonly string _repository;
    private readonly string _revision;
    private readonly AddModelOptions _options;
    private string? _commit;

    public HubSource(HttpClient http, Uri endpoint, string repository, string? revision, AddModelOptions options)
    {
        _http = http;
        _endpoint = endpoint;
        _repository = repository;
        _revision = revision ?? "main";
        _options = options;
    }

    public override string StateTag => (_commit ?? throw new InvalidOperationException("ListAsync comes first."))[..Math.Min(12, _commit.Length)];

    private string Where => $"{_repository}@{_revision} on {_endpoint.Host}";

    /// <summary>"owner/name", "owner/name@revision", either with ":file".</summary>
    [GeneratedRegex(@"^(?<id>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(@(?<revision>[\w./-]{1,100}))?(:(?<file>.+))?$")]
    public static partial Regex Reference();

    public override async Task<RepositoryListing> ListAsync(CancellationToken cancellationToken)
    {
        var address = $"api/models/{_repository}/revision/{Uri.EscapeDataString(_revision)}?blobs=true";
        var text = Encoding.UTF8.GetString(await GetAsync(address, 64 << 20, onlyBeginning: false, cancellationToken).ConfigureAwait(false));
        var answer = ConfigJson.Parse(text, $"The answer of {_endpoint.Host} about {_repository}");
        _commit = answer.String("sha") is { } sha && CommitId().IsMatch(sha) ? sha : throw NotAHub($"it names no commit for {_repository}");
        var files = answer.List("siblings").Select(ReadFile).Where(file => ModelPaths.IsSafe(file.Path)).ToList();
        var texts = new Dictionary<string, string>();
        foreach (var file in files.Where(RepositoryListing.IsTelling))
            texts[file.Path] = Encoding.UTF8.GetString(await GetAsync(Resolve(file), 8 << 20, onlyBeginning: false, cancellationToken).ConfigureAwait(false));
        var card = answer.Object("cardData");
        return new RepositoryListing(Where, _repository, $"{_repository}@{_commit}", files, texts)
        {
            Licence = LicenceOf(answer, card),
            Languages = LanguagesOf(card),
        };
    }

    public override Task<byte[]> PeekAsync(OfferedFile file, int bytes, CancellationToken cancellationToken) =>
        GetAsync(Resolve(file), bytes, onlyBeginning: true, cancellationToken);

    public override async Task FetchAsync(OfferedFile file, string path, Action<long> report, CancellationToken cancellationToken)
    {
        var part = path + ".part";
        await using (var target = OpenPart(part, file))
        {
            await DownloadAsync(file, target, report, cancellationToken).ConfigureAwait(false);
        }

        if (file.Sha256 is { } expected && await FileHash.Sha256Async(part, cancellationToken).ConfigureAwait(false) is var actual && actual != expected)
        {
            File.Delete(part);
            throw new CheckpointException(
                $"{file.Path} of {Where} arrived damaged: its SHA-256 should be {expected}, but is {actual}. The download was deleted; run the command again, and if it happens again, check the proxy or mirror in between.");
        }

        File.Move(part, path, overwrite: true);
    }

    private static FileStream OpenPart(string part, OfferedFile file)
    {
        try
        {
            var stream = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1 << 16, useAsync: true);
            if (stream.Length > file.Bytes) stream.SetLength(0); // not a part of this file
            stream.Seek(0, SeekOrigin.End);
            return stream;
        }
        catch (IOException error) when (File.Exists(part))
        {
            throw new CheckpointException($"'{part}' is in use: another process seems to add the same model. Wait for it, or end it and run the command again.", error);
        }
    }

    /// <summary>Appends until the file is whole. A connection that breaks is taken up again where it broke, as long as that gets further now and then.</summary>
    private async Task DownloadAsync(OfferedFile file, FileStream target, Action<long> report, CancellationToken cancellationToken)
    {
        var failures = 0;
        while (target.Position < file.Bytes)
        {
            var before = target.Position;
            Exception? broken = null;
            try
            {
                await AppendAsync(file, target, report, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is HttpRequestException or TimeoutException)
            {
                broken = error;
            }

            await target.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (target.Position >= file.Bytes) break;
            failures = target.Position > before ? 1 : failures + 1;
            if (failures > _options.Retries)
            {
                throw new CheckpointException(
                    $"The download of {file.Path} from {Where} broke off at {ByteSize.Show(target.Position)} of {ByteSize.Show(file.Bytes)} ({broken?.Message.TrimEnd('.') ?? "the server sent too little"}). What has come is kept: run the command again to go on from there.",
                    broken!);
            }

            await Task.Delay(_options.RetryDelay * (1 << Math.Min(failures - 1, 6)), cancellationToken).ConfigureAwait(false);
        }

        if (target.Position > file.Bytes)
        {
            target.SetLength(0);
            throw new CheckpointException($"{file.Path} of {Where} is longer than the {file.Bytes} bytes that the hub lists. The download was deleted; run the command again.");
        }
    }

    private async Task AppendAsync(OfferedFile file, FileStream target, Action<long> report, CancellationToken cancellationToken)
    {
        using var request = Request(Resolve(file));
        if (target.Position > 0) request.Headers.Range = new RangeHeaderValue(target.Position, null);
        using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (target.Position > 0 && (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != target.Position))
            target.SetLength(0); // the server ignores Range: start again
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var buffer = new byte[1 << 17];
        for (int read; (read = await ReadAsync(stream, buffer, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            report(target.Position);
            if (target.Position > file.Bytes) return;
        }
    }

    /// <summary>A small file, or the beginning of any. Retried when the network fails.</summary>
    private async Task<byte[]> GetAsync(string address, int limit, bool onlyBeginning, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                using var request = Request(address);
                if (onlyBeginning) request.Headers.Range = new RangeHeaderValue(0, limit - 1);
                using var response = await SendAsync(request, cancellationToken).ConfigureAwait(false);
                await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
                using var content = new MemoryStream();
                var buffer = new byte[1 << 16];
                int read;
                while (content.Length < limit && (read = await ReadAsync(stream, buffer, cancellationToken).ConfigureAwait(false)) > 0)
                    content.Write(buffer, 0, (int)Math.Min(read, limit - content.Length));
                return onlyBeginning || content.Length < limit
                    ? content.ToArray()
                    : throw NotAHub($"{address} is longer than {ByteSize.Show(limit)}");
            }
            catch (Exception error) when (error is HttpRequestException or TimeoutException)
            {
                if (failures >= _options.Retries)
                    throw new CheckpointException(
                        $"{_endpoint} cannot be reached ({error.Message.TrimEnd('.')}). Check the network or HTTPS_PROXY, set HF_ENDPOINT to a mirror, or add the model from a local folder or .gguf file.", error);
                await Task.Delay(_options.RetryDelay * (1 << Math.Min(failures, 6)), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sends and turns refusals into sentences. Server errors (5xx, 429) throw <see cref="HttpRequestException"/> and are worth a retry.</summary>
    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await WithinAsync(token => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode) return response;
        using (response)
        {
            var code = response.Headers.TryGetValues("X-Error-Code", out var values) ? values.First() : "";
            throw response.StatusCode switch
            {
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new CheckpointException(
                    $"{_endpoint.Host} refuses {_repository} ({(int)response.StatusCode}): it is private, gated, or does not exist. Check the name; if it is gated, accept its licence at {_endpoint}{_repository} and set HF_TOKEN to an access token{(Token is null ? "" : " of that account (the present one is not enough)")}."),
                HttpStatusCode.NotFound when code == "RevisionNotFound" => new CheckpointException(
                    $"{_repository} has no revision '{_revision}'. Leave it out for the newest, or look at {_endpoint}{_repository}/tree/main."),
                HttpStatusCode.NotFound => new CheckpointException(
                    $"{_endpoint.Host} does not know {_repository}{(_revision == "main" ? "" : "@" + _revision)} (404). Check the spelling: owner/name, as in the address of the model's page."),
                HttpStatusCode.RequestedRangeNotSatisfiable => new CheckpointException(
                    $"{_endpoint.Host} does not go on with the download of {request.RequestUri}. Delete the .partial folder of the model and run the command again."),
                HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new HttpRequestException(
                    string.Create(CultureInfo.InvariantCulture, $"{_endpoint.Host} answers {(int)response.StatusCode} {response.ReasonPhrase}")),
                var other => NotAHub($"it answers {(int)other} to {request.RequestUri}"),
            };
        }
    }

    private Task<int> ReadAsync(Stream stream, byte[] buffer, CancellationToken cancellationToken) =>
        WithinAsync(token => stream.ReadAsync(buffer, token).AsTask(), cancellationToken);

    /// <summary>Obeys the caller's cancellation, and calls a connection that stalls broken.</summary>
    private async Task<T> WithinAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.StallTimeout);
        try
        {
            return await work(limit.Token).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            throw new HttpRequestException(error.Message, error); // the network's, not the disk's
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"nothing came for {_options.StallTimeout.TotalSeconds:0.#} s"), error);
        }
    }

    private HttpRequestMessage Request(string address)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_endpoint, address));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("domaintuning", "0.1"));
        // Dropped by the client when the hub redirects to its storage, so the token stays with the hub.
        if (Token is { } token) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return request;
    }

    private string? Token => (_options.Token ?? Environment.GetEnvironmentVariable("HF_TOKEN"))?.Trim() is { Length: > 0 } token ? token : null;

    private string Resolve(OfferedFile file) => $"{_repository}/resolve/{_commit}/{string.Join('/', file.Path.Split('/').Select(Uri.EscapeDataString))}";

    private static OfferedFile ReadFile(ConfigJson sibling)
    {
        var lfs = sibling.Object("lfs");
        var path = sibling.String("rfilename") ?? "";
        var bytes = lfs?.Number("size") ?? sibling.Number("size") ?? 0;
        var sha256 = lfs?.String("sha256");
        return new OfferedFile(path, bytes is >= 0 and < long.MaxValue ? (long)bytes : 0, sha256 is { Length: 64 } ? sha256.ToLowerInvariant() : null);
    }

    private static string? LicenceOf(ConfigJson answer, ConfigJson? card)
    {
        const string tag = "license:";
        return answer.Strings("tags").FirstOrDefault(text => text.StartsWith(tag, StringComparison.Ordinal))?[tag.Length..] is { } licence and not "other"
            ? licence
            : card?.StringOrFirst("license_name") ?? card?.StringOrFirst("license");
    }

    private static IReadOnlyList<string> LanguagesOf(ConfigJson? card) =>
        card is null ? [] : card.IsList("language") ? card.Strings("language") : card.StringOrFirst("language") is { } one ? [one] : [];

    private CheckpointException NotAHub(string finding) =>
        new($"{_endpoint} does not answer like a Hugging Face hub: {finding}. Check HF_ENDPOINT and the proxy.");

    [GeneratedRegex("^[0-9a-fA-F]{7,64}$")]
    private static partial Regex CommitId();
}
