namespace DomainTuning.Trainer;

/// <summary>
/// Rows of tokens in which several examples stand behind one another; attention stays within an example (arXiv 2107.02027). Labels are shifted already:
/// the label at a place is the token that comes after it. The shift, the mask and the padding have their one home where this is made.
/// </summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="Length">Tokens a row, padding included.</param>
/// <param name="Ids">[rows, length], 0 in padding.</param>
/// <param name="Positions">[rows, length], from 0 in each example.</param>
/// <param name="Segments">[rows, length], the example's number within its row from 1; 0 is padding.</param>
/// <param name="Labels">[rows, length], <see cref="NoLabel"/> where nothing is learnt.</param>
internal sealed record PackedBatch(int Rows, int Length, long[] Ids, long[] Positions, int[] Segments, long[] Labels)
{
    /// <summary>As in PEFT's and TRL's batches.</summary>
    public const long NoLabel = -100;

    public int Tokens => Segments.Count(segment => segment > 0);

    public int LabelTokens => Labels.Count(label => label != NoLabel);
}
