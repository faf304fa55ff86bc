using System.Text;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// Turns ids into text one at a time and never shows half a character: bytes of an unfinished UTF-8 sequence are held until the next ids
/// complete it. A sequence that cannot be completed becomes one U+FFFD as soon as that is known (the WHATWG rule). One stream, one instance.
/// </summary>
/// <param name="tokenizer">Whose ids are decoded.</param>
/// <param name="skipControlTokens">Control tokens give no text.</param>
/// <param name="dropLeadingSpace">The first text's leading space is the tokenizer's own and is taken off.</param>
public sealed class StreamingDecoder(ChatTokenizer tokenizer, bool skipControlTokens = false, bool dropLeadingSpace = false)
{
    private readonly byte[] _held = new byte[4];
    private int _heldCount;
    private bool _dropsSpace = dropLeadingSpace;

    /// <summary>The bytes that wait for the rest of their character; at most three.</summary>
    public ReadOnlySpan<byte> Held => _held.AsSpan(0, _heldCount);

    /// <summary>The text that this id completes; empty while a character is unfinished.</summary>
    public string Append(int id)
    {
        if (skipControlTokens && tokenizer.IsControl(id)) return "";
        var bytes = tokenizer.BytesOf(id).Span;
        if (bytes.IsEmpty) return "";
        if (_dropsSpace && bytes[0] == ' ') bytes = bytes[1..];
        _dropsSpace = false;
        return Append(bytes);
    }

    /// <summary>Ends the stream. What is held becomes one U+FFFD, or nothing when <paramref name="dropHeld"/> is true.</summary>
    public string Flush(bool dropHeld = false)
    {
        var text = _heldCount == 0 || dropHeld ? "" : "\uFFFD";
        _heldCount = 0;
        return text;
    }

    private string Append(ReadOnlySpan<byte> bytes)
    {
        Span<byte> joined = _heldCount + bytes.Length <= 512 ? stackalloc byte[512] : new byte[_heldCount + bytes.Length];
        Held.CopyTo(joined);
        bytes.CopyTo(joined[_heldCount..]);
        ReadOnlySpan<byte> rest = joined[..(_heldCount + bytes.Length)];

        var text = new StringBuilder(rest.Length);
        Span<char> units = stackalloc char[2];
        while (rest.Length > 0)
        {
            var status = Rune.DecodeFromUtf8(rest, out var rune, out var used);
            if (status == System.Buffers.OperationStatus.NeedMoreData) break;
            text.Append(units[..rune.EncodeToUtf16(units)]);
            rest = rest[used..];
        }
        rest.CopyTo(_held);
        _heldCount = rest.Length;
        return text.ToString();
    }
}
