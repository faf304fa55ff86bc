using System.Text.RegularExpressions;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>What opens a list item: a bullet, a dash, or a short number or letter with a full stop or bracket.</summary>
internal static partial class ListMarker
{
    public static bool Is(string word) => Bullet().IsMatch(word) || Enumerator().IsMatch(word);

    /// <summary>Dashes and "o" only count with the gap of a list behind them.</summary>
    public static bool IsBullet(string word) => Bullet().IsMatch(word);

    [GeneratedRegex(@"^[•‣◦▪▫●○■□◆◇►▶➢➤✓✔*·∙⁃–—-]$", RegexOptions.CultureInvariant)]
    private static partial Regex Bullet();

    [GeneratedRegex(@"^\(?([0-9]{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)]$", RegexOptions.CultureInvariant)]
    private static partial Regex Enumerator();
}
