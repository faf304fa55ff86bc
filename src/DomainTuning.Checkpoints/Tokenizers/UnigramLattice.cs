namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// The pieces of a unigram model as a trie, and the search for the most probable split of a word (Viterbi). Children lie side by side,
/// sorted, so a node is three numbers; the root's children are found by table. Thread-safe: nothing changes after construction.
/// </summary>
internal sealed class UnigramLattice
{
    private const int NoPiece = -1;

    // Node n: its character, the id of the piece that ends here, its children at [firstChild[n], firstChild[n + 1]).
    private readonly char[] character;
    private readonly int[] piece, firstChild;
    private readonly int[] rootChild = new int[0x10000];
    private readonly double[] scores;
    private readonly int unknownId;
    private readonly double unknownScore;

    /// <param name="pieces">The vocabulary by id.</param>
    /// <param name="excluded">Ids that plain text never becomes: control tokens.</param>
    internal UnigramLattice(IReadOnlyList<(string Text, double Score)> pieces, int unknownId, IReadOnlySet<int> excluded)
    {
        this.unknownId = unknownId;
        scores = [.. pieces.Select(entry => entry.Score)];
        // Ten below the worst piece, as SentencePiece has it.
        unknownScore = scores.Min() - 10.0;

        var ids = Enumerable.Range(0, pieces.Count).Where(id => !excluded.Contains(id) && pieces[id].Text.Length > 0).ToArray();
        Array.Sort(ids, (a, b) => string.CompareOrdinal(pieces[a].Text, pieces[b].Text) is var order and not 0 ? order : a - b);

        List<char> characters = ['\0'];
        List<int> ends = [NoPiece], children = [];
        // Breadth first: a node is a run of sorted pieces that share their first `depth` characters.
        var queue = new Queue<(int From, int To, int Depth)>([(0, ids.Length, 0)]);
        for (var node = 0; queue.TryDequeue(out var run); node++)
        {
            children.Add(characters.Count);
            var from = run.From;
            while (from < run.To && pieces[ids[from]].Text.Length == run.Depth) ends[node] = ids[from++];
            while (from < run.To)
            {
                var c = pieces[ids[from]].Text[run.Depth];
                var to = from;
                while (to < run.To && pieces[ids[to]].Text[run.Depth] == c) to++;
                if (run.Depth == 0) rootChild[c] = characters.Count;
                characters.Add(c);
                ends.Add(NoPiece);
                queue.Enqueue((from, to, run.Depth + 1));
                from = to;
            }
        }

        children.Add(characters.Count);
        (character, piece, firstChild) = ([.. characters], [.. ends], [.. children]);
    }

    /// <summary>Appends the tokens of one word. Of equally probable splits the one whose last piece starts earlier wins; unknown characters in a row become one token.</summary>
    internal void Split(OffsetText word, List<Token> tokens)
    {
        var text = word.Chars;
        var best = text.Length <= 256 ? stackalloc double[text.Length + 1] : new double[text.Length + 1];
        var cameFrom = text.Length <= 256 ? stackalloc int[text.Length + 1] : new int[text.Length + 1];
        var token = text.Length <= 256 ? stackalloc int[text.Length + 1] : new int[text.Length + 1];
        cameFrom.Fill(-1);
        (best[0], cameFrom[0]) = (0, 0);
        for (var start = 0; start < text.Length; start++)
        {
            if (cameFrom[start] < 0) continue;
            var width = char.IsHighSurrogate(text[start]) && start + 1 < text.Length ? 2 : 1;
            var hasSingle = false;
            var node = rootChild[text[start]];
            for (var end = start + 1; node > 0; node = Child(node, text[end++]))
            {
                if (piece[node] != NoPiece)
                {
                    hasSingle |= end - start == width;
                    Offer(start, end, best[start] + scores[piece[node]], piece[node], best, cameFrom, token);
                }

                if (end == text.Length) break;
            }

            if (!hasSingle) Offer(start, start + width, best[start] + unknownScore, unknownId, best, cameFrom, token);
        }

        var first = tokens.Count;
        for (var end = text.Length; end > 0; end = cameFrom[end])
        {
            var start = cameFrom[end];
            if (token[end] == unknownId && tokens.Count > first && tokens[^1].Id == unknownId) tokens[^1] = new Token(unknownId, word.Start(start), tokens[^1].End);
            else tokens.Add(new Token(token[end], word.Start(start), word.End(end - 1)));
        }

        tokens.Reverse(first, tokens.Count - first);
    }

    private static void Offer(int start, int end, double score, int id, Span<double> best, Span<int> cameFrom, Span<int> token)
    {
        if (cameFrom[end] >= 0 && score <= best[end]) return;
        (best[end], cameFrom[end], token[end]) = (score, start, id);
    }

    private int Child(int node, char c)
    {
        var (low, high) = (firstChild[node], firstChild[node + 1] - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (character[middle] == c) return middle;
            if (character[middle] < c) low = middle + 1;
            else high = middle - 1;
        }

        return 0;
    }
}
