using System.Text;
using DomainTuning.Server.Api;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace DomainTuning.Server.Documents;

/// <summary>
/// The parts of a multipart/form-data body, files written to a folder of their own as they come: an upload of a gigabyte takes no memory. Whoever reads it
/// disposes it, and with it what nobody took out of the folder.
/// </summary>
internal sealed class StagedUpload : IDisposable
{
    private const int MostFiles = 1000;

    private const int MostFieldBytes = 4096;

    private const int MostNameLetters = 200;

    private readonly string folder;
    private readonly List<string> files = [];
    private readonly List<string> tags = [];

    private StagedUpload(string folder) => this.folder = folder;

    /// <summary>Full paths. Their names are those of the corpus.</summary>
    public IReadOnlyList<string> Files => files;

    public IReadOnlyList<string> Tags => tags;

    public string? Password { get; private set; }

    /// <exception cref="ApiException">The body is not multipart, too large, or names files as no file can be named.</exception>
    public static async Task<StagedUpload> ReadAsync(HttpContext context, string under, long mostBytes)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = mostBytes;
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 } boundary)
            throw ApiException.BadRequest("Files come as multipart/form-data: curl -F file=@manual.pdf …");
        var upload = new StagedUpload(Directory.CreateDirectory(Path.Combine(under, Guid.NewGuid().ToString("N"))).FullName);
        try
        {
            var reader = new MultipartReader(boundary, context.Request.Body);
            while (await reader.ReadNextSectionAsync(context.RequestAborted).ConfigureAwait(false) is { } section)
                await upload.TakeAsync(section, context.RequestAborted).ConfigureAwait(false);
            return upload.files.Count > 0 ? upload : throw ApiException.BadRequest("The body has no file. Send at least one part with a file name: curl -F file=@manual.pdf …", "file");
        }
        catch (Exception e)
        {
            upload.Dispose();
            if (e is InvalidDataException or (IOException and not BadHttpRequestException)) throw ApiException.BadRequest($"The body is not whole multipart/form-data: {e.Message}");
            throw;
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    private async Task TakeAsync(MultipartSection section, CancellationToken cancellationToken)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)) throw ApiException.BadRequest("A part of the body has no Content-Disposition.");
        if (disposition.IsFileDisposition())
        {
            if (files.Count == MostFiles) throw ApiException.BadRequest($"At most {MostFiles} files are taken at once.", "file");
            var name = NameOf(disposition.FileNameStar.HasValue ? disposition.FileNameStar.Value : HeaderUtilities.RemoveQuotes(disposition.FileName).Value);
            var path = Path.Combine(folder, name);
            if (File.Exists(path)) throw ApiException.BadRequest($"Two files are named '{name}'. Send them one after the other under different names.", "file");
            using (var target = new FileStream(path, FileMode.CreateNew)) await section.Body.CopyToAsync(target, cancellationToken).ConfigureAwait(false);
            files.Add(path);
            return;
        }

        var field = HeaderUtilities.RemoveQuotes(disposition.Name).Value;
        var value = await TextAsync(section, field, cancellationToken).ConfigureAwait(false);
        switch (field)
        {
            case "tags": tags.AddRange(value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)); break;
            case "password": Password = value; break;
            default: throw ApiException.BadRequest($"The field '{field}' is not known; files, 'tags' and 'password' are.", field);
        }
    }

    private static async Task<string> TextAsync(MultipartSection section, string? field, CancellationToken cancellationToken)
    {
        var bytes = new byte[MostFieldBytes + 1];
        var read = await section.Body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return read <= MostFieldBytes ? Encoding.UTF8.GetString(bytes, 0, read) : throw ApiException.BadRequest($"The field '{field}' is longer than {MostFieldBytes} bytes.", field);
    }

    /// <summary>A name without folders that every system can write. Browsers may send a path, attackers will.</summary>
    private static string NameOf(string? sent)
    {
        var name = (sent ?? "").Split('/', '\\')[^1].Trim().Normalize(NormalizationForm.FormC);
        name = string.Concat(name.Select(letter => letter < ' ' || "<>:\"|?*".Contains(letter, StringComparison.Ordinal) ? '_' : letter));
        return name.Length is > 0 and <= MostNameLetters && name[0] != '.' && name[^1] != '.'
            ? name
            : throw ApiException.BadRequest($"'{sent}' cannot name a document; use up to {MostNameLetters} letters, not beginning or ending with a dot.", "file");
    }
}
