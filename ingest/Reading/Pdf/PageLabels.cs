using System.Globalization;
using System.Text;
using UglyToad.PdfPig;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Tokens;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>The catalog's /PageLabels (PDF 32000-1, 12.4.2): number ranges with a style, a prefix and a start.</summary>
internal static class PageLabels
{
    private const int MaxDepth = 16;

    /// <summary>Physical page (from 1) → label. Empty when the file declares none or they are malformed.</summary>
    public static IReadOnlyDictionary<int, string> Read(PdfDocument document)
    {
        var labels = new Dictionary<int, string>();
        try
        {
            if (Resolve(document, document.Structure.Catalog.CatalogDictionary, "PageLabels") is not DictionaryToken root) return labels;
            var ranges = new SortedDictionary<int, DictionaryToken>();
            Collect(document, root, ranges, 0);
            var starts = ranges.Keys.ToList();
            for (var i = 0; i < starts.Count; i++)
            {
                var end = i + 1 < starts.Count ? starts[i + 1] : document.NumberOfPages;
                var range = ranges[starts[i]];
                var style = (Resolve(document, range, "S") as NameToken)?.Data;
                var prefix = Resolve(document, range, "P") switch { StringToken text => text.Data, HexToken hex => hex.Data, _ => "" };
                var first = Resolve(document, range, "St") is NumericToken number ? number.Int : 1;
                for (var page = Math.Max(starts[i], 0); page < Math.Min(end, document.NumberOfPages); page++)
                {
                    var label = GlyphText.Compose(prefix + Number(style, first + page - starts[i]));
                    if (label.Length is > 0 and < 40) labels[page + 1] = label;
                }
            }
        }
        catch (Exception e) when (e is PdfDocumentFormatException or InvalidOperationException or KeyNotFoundException or ArgumentException or OverflowException or InvalidCastException)
        {
            labels.Clear();
        }

        return labels;
    }

    private static void Collect(PdfDocument document, DictionaryToken node, SortedDictionary<int, DictionaryToken> ranges, int depth)
    {
        if (depth > MaxDepth) return;
        if (Resolve(document, node, "Nums") is ArrayToken numbers)
            for (var i = 0; i + 1 < numbers.Length; i += 2)
                if (Resolve(document, numbers[i]) is NumericToken page && Resolve(document, numbers[i + 1]) is DictionaryToken range)
                    ranges[page.Int] = range;
        if (Resolve(document, node, "Kids") is ArrayToken kids)
            foreach (var kid in kids.Data)
                if (Resolve(document, kid) is DictionaryToken child)
                    Collect(document, child, ranges, depth + 1);
    }

    private static IToken? Resolve(PdfDocument document, DictionaryToken dictionary, string key) =>
        dictionary.TryGet(NameToken.Create(key), out var token) ? Resolve(document, token) : null;

    private static IToken? Resolve(PdfDocument document, IToken token) =>
        token is IndirectReferenceToken reference ? document.Structure.GetObject(reference.Data)?.Data : token;

    private static string Number(string? style, int value) => style switch
    {
        "D" => value.ToString(CultureInfo.InvariantCulture),
        "r" => Roman(value),
        "R" => Roman(value).ToUpperInvariant(),
        "a" => Letters(value),
        "A" => Letters(value).ToUpperInvariant(),
        _ => "",
    };

    private static string Roman(int value)
    {
        if (value is < 1 or > 3999) return value.ToString(CultureInfo.InvariantCulture);
        (int Value, string Sign)[] signs = [(1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")];
        var roman = new StringBuilder();
        foreach (var (worth, sign) in signs)
            for (; value >= worth; value -= worth) roman.Append(sign);
        return roman.ToString();
    }

    private static string Letters(int value) => value is < 1 or > 26 * 9 ? value.ToString(CultureInfo.InvariantCulture) : new string((char)('a' + (value - 1) % 26), (value - 1) / 26 + 1);
}
