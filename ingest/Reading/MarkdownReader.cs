using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Extensions.DefinitionLists;
using Markdig.Extensions.Footnotes;
using Markdig.Extensions.Mathematics;
using Markdig.Extensions.Tables;
using Markdig.Extensions.TaskLists;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace DomainTuning.Ingest.Reading;

/// <summary>Markdown by Markdig: CommonMark with the usual extensions. Raw HTML inside is read as HTML, never kept as markup.</summary>
public sealed partial class MarkdownReader(TimeSpan timeLimit) : InProcessReader(timeLimit)
{
    /// <summary>Markdig refuses deeper nesting by itself; every recursion below follows its tree, so it is bounded too.</summary>
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UseYamlFrontMatter().UsePipeTables().UseGridTables().UseFootnotes().UseDefinitionLists().UseTaskLists()
        .UseMathematics().UseEmphasisExtras().UseAlertBlocks().UseCustomContainers().UseCjkFriendlyEmphasis().Build();

    public override IReadOnlyList<string> Extensions { get; } = [".md", ".markdown"];

    private protected override string Format => "Markdown";

    private protected override long MaxBytes => 16_000_000;

    private protected override void Parse(byte[] content, BlockList blocks, CancellationToken cancellationToken)
    {
        var tree = Markdown.Parse(TextDecoding.Decode(content), Pipeline);
        foreach (var block in tree)
            if (block is YamlFrontMatterBlock matter) blocks.AddTitle(TitleIn(matter.Lines.ToString()));
        AddAll(tree, blocks, cancellationToken);
    }

    private static string? TitleIn(string yaml) =>
        TitleLine().Match(yaml) is { Success: true } match ? match.Groups[1].Value.Trim().Trim('"', '\'') : null;

    private static void AddAll(ContainerBlock container, BlockList blocks, CancellationToken cancellationToken)
    {
        foreach (var block in container)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Add(block, blocks, cancellationToken);
        }
    }

    private static void Add(Block block, BlockList blocks, CancellationToken cancellationToken)
    {
        switch (block)
        {
            case YamlFrontMatterBlock or LinkReferenceDefinitionGroup or LinkReferenceDefinition or ThematicBreakBlock:
                break;
            case HeadingBlock heading:
                blocks.AddHeading(TextOf(heading.Inline), heading.Level);
                break;
            case DefinitionTerm term:
                blocks.AddParagraph(TextOf(term.Inline));
                break;
            case ParagraphBlock paragraph:
                blocks.AddParagraph(TextOf(paragraph.Inline));
                break;
            case CodeBlock code: // fenced, indented and display mathematics
                blocks.AddCode(code.Lines.ToString());
                break;
            case HtmlBlock html:
                HtmlBlocks.AddFragment(html.Lines.ToString(), blocks, cancellationToken);
                break;
            case Table table:
                blocks.AddTable([.. table.OfType<TableRow>().Select(row => row.OfType<TableCell>().Select(cell => string.Join(' ', TextsOf(cell))).ToArray())]);
                break;
            case ListBlock list:
                AddItems(list, blocks, cancellationToken);
                break;
            case Footnote note:
                blocks.AddParagraph($"[{note.Order}] {string.Join(' ', TextsOf(note))}");
                break;
            case ContainerBlock container: // quotes, alerts, definitions, footnote groups, custom containers
                AddAll(container, blocks, cancellationToken);
                break;
        }
    }

    private static void AddItems(ListBlock list, BlockList blocks, CancellationToken cancellationToken)
    {
        foreach (var item in list.OfType<ListItemBlock>())
        {
            var number = list.IsOrdered ? item.Order.ToString(CultureInfo.InvariantCulture) + list.OrderedDelimiter : null;
            var parts = new List<string>();
            foreach (var child in item)
            {
                if (child is ParagraphBlock paragraph)
                {
                    parts.Add(TextOf(paragraph.Inline));
                    continue;
                }

                Flush();
                Add(child, blocks, cancellationToken);
            }

            Flush();

            void Flush()
            {
                if (parts.Count == 0) return;
                blocks.AddListItem(parts, number);
                number = null;
                parts.Clear();
            }
        }
    }

    /// <summary>The texts of all leaves below, for places that hold one run of text: cells and footnotes.</summary>
    private static IEnumerable<string> TextsOf(ContainerBlock container) =>
        container.Descendants().OfType<LeafBlock>().Select(leaf => leaf.Inline is not null ? TextOf(leaf.Inline) : leaf is HtmlBlock ? "" : leaf.Lines.ToString());

    private static string TextOf(ContainerInline? inline)
    {
        var text = new StringBuilder();
        Append(inline, text);
        return text.ToString();
    }

    private static void Append(ContainerInline? container, StringBuilder text)
    {
        if (container is null) return;
        foreach (var inline in container)
        {
            switch (inline)
            {
                case LiteralInline literal:
                    text.Append(literal.Content.AsSpan());
                    break;
                case CodeInline code:
                    text.Append(code.Content);
                    break;
                case MathInline math:
                    text.Append(math.Content.AsSpan());
                    break;
                case LineBreakInline or HtmlInline { Tag: "<br>" or "<br/>" or "<br />" }:
                    text.Append(' ');
                    break;
                case HtmlEntityInline entity:
                    text.Append(entity.Transcoded.AsSpan());
                    break;
                case AutolinkInline link:
                    text.Append(link.Url);
                    break;
                case FootnoteLink { IsBackLink: false } note:
                    text.Append('[').Append(note.Footnote.Order).Append(']');
                    break;
                case TaskList task:
                    text.Append(task.Checked ? "[x]" : "[ ]");
                    break;
                case EmphasisInline { DelimiterChar: '~', DelimiterCount: 2 }: // struck out: its author took it back
                    break;
                case ContainerInline inner:
                    Append(inner, text);
                    break;
            }
        }
    }

    [GeneratedRegex(@"^title:[ \t]*(\S.*?)[ \t]*\r?$", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex TitleLine();
}
