using System.Globalization;
using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;

namespace DomainTuning.Ingest.Reading;

/// <summary>
/// An HTML tree as blocks: one walk over the visible content in which block elements end what came before them and inline elements do not.
/// What a reader of the page would not read as its text (navigation, scripts, forms, hidden parts) is left out.
/// </summary>
internal sealed class HtmlBlocks
{
    /// <summary>Elements below this depth are not laid out any more; browsers stop at 512.</summary>
    private const int MaxDepth = 256;

    /// <summary>A very long book has 200,000.</summary>
    private const int MaxElements = 2_000_000;

    private const int MaxRowSpan = 1000;

    private static readonly HashSet<string> Skipped = new(StringComparer.OrdinalIgnoreCase)
    {
        "script", "style", "noscript", "template", "nav", "svg", "iframe", "object", "embed", "canvas", "audio", "video", "head",
        "button", "select", "input", "textarea", "datalist", "dialog", "menu", "rp", "rt",
    };

    private static readonly HashSet<string> SkippedRoles = new(StringComparer.OrdinalIgnoreCase)
    {
        "navigation", "search", "banner", "contentinfo", "menu", "menubar", "toolbar", "tablist", "dialog", "alertdialog",
    };

    private static readonly HashSet<string> BlockElements = new(StringComparer.OrdinalIgnoreCase)
    {
        "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer",
        "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html", "legend", "li", "main", "ol", "p", "pre", "section", "summary",
        "table", "tbody", "td", "tfoot", "th", "thead", "tr", "caption", "ul",
    };

    private readonly BlockList blocks;
    private readonly CancellationToken cancellationToken;
    private readonly StringBuilder inline = new();
    private bool insideContent;

    private HtmlBlocks(BlockList blocks, CancellationToken cancellationToken)
    {
        this.blocks = blocks;
        this.cancellationToken = cancellationToken;
    }

    /// <summary>A whole page: its title and its main content.</summary>
    public static void AddPage(string html, BlockList blocks, CancellationToken cancellationToken)
    {
        using var page = ParserFor(cancellationToken).ParseDocument(html);
        blocks.AddTitle(page.Title);
        var walk = new HtmlBlocks(blocks, cancellationToken);
        var root = MainContent(page);
        walk.insideContent = root != page.Body;
        if (root is not null) walk.AddChildren(root, 0);
        walk.EndParagraph();
    }

    /// <summary>A piece of HTML inside another format.</summary>
    public static void AddFragment(string html, BlockList blocks, CancellationToken cancellationToken)
    {
        using var page = ParserFor(cancellationToken).ParseDocument(html);
        var walk = new HtmlBlocks(blocks, cancellationToken) { insideContent = true };
        if (page.Body is { } body) walk.AddChildren(body, 0);
        walk.EndParagraph();
    }

    /// <summary>The parser works off deep and huge trees slowly: it is stopped by the number of elements and by the token.</summary>
    private static HtmlParser ParserFor(CancellationToken cancellationToken)
    {
        var elements = 0;
        return new HtmlParser(new HtmlParserOptions
        {
            SkipComments = true,
            SkipProcessingInstructions = true,
            DisableElementPositionTracking = true,
            OnCreated = (_, _) =>
            {
                if (++elements > MaxElements)
                    throw new RefusedException(ReadStatus.Unsupported, $"The page has more than {MaxElements:#,0} elements. Split it and ingest the parts.");
                if (elements % 1024 == 0) cancellationToken.ThrowIfCancellationRequested();
            },
        });
    }

    /// <summary>The one main element, else the one article, else the body.</summary>
    private static IElement? MainContent(IDocument page) =>
        Only(page.QuerySelectorAll("main, [role=main]")) ?? Only(page.QuerySelectorAll("article")) ?? page.Body;

    private static IElement? Only(IHtmlCollection<IElement> found)
    {
        var visible = found.Where(element => !IsHidden(element)).Take(2).ToArray();
        return visible.Length == 1 && visible[0].TextContent.AsSpan().Trim().Length > 0 ? visible[0] : null;
    }

    private void AddChildren(INode parent, int depth)
    {
        foreach (var child in parent.ChildNodes) Add(child, depth + 1);
    }

    private void Add(INode node, int depth)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (node is IText text) inline.Append(text.Data);
        if (node is not IElement element || IsLeftOut(element)) return;
        if (depth > MaxDepth)
        {
            inline.Append(' ').Append(element.TextContent);
            return;
        }

        var isBlock = BlockElements.Contains(element.LocalName);
        if (isBlock) EndParagraph();
        AddElement(element, depth);
        if (isBlock) EndParagraph();
    }

    private void AddElement(IElement element, int depth)
    {
        switch (element.LocalName)
        {
            case "h1" or "h2" or "h3" or "h4" or "h5" or "h6":
                blocks.AddHeading(HeadingText(element, depth), element.LocalName[1] - '0');
                break;
            case "pre":
                blocks.AddCode(Preformatted(element));
                break;
            case "table":
                AddTable((IHtmlTableElement)element, depth);
                break;
            case "ul" or "ol":
                AddItems(element, depth);
                break;
            case "figcaption":
                blocks.AddCaption(TextWithin(element, depth));
                break;
            case "br" or "wbr":
                inline.Append(element.LocalName == "br" ? " " : "");
                break;
            case "img":
                inline.Append(' ').Append(element.GetAttribute("alt")).Append(' ');
                break;
            case "article" or "main" or "section":
                var outer = insideContent;
                insideContent = true;
                AddChildren(element, depth);
                EndParagraph();
                insideContent = outer;
                break;
            default:
                AddChildren(element, depth);
                break;
        }
    }

    private void AddItems(IElement list, int depth)
    {
        var number = list.LocalName != "ol" ? (int?)null
            : int.TryParse(list.GetAttribute("start"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var start) ? start : 1;
        foreach (var child in list.ChildNodes)
        {
            if (child is IElement { LocalName: "li" } item && !IsLeftOut(item) && depth < MaxDepth)
            {
                AddItem(item, depth + 1, number is null ? null : $"{number}.");
                number++;
            }
            else
            {
                Add(child, depth + 1);
            }
        }
    }

    /// <summary>Text and paragraphs of an item are its parts; a nested list, table or listing ends it and stands for itself.</summary>
    private void AddItem(IElement item, int depth, string? number)
    {
        var parts = new List<string>();
        foreach (var child in item.ChildNodes)
        {
            if (child is IElement element && BlockElements.Contains(element.LocalName) && !IsLeftOut(element))
            {
                EndPart();
                if (element.LocalName == "p")
                {
                    parts.Add(TextWithin(element, depth + 1));
                    continue;
                }

                Flush();
            }

            Add(child, depth + 1);
        }

        EndPart();
        Flush();

        void EndPart()
        {
            parts.Add(inline.ToString());
            inline.Clear();
        }

        void Flush()
        {
            blocks.AddListItem(parts, number);
            if (parts.Exists(part => !string.IsNullOrWhiteSpace(part))) number = null;
            parts.Clear();
        }
    }

    /// <summary>Rows of cells. A table inside a table is layout: its cells are read one after the other.</summary>
    private void AddTable(IHtmlTableElement table, int depth)
    {
        if (table.Caption is { } caption) blocks.AddCaption(TextWithin(caption, depth + 1));
        var rows = table.Rows.Where(row => !IsLeftOut(row)).ToArray();
        if (table.QuerySelector("table, pre, ul, ol, h1, h2, h3") is not null && rows.All(row => row.Cells.Length <= 2) && table.QuerySelector("th") is null)
        {
            foreach (var cell in rows.SelectMany(row => row.Cells))
            {
                EndParagraph();
                AddChildren(cell, depth + 2);
            }

            EndParagraph();
            return;
        }

        blocks.AddTable(WithSpans(rows, depth));
    }

    /// <summary>A cell that spans rows is repeated in each, so that every row reads by itself.</summary>
    private List<List<string>> WithSpans(IHtmlTableRowElement[] rows, int depth)
    {
        var texts = new List<List<string>>();
        var spans = new SortedDictionary<int, (string Text, int Left)>();
        foreach (var row in rows)
        {
            var line = new List<string>();
            foreach (var cell in row.Cells.Where(cell => !IsLeftOut(cell)))
            {
                TakeSpans();
                var text = TextWithin(cell, depth + 2);
                if (cell.RowSpan is > 1 and <= MaxRowSpan) spans[line.Count] = (text, cell.RowSpan);
                line.Add(text);
            }

            TakeSpans();
            foreach (var (column, span) in spans.ToArray())
                if (span.Left <= 1) spans.Remove(column);
                else spans[column] = span with { Left = span.Left - 1 };
            texts.Add(line);

            void TakeSpans()
            {
                while (spans.TryGetValue(line.Count, out var span)) line.Add(span.Text);
            }
        }

        return texts;
    }

    /// <summary>The text of an element on one line, its blocks separated by spaces.</summary>
    private string TextWithin(IElement element, int depth)
    {
        var text = new StringBuilder();
        AppendText(element, text, depth);
        return text.ToString();
    }

    private void AppendText(INode parent, StringBuilder text, int depth)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var child in parent.ChildNodes)
        {
            if (child is IText data) text.Append(data.Data);
            if (child is not IElement element || IsLeftOut(element)) continue;
            var separates = BlockElements.Contains(element.LocalName) || element.LocalName is "br" or "img";
            if (separates) text.Append(' ');
            if (element.LocalName == "img") text.Append(element.GetAttribute("alt"));
            if (depth > MaxDepth) text.Append(element.TextContent);
            else AppendText(element, text, depth + 1);
            if (separates) text.Append(' ');
        }
    }

    /// <summary>Without the "¶" or "#" link that documentation tools put behind a heading.</summary>
    private string HeadingText(IElement heading, int depth) => TextWithin(heading, depth).TrimEnd().TrimEnd('¶', '#', '\uF0C1').TrimEnd();

    private static string Preformatted(IElement pre)
    {
        foreach (var line in pre.QuerySelectorAll("br")) line.TextContent = "\n";
        return pre.TextContent;
    }

    private void EndParagraph()
    {
        if (inline.Length > 0) blocks.AddParagraph(inline.ToString());
        inline.Clear();
    }

    /// <summary>Page furniture counts as such outside the content only: an article's own header holds its title, its aside a note.</summary>
    private bool IsLeftOut(IElement element) =>
        Skipped.Contains(element.LocalName) || IsHidden(element)
        || (element.GetAttribute("role") is { } role && SkippedRoles.Contains(role))
        || (!insideContent && element.LocalName is ("header" or "footer" or "aside") && element.QuerySelector("h1") is null);

    private static bool IsHidden(IElement element) =>
        element.HasAttribute("hidden")
        || string.Equals(element.GetAttribute("aria-hidden"), "true", StringComparison.OrdinalIgnoreCase)
        || (element.GetAttribute("style") is { } style && IsInvisibleStyle(style));

    private static bool IsInvisibleStyle(string style)
    {
        var compact = style.Replace(" ", "", StringComparison.Ordinal);
        return compact.Contains("display:none", StringComparison.OrdinalIgnoreCase) || compact.Contains("visibility:hidden", StringComparison.OrdinalIgnoreCase);
    }
}
