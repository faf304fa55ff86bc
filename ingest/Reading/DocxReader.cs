using DocumentFormat.OpenXml;
using DocumentFormat.OpenXml.Packaging;
using DocumentFormat.OpenXml.Wordprocessing;

namespace DomainTuning.Ingest.Reading;

/// <summary>
/// Word documents by the Open XML SDK, one block of the body at a time. Headings come from styles and outline levels, numbers are counted as
/// Word prints them, footnotes follow the block that cites them; deleted and hidden text, headers, footers and tables of contents are left out.
/// </summary>
public sealed class DocxReader(TimeSpan timeLimit) : InProcessReader(timeLimit)
{
    public override IReadOnlyList<string> Extensions { get; } = [".docx"];

    private protected override string Format => "DOCX";

    /// <summary>Most of a large document is pictures.</summary>
    private protected override long MaxBytes => 256_000_000;

    private protected override void Parse(byte[] content, BlockList blocks, CancellationToken cancellationToken)
    {
        using var package = DocxPackage.Open(content, cancellationToken);
        var main = package.MainDocumentPart ?? throw new RefusedException(ReadStatus.Broken, "The file has no document inside. Open it in Word and save it again.");
        blocks.AddTitle(package.PackageProperties.Title);
        new Body(main, blocks, cancellationToken).Add(main);
    }

    /// <summary>The walk over one document: what runs along with it are list counters, notes that wait for the end of their block, and code lines.</summary>
    private sealed class Body(MainDocumentPart main, BlockList blocks, CancellationToken cancellationToken)
    {
        private readonly DocxStyles styles = new(main.StyleDefinitionsPart?.Styles);
        private readonly DocxNumbering numbering = new(main.NumberingDefinitionsPart?.Numbering);
        private readonly DocxText text = new();
        private readonly Dictionary<string, FootnoteEndnoteType> notes = NotesOf(main);
        private readonly List<string> code = [];

        public void Add(MainDocumentPart part)
        {
            using var reader = new OpenXmlPartReader(part, new OpenXmlPartReaderOptions { MaxCharactersInPart = DocxPackage.MaxMarkupBytes });
            while (reader.Read() && reader.ElementType != typeof(DocumentFormat.OpenXml.Wordprocessing.Body))
            {
            }

            if (!reader.ReadFirstChild()) return;
            do
            {
                if (reader.LoadCurrentElement() is { } element) AddBlock(element);
            }
            while (reader.ReadNextSibling());
            EndCode();
        }

        private void AddBlock(OpenXmlElement element)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (element is not Paragraph) EndCode();
            switch (element)
            {
                case Paragraph paragraph:
                    AddParagraph(paragraph);
                    AddNotes();
                    break;
                case Table table:
                    AddTable(table);
                    AddNotes();
                    break;
                case SdtBlock control when IsTableOfContents(control):
                case MoveFromRun or DeletedRun or SectionProperties:
                    break;
                case AlternateContent alternatives:
                    AddBlocks(DocxText.Chosen(alternatives));
                    break;
                case SdtBlock or SdtContentBlock or CustomXmlBlock or InsertedRun or MoveToRun:
                    AddBlocks(element);
                    break;
            }
        }

        private void AddBlocks(OpenXmlElement? parent)
        {
            if (parent is null) return;
            foreach (var child in parent.ChildElements) AddBlock(child);
        }

        private void AddParagraph(Paragraph paragraph)
        {
            var properties = paragraph.ParagraphProperties;
            var (list, styleId) = styles.Numbering(properties);
            var (inList, number) = numbering.Count(list, styleId);
            if (styles.IsDirectoryEntry(properties)) return;

            var words = text.Of(paragraph);
            if (styles.IsCode(properties) && !inList)
            {
                code.Add(words);
                return;
            }

            EndCode();
            if (styles.IsTitle(properties)) blocks.AddTitle(words);
            if (string.IsNullOrWhiteSpace(words))
            {
            }
            else if (styles.HeadingLevel(properties) is { } level) blocks.AddHeading(number is null ? words : $"{number} {words}", level);
            else if (inList) blocks.AddListItem([words], number);
            else if (styles.IsCaption(properties)) blocks.AddCaption(words);
            else blocks.AddParagraph(words);

            foreach (var box in text.TakeTextBoxes()) AddBlocks(box);
        }

        /// <summary>A table of one cell is a box around text.</summary>
        private void AddTable(Table table)
        {
            var rows = Rows(table).ToArray();
            if (rows is [var only] && Cells(only).ToArray() is [var cell])
            {
                AddBlocks(cell);
                return;
            }

            var texts = new List<string[]>();
            foreach (var row in rows)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var above = texts.Count > 0 ? texts[^1] : [];
                texts.Add([.. Cells(row).Select((part, column) => Continues(part) && column < above.Length ? above[column] : CellText(part))]);
            }

            blocks.AddTable(texts);
            foreach (var box in text.TakeTextBoxes()) AddBlocks(box);
        }

        private string CellText(OpenXmlElement cell) => string.Join(' ', cell.Descendants<Paragraph>().Select(text.Of));

        /// <summary>The lower part of a cell that spans rows: its text is repeated, so that every row reads by itself.</summary>
        private static bool Continues(TableCell cell) =>
            cell.TableCellProperties?.VerticalMerge is { } merge && (merge.Val is null || merge.Val.Value == MergedCellValues.Continue);

        private static IEnumerable<TableRow> Rows(OpenXmlElement table) =>
            Unwrapped<TableRow>(table).Where(row => row.TableRowProperties?.GetFirstChild<Deleted>() is null);

        private static IEnumerable<TableCell> Cells(OpenXmlElement row) => Unwrapped<TableCell>(row);

        /// <summary>Rows and cells may stand inside content controls and custom XML.</summary>
        private static IEnumerable<T> Unwrapped<T>(OpenXmlElement parent)
            where T : OpenXmlElement =>
            parent.ChildElements.SelectMany(child => child is T found ? [found]
                : child is SdtElement or SdtContentRow or SdtContentCell or CustomXmlElement ? Unwrapped<T>(child)
                : []);

        private static bool IsTableOfContents(SdtBlock control) =>
            control.SdtProperties?.GetFirstChild<SdtContentDocPartObject>()?.DocPartGallery?.Val?.Value is { } gallery
            && gallery.Contains("Table of Contents", StringComparison.OrdinalIgnoreCase);

        private void AddNotes()
        {
            foreach (var (number, key) in text.TakeNotes())
                if (notes.TryGetValue(key, out var note))
                    blocks.AddParagraph($"[{number}] {string.Join(' ', note.Descendants<Paragraph>().Select(new DocxText().Of))}");
        }

        private void EndCode()
        {
            if (code.Count > 0) blocks.AddCode(string.Join('\n', code));
            code.Clear();
        }

        private static Dictionary<string, FootnoteEndnoteType> NotesOf(MainDocumentPart main)
        {
            var notes = new Dictionary<string, FootnoteEndnoteType>(StringComparer.Ordinal);
            foreach (var note in main.FootnotesPart?.Footnotes?.Elements<Footnote>() ?? []) notes.TryAdd($"f{note.Id?.Value}", note);
            foreach (var note in main.EndnotesPart?.Endnotes?.Elements<Endnote>() ?? []) notes.TryAdd($"e{note.Id?.Value}", note);
            return notes;
        }
    }
}
