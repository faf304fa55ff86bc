using System.Globalization;
using System.Text;

namespace DomainTuning.Checkpoints.Templates;

/// <summary>How text looks inside a printed list or dict: in quotes, with what cannot be seen written as escapes.</summary>
internal sealed partial class TextValue
{
    public override void Print(TextBuilder into, bool quoted)
    {
        if (!quoted)
        {
            into.Append(this);
            return;
        }

        var quote = Text.Contains('\'', StringComparison.Ordinal) && !Text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        into.Append(quote);
        for (var at = 0; at < Text.Length;)
        {
            var whole = Rune.DecodeFromUtf16(Text.AsSpan(at), out var rune, out var units) == System.Buffers.OperationStatus.Done;
            if (Escape(whole ? rune.Value : Text[at], quote) is { } escape) into.Append(escape, trusted: false);
            else into.Append(this, at, units);
            at += units;
        }
        into.Append(quote);
    }

    private static string? Escape(int value, char quote) => value switch
    {
        '\\' => @"\\",
        '\n' => @"\n",
        '\r' => @"\r",
        '\t' => @"\t",
        ' ' => null,
        _ when value == quote => "\\" + quote,
        _ when IsPrintable(value) => null,
        <= 0xFF => $@"\x{value:x2}",
        <= 0xFFFF => $@"\u{value:x4}",
        _ => $@"\U{value:x8}",
    };

    private static bool IsPrintable(int value) => value is < 0xD800 or > 0xDFFF && Rune.GetUnicodeCategory(new Rune(value)) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
