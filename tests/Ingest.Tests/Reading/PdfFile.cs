using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DomainTuning.Ingest.Reading;

namespace DomainTuning.Ingest.Tests.Reading;

/// <summary>Writes small PDFs by hand, so that a test states exactly what stands where. Helvetica is F1, Helvetica-Bold F2, Courier F3; y counts from the bottom.</summary>
internal sealed class PdfFile
{
    private readonly List<string> _contents = [];
    private string _catalog = "";
    private string _page = "";
    private string _resources = "";
    private string _fonts = "";
    private string _trailer = "";
    private string _objects = "";

    public PdfFile Page(string content)
    {
        _contents.Add(content);
        return this;
    }

    /// <summary>Entries for the catalog, such as /PageLabels.</summary>
    public PdfFile Catalog(string entries)
    {
        _catalog = entries;
        return this;
    }

    /// <summary>Entries for every page, such as /Rotate.</summary>
    public PdfFile PageEntries(string entries)
    {
        _page = entries;
        return this;
    }

    public PdfFile Resources(string entries)
    {
        _resources = entries;
        return this;
    }

    /// <summary>More fonts, such as "/F9 100 0 R".</summary>
    public PdfFile Fonts(string entries)
    {
        _fonts = entries;
        return this;
    }

    public PdfFile Trailer(string entries)
    {
        _trailer = entries;
        return this;
    }

    /// <summary>Whole objects, from number 100 on.</summary>
    public PdfFile Objects(string objects)
    {
        _objects = objects;
        return this;
    }

    /// <summary>One show-text operation.</summary>
    public static string Text(double x, double y, string text, string font = "F1", double size = 10) =>
        string.Create(CultureInfo.InvariantCulture, $"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm ({text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("(", "\\(", StringComparison.Ordinal).Replace(")", "\\)", StringComparison.Ordinal)}) Tj ET\n");

    public static string Rule(double x1, double y1, double x2, double y2) =>
        string.Create(CultureInfo.InvariantCulture, $"{x1} {y1} m {x2} {y2} l S\n");

    public SourceFile Save(string path, string? password = null)
    {
        var bytes = ToBytes();
        File.WriteAllBytes(path, bytes);
        return new SourceFile(path, Path.GetFileName(path), Convert.ToHexStringLower(SHA256.HashData(bytes)), password);
    }

    public byte[] ToBytes()
    {
        var kids = string.Join(' ', Enumerable.Range(0, _contents.Count).Select(i => $"{10 + 2 * i} 0 R"));
        var objects = new StringBuilder("%PDF-1.7\n");
        objects.Append(CultureInfo.InvariantCulture, $"1 0 obj\n<< /Type /Catalog /Pages 2 0 R {_catalog} >>\nendobj\n");
        objects.Append(CultureInfo.InvariantCulture, $"2 0 obj\n<< /Type /Pages /Kids [{kids}] /Count {_contents.Count} >>\nendobj\n");
        foreach (var (number, font) in new[] { (3, "Helvetica"), (4, "Helvetica-Bold"), (5, "Courier") })
            objects.Append(CultureInfo.InvariantCulture, $"{number} 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /{font} /Encoding /WinAnsiEncoding >>\nendobj\n");
        for (var i = 0; i < _contents.Count; i++)
        {
            objects.Append(CultureInfo.InvariantCulture, $"{10 + 2 * i} 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {_page} /Contents {11 + 2 * i} 0 R /Resources << /Font << /F1 3 0 R /F2 4 0 R /F3 5 0 R {_fonts} >> {_resources} >> >>\nendobj\n");
            objects.Append(CultureInfo.InvariantCulture, $"{11 + 2 * i} 0 obj\n<< /Length {Encoding.Latin1.GetByteCount(_contents[i])} >>\nstream\n{_contents[i]}\nendstream\nendobj\n");
        }

        objects.Append(_objects);
        var text = objects.ToString();
        var entries = System.Text.RegularExpressions.Regex.Matches(text, @"(?m)^([0-9]+) 0 obj").Select(match => (Number: int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), match.Index)).ToList();
        var xref = new StringBuilder("xref\n0 1\n0000000000 65535 f \n");
        foreach (var (number, index) in entries) xref.Append(CultureInfo.InvariantCulture, $"{number} 1\n{Encoding.Latin1.GetByteCount(text.AsSpan(0, index)):D10} 00000 n \n");
        xref.Append(CultureInfo.InvariantCulture, $"trailer\n<< /Size {entries.Max(entry => entry.Number) + 1} /Root 1 0 R {_trailer} >>\nstartxref\n{Encoding.Latin1.GetByteCount(text)}\n%%EOF\n");
        return Encoding.Latin1.GetBytes(text + xref);
    }
}
