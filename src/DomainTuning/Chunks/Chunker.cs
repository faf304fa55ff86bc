using DomainTuning.Documents;

namespace DomainTuning.Chunks;

/// <summary>
/// Cuts documents by heading and paragraph into chunks that fit the embedder. Every part of a chunk is a verbatim range of one block, so a quote found in a chunk is found on its page.
/// Blocks stay whole where they fit; small neighbours join; a list keeps the sentence that leads into it, a table its first row. Thread-safe.
/// </summary>
public sealed class Chunker
{
    private readonly ChunkingOptions options;
    private readonly Func<string, int> countTokens;
    private readonly BlockCutter cutter;

    /// <param name="countTokens">The embedder's own count: <see cref="Embeddings.Embedder.CountTokens"/>. Called about once a block and once a chunk.</param>
    public Chunker(ChunkingOptions options, Func<string, int> countTokens)
    {
        options.Validate();
        this.options = options;
        this.countTokens = countTokens;
        cutter = new BlockCutter(options.OverlapTokens, countTokens);
    }

    /// <summary>The document's chunks in reading order; none for a document without text.</summary>
    public IReadOnlyList<Chunk> Cut(Document document, string corpus, IReadOnlyList<string> tags)
    {
        // A quarter for the headings: the text must stay the larger part of what is embedded.
        var outline = Outline.Of(document, options.MaxTokens / 4, countTokens);
        var drafts = JoinSmall([.. outline.Sections.SelectMany(section => Pack(section, options.MaxTokens - outline.PathTokens(section.Under)))], outline);
        var chunks = new List<Chunk>();
        foreach (var draft in drafts) AddFitting(draft, document.Id, corpus, tags, [.. outline.Path(draft.Under).Select(heading => heading.Title)], chunks);
        return chunks;
    }

    /// <summary>Fills chunks with the pieces of a section, one after the other.</summary>
    private List<Draft> Pack(Section section, int budget)
    {
        var drafts = new List<Draft>();
        var open = new Draft(section.Under, []);
        for (var i = 0; i < section.Pieces.Count; i++)
        {
            var piece = section.Pieces[i];
            var room = budget - open.Tokens - 1;
            if (piece.Tokens <= room)
            {
                open.Pieces.Add(piece);
                continue;
            }

            var tearable = piece.Block.Kind is not (BlockKind.Table or BlockKind.Code);
            if (piece.Tokens < budget && (open.Tokens >= options.MinTokens || !tearable))
            {
                open = Next(drafts, open, LeadIn(section.Pieces, i, open, budget - piece.Tokens));
                open.Pieces.Add(piece);
                continue;
            }

            var contents = cutter.Cut(piece, Math.Max(room, 0), budget - 1);
            open.Pieces.AddRange(contents[0]);
            foreach (var content in contents.Skip(1)) open = Next(drafts, open, content);
        }

        if (open.Pieces.Count > 0) drafts.Add(open);
        return drafts;
    }

    private static Draft Next(List<Draft> drafts, Draft full, List<Piece> content)
    {
        if (full.Pieces.Count > 0) drafts.Add(full);
        return new Draft(full.Under, content);
    }

    /// <summary>
    /// What goes over into the next chunk so that <paramref name="at"/> is understood there: a caption or a sentence with a colon directly before it moves,
    /// the sentence before the list that it continues is repeated.
    /// </summary>
    private List<Piece> LeadIn(List<Piece> pieces, int at, Draft full, int room)
    {
        if (at == 0) return [];
        var before = pieces[at - 1];
        if (Leads(before, pieces[at]) && before.Tokens + 2 <= room && full.Pieces.Count > 0 && full.Pieces[^1] == before)
        {
            full.Pieces.RemoveAt(full.Pieces.Count - 1);
            return [before];
        }

        if (pieces[at].Block.Kind != BlockKind.ListItem) return [];
        var first = at;
        while (first > 0 && pieces[first].Block.Kind == BlockKind.ListItem) first--;
        return Leads(pieces[first], pieces[first + 1]) && cutter.LastSentence(pieces[first]) is { } sentence && sentence.Tokens + 2 <= room ? [sentence] : [];
    }

    private static bool Leads(Piece piece, Piece next) => piece.Block.Kind switch
    {
        BlockKind.Caption => next.Block.Kind == BlockKind.Table,
        BlockKind.Paragraph => next.Block.Kind is BlockKind.ListItem or BlockKind.Table or BlockKind.Code && piece.Text[^1] is ':' or '：',
        _ => false,
    };

    /// <summary>A chunk that is too small joins the next one, or else the one before, under the same parent heading.</summary>
    private List<Draft> JoinSmall(List<Draft> drafts, Outline outline)
    {
        var joined = new List<Draft>();
        foreach (var draft in drafts)
        {
            if (joined.Count > 0 && joined[^1].Tokens < options.MinTokens && TryJoin(joined[^1], draft) is { } both) joined[^1] = both;
            else joined.Add(draft);
        }

        for (var i = joined.Count - 1; i > 0; i--)
        {
            if (joined[i].Tokens >= options.MinTokens || TryJoin(joined[i - 1], joined[i]) is not { } both) continue;
            joined[i - 1] = both;
            joined.RemoveAt(i);
        }

        return joined;

        Draft? TryJoin(Draft first, Draft second) =>
            first.Tokens + second.Tokens < options.MaxTokens && Draft.Join(first, second) is { } both && both.Tokens + outline.PathTokens(both.Under) <= options.MaxTokens ? both : null;
    }

    /// <summary>Sums of counts are estimates: what turns out longer than allowed is halved until it fits.</summary>
    private void AddFitting(Draft draft, DocumentId document, string corpus, IReadOnlyList<string> tags, IReadOnlyList<string> path, List<Chunk> chunks)
    {
        var (text, parts) = draft.Write();
        var chunk = new Chunk
        {
            Id = ChunkId.From(corpus, document, chunks.Count, text),
            DocumentId = document,
            Position = chunks.Count,
            Text = text,
            HeadingPath = path,
            Parts = parts,
            TokenCount = 0,
            Tags = tags,
        };
        var tokens = countTokens(chunk.EmbeddedText);
        if (tokens <= options.MaxTokens || Halves(draft) is not { } halves) chunks.Add(chunk with { TokenCount = tokens });
        else
        {
            AddFitting(halves.First, document, corpus, tags, path, chunks);
            AddFitting(halves.Second, document, corpus, tags, path, chunks);
        }
    }

    private static (Draft First, Draft Second)? Halves(Draft draft)
    {
        var half = draft.Pieces.Count / 2;
        if (half > 0) return (draft with { Pieces = draft.Pieces[..half] }, draft with { Pieces = draft.Pieces[half..] });
        var piece = draft.Pieces[0];
        var middle = BlockCutter.Middle(piece.Block.Text, piece.Start, piece.Length);
        var before = piece.Block.Text.LastIndexOf(' ', middle, middle - piece.Start);
        var after = piece.Block.Text.IndexOf(' ', middle, piece.Start + piece.Length - middle);
        var cut = before > 0 ? before : after > 0 ? after : middle;
        if (cut == piece.Start) return null;
        var first = piece with { Length = cut - piece.Start, Tokens = piece.Tokens / 2 };
        var second = piece with { Start = cut, Length = piece.Length - first.Length, Tokens = piece.Tokens - first.Tokens };
        return (draft with { Pieces = [first.Trimmed()] }, draft with { Pieces = [second.Trimmed()] });
    }
}
