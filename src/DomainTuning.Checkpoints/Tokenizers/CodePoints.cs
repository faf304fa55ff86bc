using System.Globalization;
using System.Text;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>What the splitting patterns ask of a character.</summary>
internal enum CharacterClass : byte
{
    Other,
    Letter,
    Number,
    Space,
}

/// <summary>
/// A text as code points with their class and their place in UTF-16. Patterns run on these and not on Regex, whose classes never match above
/// U+FFFF and which can cut a surrogate pair in two. A lone surrogate counts as U+FFFD.
/// </summary>
internal sealed class CodePoints
{
    private readonly int[] _values;
    private readonly int[] _starts;
    private readonly CharacterClass[] _classes;

    public CodePoints(ReadOnlySpan<char> text)
    {
        _values = new int[text.Length];
        _classes = new CharacterClass[text.Length];
        _starts = new int[text.Length + 1];
        for (var at = 0; at < text.Length; Count++)
        {
            Rune.DecodeFromUtf16(text[at..], out var rune, out var units);
            _values[Count] = rune.Value;
            _classes[Count] = Classify(rune);
            _starts[Count] = at;
            at += units;
        }
        _starts[Count] = text.Length;
    }

    public int Count { get; }

    public int this[int index] => _values[index];

    public CharacterClass Class(int index) => _classes[index];

    /// <summary>First UTF-16 unit of a code point; for <see cref="Count"/> the text's length.</summary>
    public int Start(int index) => _starts[index];

    private static CharacterClass Classify(Rune rune) => Rune.IsWhiteSpace(rune) ? CharacterClass.Space : Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharacterClass.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
        _ => CharacterClass.Other,
    };
}
