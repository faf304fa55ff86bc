namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// How a family of byte-level BPE models cuts text into pieces before merging. The published patterns differ in a few switches only, so one
/// scanner over code points runs them all; a further family is one more entry in <see cref="Families"/>.
/// </summary>
public sealed record BpeSplitter
{
    private static readonly BpeSplitter Gpt2 = new()
    {
        Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    };

    private static readonly BpeSplitter Smollm = Gpt2 with { CutsDigitsFirst = true };

    private static readonly BpeSplitter Llama3 = new()
    {
        Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        IsModern = true,
        NumberRun = 3,
        IgnoresMerges = true,
        AddsBos = true,
    };

    private static readonly BpeSplitter Qwen2 = new()
    {
        Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        IsModern = true,
        NumberRun = 1,
        NormalizesToFormC = true,
    };

    private static readonly Dictionary<string, BpeSplitter> Families = new(StringComparer.Ordinal)
    {
        ["gpt-2"] = Gpt2,
        ["gpt2"] = Gpt2,
        ["phi-2"] = Gpt2,
        ["smollm"] = Smollm,
        ["starcoder"] = Smollm,
        ["refact"] = Smollm,
        ["llama-bpe"] = Llama3,
        ["llama3"] = Llama3,
        ["llama-v3"] = Llama3,
        ["qwen2"] = Qwen2,
        ["deepseek-r1-qwen"] = Qwen2 with { NormalizesToFormC = false },
    };

    /// <summary>The published pattern, by which a tokenizer.json is recognised.</summary>
    internal string Pattern { get; private init; } = "";

    /// <summary>Every number character is a piece before the pattern sees the text (a Digits step in tokenizer.json).</summary>
    internal bool CutsDigitsFirst { get; private init; }

    /// <summary>The pattern of 2023 and later: contractions in any case, a letter run takes one character before it, line ends gather.</summary>
    internal bool IsModern { get; private init; }

    /// <summary>Most number characters in one piece of a modern pattern.</summary>
    internal int NumberRun { get; private init; }

    internal bool IgnoresMerges { get; private init; }

    internal bool NormalizesToFormC { get; private init; }

    internal bool AddsBos { get; private init; }

    /// <summary>The splitter of a family by the name that GGUF files give it ("smollm", "llama-bpe", "qwen2", ...).</summary>
    /// <exception cref="NotSupportedException">The name is unknown: guessing would give wrong ids without an error.</exception>
    public static BpeSplitter Named(string name) => Families.GetValueOrDefault(name) ?? throw new NotSupportedException(
        $"The tokenizer cuts text by the pre-tokenizer '{name}', which this version does not know (known: {string.Join(", ", Families.Keys.Order(StringComparer.Ordinal))}). Use a model of a known family.");

    /// <summary>The name of the family with this pattern, or null.</summary>
    internal static string? NameOf(string pattern, bool cutsDigitsFirst) =>
        Families.FirstOrDefault(family => family.Value.Pattern == pattern && family.Value.CutsDigitsFirst == cutsDigitsFirst).Key;

    internal static string Gpt2Pattern => Gpt2.Pattern;

    /// <summary>The end of the piece that begins at <paramref name="start"/>, both in code points.</summary>
    internal int PieceEnd(CodePoints text, int start)
    {
        var end = text.Count;
        if (CutsDigitsFirst)
        {
            if (text.Class(start) == CharacterClass.Number) return start + 1;
            // The digit ends the pattern's text: white space before it must not look beyond.
            end = RunEnd(text, start, end, static c => c != CharacterClass.Number);
        }
        return IsModern ? ModernPieceEnd(text, start, end) : ClassicPieceEnd(text, start, end);
    }

    private static int ClassicPieceEnd(CodePoints text, int start, int end)
    {
        var contraction = ContractionLength(text, start, end, ignoreCase: false);
        if (contraction > 0) return start + contraction;

        var first = text[start] == ' ' && start + 1 < end ? start + 1 : start;
        return text.Class(first) switch
        {
            CharacterClass.Letter => RunEnd(text, first, end, static c => c == CharacterClass.Letter),
            CharacterClass.Number => RunEnd(text, first, end, static c => c == CharacterClass.Number),
            CharacterClass.Other => RunEnd(text, first, end, static c => c == CharacterClass.Other),
            _ => SpaceEnd(text, start, end),
        };
    }

    private int ModernPieceEnd(CodePoints text, int start, int end)
    {
        var contraction = ContractionLength(text, start, end, ignoreCase: true);
        if (contraction > 0) return start + contraction;

        var leading = text.Class(start);
        var letters = leading is CharacterClass.Letter || leading is CharacterClass.Number || IsLineEnd(text[start]) ? start : start + 1;
        if (letters < end && text.Class(letters) == CharacterClass.Letter)
            return RunEnd(text, letters, end, static c => c == CharacterClass.Letter);

        if (leading == CharacterClass.Number)
            return RunEnd(text, start, Math.Min(end, start + NumberRun), static c => c == CharacterClass.Number);

        var signs = text[start] == ' ' ? start + 1 : start;
        if (signs < end && text.Class(signs) == CharacterClass.Other)
        {
            var last = RunEnd(text, signs, end, static c => c == CharacterClass.Other);
            while (last < end && IsLineEnd(text[last])) last++;
            return last;
        }

        var spaces = RunEnd(text, start, end, static c => c == CharacterClass.Space);
        for (var i = spaces - 1; i >= start; i--)
            if (IsLineEnd(text[i])) return i + 1;
        return SpaceEnd(text, start, end);
    }

    /// <summary><c>\s+(?!\S)|\s+</c>: a run of spaces leaves its last one to the word that follows.</summary>
    private static int SpaceEnd(CodePoints text, int start, int end)
    {
        var spaces = RunEnd(text, start, end, static c => c == CharacterClass.Space);
        return spaces == end || spaces == start + 1 ? spaces : spaces - 1;
    }

    private static int ContractionLength(CodePoints text, int start, int end, bool ignoreCase)
    {
        if (text[start] != '\'') return 0;
        var first = At(start + 1);
        if (first is 's' or 't' or 'm' or 'd') return 2;
        return (first, At(start + 2)) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;

        int At(int index)
        {
            if (index >= end) return -1;
            var value = text[index];
            if (!ignoreCase) return value;
            const int longS = 0x17F; // folds to s
            return value == longS ? 's' : value is >= 'A' and <= 'Z' ? value | 0x20 : value;
        }
    }

    private static int RunEnd(CodePoints text, int start, int end, Func<CharacterClass, bool> belongs)
    {
        while (start < end && belongs(text.Class(start))) start++;
        return start;
    }

    private static bool IsLineEnd(int value) => value is '\r' or '\n';
}
