using System.Collections.Concurrent;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// Remembers the ids of short pieces. When it is full it starts anew, so a hostile text can make it useless for a moment but never large:
/// at most 32,768 pieces of 64 characters. Thread-safe.
/// </summary>
internal sealed class PieceCache
{
    private const int MaxPieces = 32_768;
    private const int MaxPieceLength = 64;
    private ConcurrentDictionary<string, int[]> _pieces = new(StringComparer.Ordinal);
    private int _count;

    public bool TryGet(ReadOnlySpan<char> piece, out int[] ids)
    {
        ids = [];
        return piece.Length <= MaxPieceLength && _pieces.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(piece, out ids!);
    }

    public void Keep(ReadOnlySpan<char> piece, int[] ids)
    {
        if (piece.Length > MaxPieceLength) return;
        if (Interlocked.Increment(ref _count) > MaxPieces)
        {
            _pieces = new(StringComparer.Ordinal);
            Volatile.Write(ref _count, 1);
        }
        _pieces.TryAdd(piece.ToString(), ids);
    }
}
