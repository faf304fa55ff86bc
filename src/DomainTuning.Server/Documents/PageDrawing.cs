using System.Globalization;
using System.Text;
using System.Xml;
using DomainTuning.Documents;

namespace DomainTuning.Server.Documents;

/// <summary>
/// A page as SVG, drawn from what the index keeps: each printed line at its box. It needs neither the file nor poppler, and shows no picture or rule of the page.
/// A line is stretched to its box, so that a highlight drawn over the box covers the words that it means.
/// </summary>
internal static class PageDrawing
{
    /// <summary>Of a size: the distance of rows where a box holds several. A box of one row is as high as the size.</summary>
    private const double RowHeight = 1.2;

    /// <summary>Of a size: where the baseline lies below the top of the box.</summary>
    private const double Ascender = 0.8;

    /// <summary>Of a size: what a letter of common fonts takes in the mean.</summary>
    private const double LetterWidth = 0.5;

    /// <summary>No font is so narrow that its letters take less of a box' height in the mean: a box like that holds several rows.</summary>
    private const double NarrowestLetter = 0.22;

    /// <summary>Null for formats without pages: their text has no place on paper.</summary>
    public static string? Draw(PageText page)
    {
        if (page.Width <= 0 || page.Height <= 0) return null;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{page.Width:0.##}\" height=\"{page.Height:0.##}\" viewBox=\"0 0 {page.Width:0.##} {page.Height:0.##}\">")
            .Append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><g fill=\"#1c2024\" font-family=\"'Liberation Sans', Arial, Helvetica, 'Noto Sans', 'Noto Sans CJK SC', sans-serif\">");
        foreach (var line in page.Lines.Where(line => !line.Box.IsNone && line.Box.Right > line.Box.Left && line.Box.Bottom > line.Box.Top))
            DrawLine(svg, page.Text.Substring(line.Start, line.Length), line.Box);
        return svg.Append("</g></svg>").ToString();
    }

    private static void DrawLine(StringBuilder svg, string text, Box box)
    {
        var (width, height) = (box.Right - box.Left, box.Bottom - box.Top);
        var rows = Rows(text, width, height);
        var size = height / rows.Count / (rows.Count == 1 ? 1 : RowHeight);
        for (var i = 0; i < rows.Count; i++)
        {
            if (rows[i].Length == 0) continue;
            var (top, natural) = (box.Top + (i * height / rows.Count), Letters(rows[i]) * LetterWidth * size);
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{box.Left:0.##}\" y=\"{top + (Ascender * size):0.##}\" font-size=\"{size:0.##}\" xml:space=\"preserve\"");
            // The last row of several seldom reaches the right edge.
            if (rows.Count == 1 || natural > width) svg.Append(CultureInfo.InvariantCulture, $" textLength=\"{width:0.##}\" lengthAdjust=\"spacingAndGlyphs\"");
            svg.Append('>').Append(Escape(rows[i])).Append("</text>");
        }
    }

    /// <summary>One row, unless the text has several or its box is too high for one: blocks without lines of their own have one box.</summary>
    private static List<string> Rows(string text, double width, double height)
    {
        var given = text.Split('\n', StringSplitOptions.TrimEntries);
        if (given.Length > 1 || Letters(text) * NarrowestLetter * height <= width) return [.. given];
        var size = Math.Sqrt(height * width / (RowHeight * LetterWidth * Letters(text)));
        var most = Math.Max(1, width / (LetterWidth * size));
        var rows = new List<string> { "" };
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            if (rows[^1].Length == 0) rows[^1] = word;
            else if (Letters(rows[^1]) + 1 + Letters(word) <= most) rows[^1] += " " + word;
            else rows.Add(word);
        return rows;
    }

    /// <summary>Chinese, Japanese and Korean letters take the width of two.</summary>
    private static int Letters(string text) => text.Sum(letter => letter >= '\u2E80' ? 2 : 1);

    /// <summary>Letters that XML cannot hold become spaces: a document may hold any.</summary>
    private static string Escape(string text)
    {
        var safe = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])) safe.Append(text[i]).Append(text[++i]);
            else if (text[i] is '<') safe.Append("&lt;");
            else if (text[i] is '>') safe.Append("&gt;");
            else if (text[i] is '&') safe.Append("&amp;");
            else safe.Append(XmlConvert.IsXmlChar(text[i]) ? text[i] : ' ');
        return safe.ToString();
    }
}
