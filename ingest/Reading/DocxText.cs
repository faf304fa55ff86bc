using System.Globalization;
using System.Text;
using DocumentFormat.OpenXml;
using DocumentFormat.OpenXml.Wordprocessing;
using MathText = DocumentFormat.OpenXml.Math.Text;

namespace DomainTuning.Ingest.Reading;

/// <summary>
/// The words of paragraphs as they stand after all tracked changes are accepted. Collects on the way what does not belong into the line:
/// the notes that it cites and the text boxes anchored in it.
/// </summary>
internal sealed class DocxText
{
    private readonly List<(int Number, string Key)> notes = [];
    private readonly List<OpenXmlElement> boxes = [];
    private int notesSeen;

    public string Of(Paragraph paragraph)
    {
        var line = new StringBuilder();
        foreach (var child in paragraph.ChildElements) Append(child, line);
        return line.ToString();
    }

    /// <summary>Notes cited since the last call: the number shown in the text, and "f3" for footnote id 3 or "e3" for endnote id 3.</summary>
    public IReadOnlyList<(int Number, string Key)> TakeNotes() => Take(notes);

    /// <summary>Text boxes met since the last call.</summary>
    public IReadOnlyList<OpenXmlElement> TakeTextBoxes() => Take(boxes);

    /// <summary>Of several forms of the same content the first, which is the richest; only that one, or the text would stand twice.</summary>
    public static OpenXmlElement? Chosen(AlternateContent alternatives) =>
        (OpenXmlElement?)alternatives.GetFirstChild<AlternateContentChoice>() ?? alternatives.GetFirstChild<AlternateContentFallback>();

    private void Append(OpenXmlElement element, StringBuilder line)
    {
        switch (element)
        {
            case DeletedRun or MoveFromRun or FieldCode or DeletedText or DeletedFieldCode or ParagraphProperties or RunProperties or RubyContent:
                break;
            case Run { RunProperties.Vanish: { } hidden } when hidden.Val is null || hidden.Val.Value:
                break;
            case Text words:
                line.Append(words.Text);
                break;
            case MathText formula:
                line.Append(formula.Text);
                break;
            case TabChar or Break or CarriageReturn or PositionalTab:
                line.Append(' ');
                break;
            case NoBreakHyphen:
                line.Append('-');
                break;
            case SymbolChar symbol:
                line.Append(SymbolOf(symbol));
                break;
            case FootnoteReference note:
                Cite($"f{note.Id?.Value}", line);
                break;
            case EndnoteReference note:
                Cite($"e{note.Id?.Value}", line);
                break;
            case AlternateContent alternatives:
                if (Chosen(alternatives) is { } chosen) Append(chosen, line);
                break;
            case TextBoxContent box:
                boxes.Add(box);
                break;
            case OpenXmlUnknownElement { LocalName: "txbxContent" } box: // inside a drawing that the SDK has no types for
                boxes.Add(new TextBoxContent(box.OuterXml));
                break;
            default:
                foreach (var child in element.ChildElements) Append(child, line);
                break;
        }
    }

    private void Cite(string key, StringBuilder line)
    {
        notes.Add((++notesSeen, key));
        line.Append(CultureInfo.InvariantCulture, $"[{notesSeen}]");
    }

    /// <summary>Symbol fonts use private code points (F0xx), which say nothing without the font; real code points are kept.</summary>
    private static string SymbolOf(SymbolChar symbol) =>
        int.TryParse(symbol.Char?.Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var code) && code is > 0x20 and (< 0xD800 or > 0xF8FF) and < 0xFFFE
            ? ((char)code).ToString()
            : "";

    private static T[] Take<T>(List<T> list)
    {
        T[] taken = [.. list];
        list.Clear();
        return taken;
    }
}
