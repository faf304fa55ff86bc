using System.Text;
using System.Text.RegularExpressions;

namespace DomainTuning.Ingest.Reading;

/// <summary>Saved web pages by AngleSharp: the main content without navigation, scripts and hidden parts. Nothing is executed or loaded.</summary>
public sealed partial class HtmlReader(TimeSpan timeLimit) : InProcessReader(timeLimit)
{
    public override IReadOnlyList<string> Extensions { get; } = [".html", ".htm", ".xhtml"];

    private protected override string Format => "HTML";

    private protected override long MaxBytes => 16_000_000;

    private protected override void Parse(byte[] content, BlockList blocks, CancellationToken cancellationToken) =>
        HtmlBlocks.AddPage(TextDecoding.Decode(content, DeclaredEncoding(content)), blocks, cancellationToken);

    /// <summary>From a meta element or an XML declaration, which must stand in the first kilobyte (HTML standard, 13.2.3.2); we look four times as far.</summary>
    private static string? DeclaredEncoding(byte[] content)
    {
        var head = Encoding.Latin1.GetString(content.AsSpan(0, Math.Min(content.Length, 4096)));
        return Declaration().Match(head) is { Success: true } match ? match.Groups[1].Value : null;
    }

    [GeneratedRegex("""<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*["']?([\w:.-]+)""", RegexOptions.IgnoreCase)]
    private static partial Regex Declaration();
}
