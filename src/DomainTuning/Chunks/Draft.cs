using System.Text;
using DomainTuning.Documents;

namespace DomainTuning.Chunks;

/// <summary>A chunk in the making: pieces in order under one heading.</summary>
internal sealed record Draft(Heading? Under, List<Piece> Pieces)
{
    /// <summary>Estimated tokens between two pieces.</summary>
    private const int Joint = 1;

    public int Tokens => Pieces.Sum(piece => piece.Tokens + Joint);

    /// <summary>The text, and where each piece stands in it. A row of a table follows its repeated header on the next line; else a blank line is between.</summary>
    public (string Text, List<ChunkPart> Parts) Write()
    {
        var text = new StringBuilder();
        var parts = new List<ChunkPart>(Pieces.Count);
        for (var i = 0; i < Pieces.Count; i++)
        {
            if (i > 0) text.Append(ReferenceEquals(Pieces[i].Block, Pieces[i - 1].Block) ? "\n" : Page.BlockSeparator);
            parts.Add(new ChunkPart(Pieces[i].Block.Page, text.Length, Pieces[i].Length, Pieces[i].Box));
            text.Append(Pieces[i].Text);
        }

        return (text.ToString(), parts);
    }

    /// <summary>Two neighbours as one under the nearest heading above both; headings below that become text. Null when they are no near relatives.</summary>
    public static Draft? Join(Draft first, Draft second)
    {
        var common = Common(first.Under, second.Under);
        if ((common?.Depth ?? 0) < Math.Min(first.Under?.Depth ?? 0, second.Under?.Depth ?? 0) - 1) return null;
        var pieces = new List<Piece>();
        first.AppendBelow(common, pieces);
        second.AppendBelow(common, pieces);
        return new Draft(common, pieces);
    }

    private void AppendBelow(Heading? common, List<Piece> pieces)
    {
        var at = pieces.Count;
        for (var heading = Under; heading != common; heading = heading!.Parent)
            if (!pieces.Exists(piece => ReferenceEquals(piece.Block, heading!.Piece.Block))) pieces.Insert(at, heading!.Piece);
        pieces.AddRange(Pieces);
    }

    private static Heading? Common(Heading? first, Heading? second)
    {
        while (first != second)
        {
            if ((first?.Depth ?? 0) >= (second?.Depth ?? 0)) first = first!.Parent;
            else second = second!.Parent;
        }

        return first;
    }
}
