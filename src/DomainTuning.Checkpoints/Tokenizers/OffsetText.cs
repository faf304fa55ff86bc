using System.Text;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>Normalised text that remembers, for each UTF-16 unit, which range of the original it came from. Grows; cleared and used again.</summary>
internal sealed class OffsetText
{
    private char[] chars = new char[256];
    private int[] starts = new int[256], ends = new int[256];

    internal int Length { get; private set; }

    internal ReadOnlySpan<char> Chars => chars.AsSpan(0, Length);

    internal int Start(int index) => starts[index];

    internal int End(int index) => ends[index];

    internal void Clear() => Length = 0;

    internal OffsetText Slice(int from, int to)
    {
        var slice = new OffsetText();
        for (var i = from; i < to; i++) slice.Add(chars[i], starts[i], ends[i]);
        return slice;
    }

    internal void Add(char c, int start, int end)
    {
        if (Length == chars.Length)
        {
            Array.Resize(ref chars, Length * 2);
            Array.Resize(ref starts, Length * 2);
            Array.Resize(ref ends, Length * 2);
        }

        chars[Length] = c;
        starts[Length] = start;
        ends[Length++] = end;
    }

    internal void Add(Rune rune, int start, int end)
    {
        Span<char> units = stackalloc char[2];
        for (int i = 0, count = rune.EncodeToUtf16(units); i < count; i++) Add(units[i], start, end);
    }
}
