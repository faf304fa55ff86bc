using System.Text;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>Walks the UTF-8 bytes of a UTF-16 text and knows the character that each belongs to.</summary>
internal ref struct ByteCursor
{
    private readonly ReadOnlySpan<char> _text;
    private uint _bytes;
    private int _left;

    public ByteCursor(ReadOnlySpan<char> text)
    {
        _text = text;
        Load(0);
    }

    /// <summary>First UTF-16 unit of the current byte's character.</summary>
    public int CharacterStart { get; private set; }

    /// <summary>One past the last UTF-16 unit of the current byte's character.</summary>
    public int CharacterEnd { get; private set; }

    public void Advance()
    {
        _bytes >>= 8;
        if (--_left == 0 && CharacterEnd < _text.Length) Load(CharacterEnd);
    }

    private void Load(int at)
    {
        CharacterStart = CharacterEnd = at;
        if (at >= _text.Length) return;
        Rune.DecodeFromUtf16(_text[at..], out var rune, out var units);
        Span<byte> utf8 = stackalloc byte[4];
        _left = rune.EncodeToUtf8(utf8);
        _bytes = 0;
        for (var i = _left - 1; i >= 0; i--) _bytes = (_bytes << 8) | utf8[i];
        CharacterEnd = at + units;
    }
}
