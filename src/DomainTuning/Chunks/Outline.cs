using DomainTuning.Documents;

namespace DomainTuning.Chunks;

/// <summary>A heading in its place: what stands above it, outermost first, and itself.</summary>
internal sealed class Heading(Heading? parent, Piece piece)
{
    public Heading? Parent { get; } = parent;

    public Piece Piece { get; } = piece;

    /// <summary>From 1.</summary>
    public int Depth { get; } = (parent?.Depth ?? 0) + 1;

    public string Title { get; } = piece.Text.ToString().ReplaceLineEndings(" ");
}

/// <summary>What stands under one heading, up to the next; <paramref name="Under"/> is null before the first.</summary>
internal sealed record Section(Heading? Under, List<Piece> Pieces);

/// <summary>A document as sections under headings. Every heading with words ends up in a path or, where nothing stands under it, in the text.</summary>
internal sealed class Outline
{
    /// <summary>Estimated tokens of the " > " between two headings.</summary>
    private const int Joint = 2;

    private readonly int longestPath;

    private Outline(int longestPath) => this.longestPath = longestPath;

    public List<Section> Sections { get; } = [];

    /// <param name="longestPath">Tokens that a heading path may take. A longer heading is text that looks like one, and treated as a paragraph.</param>
    public static Outline Of(Document document, int longestPath, Func<string, int> countTokens)
    {
        var outline = new Outline(longestPath);
        var current = new Section(null, []);
        outline.Sections.Add(current);
        foreach (var block in document.Pages.SelectMany(page => page.Blocks))
        {
            if (Piece.Whole(block, countTokens) is not { } piece) continue;
            if (block.Kind == BlockKind.Heading && piece.Tokens <= longestPath)
                outline.Sections.Add(current = new Section(new Heading(Above(current.Under, block.Level), piece), []));
            else current.Pieces.Add(piece);
        }

        outline.KeepLoneHeadings();
        outline.Sections.RemoveAll(section => section.Pieces.Count == 0);
        return outline;
    }

    /// <summary>The heading path of a chunk, outermost first; outer headings are left out where it would get too long.</summary>
    public List<Heading> Path(Heading? under)
    {
        var path = new List<Heading>();
        var tokens = 0;
        for (var heading = under; heading is not null; heading = heading.Parent)
        {
            tokens += heading.Piece.Tokens + (path.Count > 0 ? Joint : 0);
            if (tokens > longestPath) break;
            path.Insert(0, heading);
        }

        return path;
    }

    /// <summary>Tokens of a path and the line feed behind it.</summary>
    public int PathTokens(Heading? under) => Path(under) is { Count: > 0 } path ? path.Sum(heading => heading.Piece.Tokens) + ((path.Count - 1) * Joint) + 1 : 0;

    private static Heading? Above(Heading? heading, int level)
    {
        while (heading is not null && heading.Piece.Block.Level >= level) heading = heading.Parent;
        return heading;
    }

    /// <summary>A heading that the chunk after it does not carry becomes text under its parent. Backwards, so that what comes after is known.</summary>
    private void KeepLoneHeadings()
    {
        Section? next = null;
        for (var i = Sections.Count - 1; i >= 0; i--)
        {
            if (Sections[i] is { Under: { } heading, Pieces.Count: 0 } && (next is null || !Path(next.Under).Contains(heading)))
                Sections[i] = new Section(heading.Parent, [heading.Piece]);
            if (Sections[i].Pieces.Count > 0) next = Sections[i];
        }
    }
}
