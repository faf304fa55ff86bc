namespace DomainTuning.Onnx.Decoding.Constraints;

/// <summary>
/// A regular expression as JSON Schema uses it, read into a tree: the regular part of ECMA-262 (classes, groups, alternatives, quantifiers,
/// \d \w \s, \p{…}, anchors at the ends of the whole or of its alternatives). Without anchors it may stand anywhere in the text.
/// </summary>
internal abstract record Pattern
{
    /// <exception cref="NotSupportedException">It needs more than a regular language, or uses a form that is not read.</exception>
    public static Pattern Parse(string source) => new Reader(source).Whole();

    /// <summary>One character of a set.</summary>
    internal sealed record OneOf(CharacterSet Characters) : Pattern;

    /// <summary>All, one after the other; none is the empty text.</summary>
    internal sealed record InTurn(IReadOnlyList<Pattern> Parts) : Pattern;

    internal sealed record Either(IReadOnlyList<Pattern> Alternatives) : Pattern;

    /// <param name="Most">Null: as often as wanted.</param>
    internal sealed record Repeated(Pattern Part, int Least, int? Most) : Pattern;

    private sealed class Reader(string source)
    {
        private static readonly Pattern Anything = new Repeated(new OneOf(CharacterSet.Text), 0, null);
        private int at;

        public Either Whole()
        {
            var alternatives = new List<Pattern>();
            do
            {
                var anchoredAtStart = Take('^');
                var body = Sequence();
                var anchoredAtEnd = Take('$');
                alternatives.Add(new InTurn([.. anchoredAtStart ? [] : new[] { Anything }, body, .. anchoredAtEnd ? [] : new[] { Anything }]));
            }
            while (Take('|'));
            if (at < source.Length) throw Refused(source[at] is '^' or '$' ? "an anchor inside" : $"'{source[at]}' at {at}");
            return new Either(alternatives);
        }

        private Either Alternatives()
        {
            var alternatives = new List<Pattern> { Sequence() };
            while (Take('|')) alternatives.Add(Sequence());
            return new Either(alternatives);
        }

        private InTurn Sequence()
        {
            var parts = new List<Pattern>();
            while (at < source.Length && source[at] is not ('|' or ')' or '$' or '^')) parts.Add(Quantified(Atom()));
            return new InTurn(parts);
        }

        private Pattern Quantified(Pattern part)
        {
            while (at < source.Length)
            {
                if (Take('*')) part = new Repeated(part, 0, null);
                else if (Take('+')) part = new Repeated(part, 1, null);
                else if (Take('?')) part = new Repeated(part, 0, 1);
                else if (source[at] == '{' && Counts() is { } counts) part = new Repeated(part, counts.Least, counts.Most);
                else return part;
                if (Take('?')) return part; // lazy: the same texts
                if (at < source.Length && source[at] is '+' or '*') throw Refused("a quantifier of a quantifier");
            }

            return part;
        }

        private (int Least, int? Most)? Counts()
        {
            var end = source.IndexOf('}', at);
            if (end < 0) return null;
            var parts = source[(at + 1)..end].Split(',');
            if (parts.Length > 2 || !int.TryParse(parts[0], out var least)) return null;
            int? most = parts.Length == 1 ? least : parts[1].Length == 0 ? null : int.TryParse(parts[1], out var value) ? value : throw Refused("{" + source[(at + 1)..end] + "}");
            if (most < least || least > 1000 || most > 1000) throw Refused($"{{{source[(at + 1)..end]}}}, more than 1000 repetitions or fewer than it begins with");
            at = end + 1;
            return (least, most);
        }

        private Pattern Atom()
        {
            var letter = source[at++];
            switch (letter)
            {
                case '.':
                    return new OneOf(CharacterSet.Dot);
                case '[':
                    return new OneOf(Class());
                case '(':
                    if (Take('?') && !Take(':'))
                        throw Refused(at < source.Length && source[at] is '=' or '!' or '<' ? "looking ahead or back, or a named group" : "a group with options");
                    var group = Alternatives();
                    return Take(')') ? group : throw Refused(at < source.Length && source[at] is '^' or '$' ? "an anchor inside a group" : "a group that is not closed");
                case '\\':
                    return new OneOf(Escaped());
                case '*' or '+' or '?':
                    throw Refused($"'{letter}' with nothing before it");
                default:
                    return new OneOf(One(Rest(letter)));
            }
        }

        private CharacterSet Class()
        {
            var inverse = Take('^');
            var ranges = new List<(int First, int Last)>();
            while (true)
            {
                if (at >= source.Length) throw Refused("a class that is not closed");
                if (Take(']')) break;
                var first = ClassItem();
                if (at + 1 < source.Length && source[at] == '-' && source[at + 1] != ']' && Single(first) is { } low)
                {
                    at++;
                    var high = Single(ClassItem()) ?? throw Refused("a range that ends in a class");
                    if (high < low) throw Refused("a range that runs backwards");
                    ranges.Add((low, high));
                }
                else
                {
                    ranges.AddRange(first.Ranges);
                }
            }

            var set = new CharacterSet(ranges);
            return inverse ? set.Inverse() : set;
        }

        private CharacterSet ClassItem()
        {
            var letter = source[at++];
            return letter != '\\' ? One(Rest(letter)) : at < source.Length && source[at] == 'b' && Take('b') ? One('\b') : Escaped();
        }

        private CharacterSet Escaped()
        {
            if (at >= source.Length) throw Refused("a backslash at the end");
            var letter = source[at++];
            switch (letter)
            {
                case 'd': return CharacterSet.Digits;
                case 'D': return CharacterSet.Digits.Inverse();
                case 'w': return CharacterSet.Word;
                case 'W': return CharacterSet.Word.Inverse();
                case 's': return CharacterSet.Blank;
                case 'S': return CharacterSet.Blank.Inverse();
                case 't': return One('\t');
                case 'n': return One('\n');
                case 'r': return One('\r');
                case 'f': return One('\f');
                case 'v': return One('\v');
                case '0': return One(0);
                case 'x': return One(Hexadecimal(2));
                case 'u' when at < source.Length && source[at] == '{': return One(Braced(text => Convert.ToInt32(text, 16)));
                case 'u': return One(Hexadecimal(4));
                case 'p' or 'P':
                    var set = Braced(CharacterSet.OfCategory) ?? throw Refused("a character property that is no general category");
                    return letter == 'p' ? set : set.Inverse();
                case 'b' or 'B': throw Refused("a word boundary");
                case >= '1' and <= '9' or 'k': throw Refused("a reference back");
                case (>= 'a' and <= 'z') or (>= 'A' and <= 'Z'): throw Refused($"the escape \\{letter}");
                default: return One(Rest(letter));
            }
        }

        private T Braced<T>(Func<string, T> read)
        {
            var end = source.IndexOf('}', at);
            if (at >= source.Length || source[at] != '{' || end < 0) throw Refused("an escape without its braces");
            var text = source[(at + 1)..end];
            at = end + 1;
            try
            {
                return read(text);
            }
            catch (Exception error) when (error is FormatException or OverflowException or ArgumentException)
            {
                throw Refused($"the escape {{{text}}}");
            }
        }

        private int Hexadecimal(int digits)
        {
            if (at + digits > source.Length || !int.TryParse(source.AsSpan(at, digits), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var value))
                throw Refused("an escape that lacks digits");
            at += digits;
            return value;
        }

        /// <summary>The character that begins with this unit.</summary>
        private int Rest(char letter) => char.IsHighSurrogate(letter) && at < source.Length && char.IsLowSurrogate(source[at]) ? char.ConvertToUtf32(letter, source[at++]) : letter;

        private static CharacterSet One(int character) => new([(character, character)]);

        private static int? Single(CharacterSet set) => set.Ranges is [var range] && range.First == range.Last ? range.First : null;

        private bool Take(char letter)
        {
            if (at >= source.Length || source[at] != letter) return false;
            at++;
            return true;
        }

        private NotSupportedException Refused(string what) => new($"the pattern '{source}' uses {what}");
    }
}
