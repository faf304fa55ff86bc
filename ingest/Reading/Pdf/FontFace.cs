using System.Text.RegularExpressions;
using UglyToad.PdfPig.PdfFonts;

namespace DomainTuning.Ingest.Reading.Pdf;

/// <summary>What layout needs to know of a font: PDF says it in the name more reliably than in the flags.</summary>
internal sealed partial record FontFace(string Name, bool Bold, bool Italic, bool Mono)
{
    public static FontFace Unknown { get; } = new("", false, false, false);

    public static FontFace From(FontDetails? details, string? fontName)
    {
        var name = fontName ?? details?.Name ?? "";
        var plus = name.IndexOf('+', StringComparison.Ordinal);
        if (plus == 6) name = name[7..]; // "FBRAAZ+": a subset's tag
        return new FontFace(
            name,
            details?.IsBold == true || BoldName().IsMatch(name),
            details?.IsItalic == true || ItalicName().IsMatch(name),
            MonoName().IsMatch(name));
    }

    // "BX" is Computer Modern's bold extended, "TT" its typewriter.
    [GeneratedRegex("bold|black|heavy|demi|[-,_]bd|^cm(ss)?bx|^sfbx", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex BoldName();

    [GeneratedRegex("italic|oblique|slanted|^cm(mi|ti|sl)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ItalicName();

    [GeneratedRegex("mono|courier|consol|typewriter|menlo|fixed|inconsolata|sourcecode|lettergothic|andale|^cmtt|^sftt|^ectt|^lmtt|nimbusmon", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex MonoName();
}
