using System.Security.Cryptography;
using System.Text;

namespace DomainTuning.Documents;

/// <summary>
/// Names one version of one document: the first 16 bytes of SHA-256 over the relative path and the content's own SHA-256, in hex.
/// The same bytes under another path, or other bytes under the same path, are another document.
/// </summary>
public readonly record struct DocumentId(string Value)
{
    /// <param name="contentSha256">Lower-case hex SHA-256 of the file's bytes.</param>
    /// <param name="relativePath">Path inside the corpus; back-slashes count as slashes, so an index moves between systems.</param>
    public static DocumentId From(string contentSha256, string relativePath)
    {
        var name = relativePath.Replace('\\', '/');
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{name}\n{contentSha256}"));
        return new DocumentId(Convert.ToHexStringLower(hash.AsSpan(0, 16)));
    }

    public override string ToString() => Value;
}
