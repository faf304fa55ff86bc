using DomainTuning.Checkpoints.Tokenizers;

namespace DomainTuning.Onnx.Encoders;

/// <summary>Sequences of one run, filled up on the right to the longest: ids, mask and token types, each [rows, width].</summary>
internal sealed class EncoderBatch
{
    public EncoderBatch(IReadOnlyList<TokenSequence> sequences, int padId)
    {
        Rows = sequences.Count;
        Width = sequences.Max(sequence => sequence.Tokens.Length);
        (Ids, Mask, Types) = (new long[Rows * Width], new long[Rows * Width], new long[Rows * Width]);
        Ids.AsSpan().Fill(padId);
        for (var row = 0; row < Rows; row++)
        {
            var (sequence, at) = (sequences[row], row * Width);
            for (var i = 0; i < sequence.Tokens.Length; i++, at++) (Ids[at], Mask[at], Types[at]) = (sequence.Tokens[i].Id, 1, sequence.Types[i]);
        }
    }

    public int Rows { get; }

    public int Width { get; }

    public long[] Ids { get; }

    public long[] Mask { get; }

    public long[] Types { get; }

    /// <summary>
    /// Groups sequences of like length: each group holds at most <paramref name="tokens"/> tokens with its padding (or one sequence), and its
    /// shortest is no shorter than 7/8 of its longest.
    /// </summary>
    /// <returns>Indices into <paramref name="sequences"/>; longest first, so that memory is at its peak at once and not at the end.</returns>
    public static IEnumerable<int[]> Group(IReadOnlyList<TokenSequence> sequences, int tokens)
    {
        var order = Enumerable.Range(0, sequences.Count).OrderByDescending(Length).ToArray();
        for (var from = 0; from < order.Length;)
        {
            var longest = Length(order[from]);
            var rows = Math.Max(1, tokens / longest);
            var to = from + 1;
            while (to < order.Length && to - from < rows && Length(order[to]) * 8 >= longest * 7) to++;
            yield return order[from..to];
            from = to;
        }

        int Length(int index) => sequences[index].Tokens.Length;
    }
}
