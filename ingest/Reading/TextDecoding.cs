using System.Text;

namespace DomainTuning.Ingest.Reading;

/// <summary>
/// Bytes of unknown encoding to text. In this order: byte-order mark; UTF-16 without a mark, known by its zero bytes; a declared stateful encoding;
/// UTF-8 where the bytes are valid UTF-8; the encoding that the document declares; Windows-1252. What is not text is refused, and so is an
/// undeclared non-Latin encoding: guessing would fill the index with wrong letters and say nothing.
/// </summary>
internal static class TextDecoding
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="declared">Encoding name that the document itself gives (an HTML meta element), if any.</param>
    /// <exception cref="RefusedException">The bytes are not text, or not in an encoding that can be known.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string? declared = null)
    {
        var text = FromMark(bytes) ?? FromZeroBytes(bytes) ?? FromStateful(bytes, declared) ?? FromUtf8(bytes) ?? FromDeclared(bytes, declared) ?? FromWindows1252(bytes);
        if (LooksBinary(text)) throw new RefusedException(ReadStatus.Broken, "The file holds binary data, not text. Check its extension.");
        return text;
    }

    private static string? FromMark(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xEF, 0xBB, 0xBF, ..] => Encoding.UTF8.GetString(bytes[3..]),
        [0xFF, 0xFE, 0, 0, ..] => Encoding.UTF32.GetString(bytes[4..]),
        [0, 0, 0xFE, 0xFF, ..] => new UTF32Encoding(bigEndian: true, byteOrderMark: false).GetString(bytes[4..]),
        [0xFF, 0xFE, ..] => Encoding.Unicode.GetString(bytes[2..]),
        [0xFE, 0xFF, ..] => Encoding.BigEndianUnicode.GetString(bytes[2..]),
        _ => null,
    };

    /// <summary>In UTF-16, Latin letters, digits and spaces have a zero byte on one side only.</summary>
    private static string? FromZeroBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 8 || bytes.Length % 2 != 0) return null;
        var sample = bytes[..Math.Min(bytes.Length, 4096)];
        int even = 0, odd = 0;
        for (var i = 0; i < sample.Length; i += 2)
        {
            if (sample[i] == 0) even++;
            if (sample[i + 1] == 0) odd++;
        }

        var units = sample.Length / 2;
        return odd > units * 0.3 && even < units * 0.02 ? Encoding.Unicode.GetString(bytes)
            : even > units * 0.3 && odd < units * 0.02 ? Encoding.BigEndianUnicode.GetString(bytes)
            : null;
    }

    /// <summary>ISO-2022 text is pure ASCII to the eye of a UTF-8 check; only its declaration tells.</summary>
    private static string? FromStateful(ReadOnlySpan<byte> bytes, string? declared) =>
        declared is not null && declared.StartsWith("iso-2022-", StringComparison.OrdinalIgnoreCase) ? FromDeclared(bytes, declared) : null;

    private static string? FromUtf8(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static string? FromDeclared(ReadOnlySpan<byte> bytes, string? declared)
    {
        if (declared is null) return null;
        var name = declared.Equals("gb2312", StringComparison.OrdinalIgnoreCase) || declared.Equals("gbk", StringComparison.OrdinalIgnoreCase) ? "gb18030"
            : declared.Equals("iso-8859-1", StringComparison.OrdinalIgnoreCase) || declared.Equals("us-ascii", StringComparison.OrdinalIgnoreCase) ? "windows-1252"
            : declared;
        return (CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Known(name))?.GetString(bytes);
    }

    private static Encoding? Known(string name)
    {
        try
        {
            return Encoding.GetEncoding(name);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static string FromWindows1252(ReadOnlySpan<byte> bytes)
    {
        if (LooksNonLatin(bytes))
            throw new RefusedException(ReadStatus.Broken, "The text is in an encoding that is neither UTF-8 nor Western. Save it as UTF-8 and ingest it again.");
        return CodePagesEncodingProvider.Instance.GetEncoding(1252)!.GetString(bytes);
    }

    /// <summary>In Western text letters with an accent stand among ASCII letters; in Cyrillic, Greek or Chinese code pages whole words are high bytes.</summary>
    private static bool LooksNonLatin(ReadOnlySpan<byte> bytes)
    {
        int high = 0, inWords = 0, run = 0;
        foreach (var b in bytes)
        {
            if (b >= 0x80)
            {
                high++;
                run++;
                continue;
            }

            if (run >= 4) inWords += run;
            run = 0;
        }

        if (run >= 4) inWords += run;
        return high > bytes.Length / 8 && inWords > high * 0.6;
    }

    /// <summary>Text holds no zero bytes and hardly any other control characters.</summary>
    private static bool LooksBinary(string text)
    {
        var controls = 0;
        foreach (var c in text)
        {
            if (c == '\0') return true;
            if ((char.IsControl(c) && c is not ('\t' or '\n' or '\r' or '\f' or '\v' or '\u001A' or '\u001B' or '\u0085' or '\b')) || c is '\uFFFD' or '\uFFFF') controls++;
        }

        return controls > 4 + (text.Length / 100);
    }
}
