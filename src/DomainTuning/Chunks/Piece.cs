using DomainTuning.Documents;

namespace DomainTuning.Chunks;

/// <summary>A verbatim range of a block's text on its way into a chunk.</summary>
/// <param name="Start">First UTF-16 unit in the block's text.</param>
/// <param name="Tokens">In the embedder's tokens.</param>
internal readonly record struct Piece(Block Block, int Start, int Length, int Tokens)
{
    public ReadOnlySpan<char> Text => Block.Text.AsSpan(Start, Length);

    /// <summary>The box of the printed lines that the range touches; the block's own where lines are not known.</summary>
    public Box Box
    {
        get
        {
            if (Block.Lines.Count == 0) return Block.Box;
            var box = Box.None;
            foreach (var line in Block.Lines)
                if (line.Start < Start + Length && Start < line.Start + line.Length) box = box.Union(line.Box);
            return box.IsNone ? Block.Box : box;
        }
    }

    /// <summary>All of a block but the white space around it; null for a block without a visible character.</summary>
    public static Piece? Whole(Block block, Func<string, int> countTokens)
    {
        var whole = new Piece(block, 0, block.Text.Length, 0).Trimmed();
        return whole.Length == 0 ? null : whole with { Tokens = countTokens(block.Text.Substring(whole.Start, whole.Length)) };
    }

    /// <summary>Without the white space at both ends.</summary>
    public Piece Trimmed()
    {
        var start = Start;
        var end = Start + Length;
        while (start < end && char.IsWhiteSpace(Block.Text[start])) start++;
        while (end > start && char.IsWhiteSpace(Block.Text[end - 1])) end--;
        return this with { Start = start, Length = end - start };
    }
}
