using System.Text.Json;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>Which text gives way when a pair is longer than the model takes.</summary>
public enum PairTruncation
{
    /// <summary>The longer text is cut first, the odd token stays with the longer one; what the reference libraries do.</summary>
    LongestFirst,

    /// <summary>Only the second text is cut: a reranker keeps its query whole.</summary>
    OnlySecond,

    /// <summary>Only the first text is cut.</summary>
    OnlyFirst,
}

/// <summary>What an encoder reads: tokens with the special ones in place (their offsets are -1), and a token type for each.</summary>
public sealed record TokenSequence(Token[] Tokens, int[] Types);

/// <summary>
/// The layout of special tokens around one text or two, such as "[CLS] a [SEP] b [SEP]" with token types 0 and 1, and how texts are cut
/// to fit into it. From tokenizer.json's post_processor.
/// </summary>
public sealed class SequenceTemplate
{
    /// <summary>A special token's id, or one of the texts.</summary>
    private readonly record struct Part(int Id, int Type)
    {
        internal const int First = -1, Second = -2;
    }

    private readonly Part[] single, pair;

    private SequenceTemplate(Part[] single, Part[] pair)
    {
        (this.single, this.pair) = (single, pair);
        var text = Array.FindIndex(single, part => part.Id == Part.First);
        Prefix = [.. single[..text].Select(part => part.Id)];
        Suffix = [.. single[(text + 1)..].Select(part => part.Id)];
    }

    /// <summary>Ids before a single text.</summary>
    public IReadOnlyList<int> Prefix { get; }

    /// <summary>Ids after a single text.</summary>
    public IReadOnlyList<int> Suffix { get; }

    /// <summary>Special tokens that a pair takes: 3 for BERT, 4 for XLM-RoBERTa.</summary>
    public int PairSpecials => pair.Length - 2;

    /// <summary>Lays out one text, cut at its end to <paramref name="maxLength"/> tokens, special tokens included.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLength"/> leaves no room for the special tokens.</exception>
    public TokenSequence Single(IReadOnlyList<Token> text, int maxLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, single.Length - 1);
        return Fill(single, text, Math.Min(text.Count, maxLength - single.Length + 1), [], 0);
    }

    /// <summary>Lays out two texts, cut to <paramref name="maxLength"/> tokens, special tokens included.</summary>
    /// <exception cref="ArgumentException">The text that may be cut is not long enough, so the pair cannot fit.</exception>
    public TokenSequence Pair(IReadOnlyList<Token> first, IReadOnlyList<Token> second, int maxLength, PairTruncation truncation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, PairSpecials);
        var (a, b) = Lengths(first.Count, second.Count, maxLength - PairSpecials, truncation);
        return Fill(pair, first, a, second, b);
    }

    private static (int First, int Second) Lengths(int a, int b, int room, PairTruncation truncation)
    {
        var excess = a + b - room;
        if (excess <= 0) return (a, b);
        switch (truncation)
        {
            case PairTruncation.OnlyFirst when a > excess:
                return (a - excess, b);
            case PairTruncation.OnlySecond when b > excess:
                return (a, b - excess);
            case PairTruncation.LongestFirst:
                // As the reference library: not one token at a time, but the lengths that this would end with.
                var shorter = Math.Min(a, b);
                var longer = Math.Max(shorter, room - shorter);
                if (shorter + longer > room) (shorter, longer) = (room / 2, room / 2 + room % 2);
                return a > b ? (longer, shorter) : (shorter, longer);
            default:
                throw new ArgumentException(
                    $"A pair of {a} and {b} tokens does not fit into {room} when only the {(truncation == PairTruncation.OnlyFirst ? "first" : "second")} text may be cut. Cut the other one, or use {PairTruncation.LongestFirst}.",
                    nameof(truncation));
        }
    }

    private static TokenSequence Fill(Part[] parts, IReadOnlyList<Token> first, int firstLength, IReadOnlyList<Token> second, int secondLength)
    {
        var length = firstLength + secondLength + parts.Count(part => part.Id >= 0);
        var (tokens, types, at) = (new Token[length], new int[length], 0);
        foreach (var part in parts)
        {
            var (text, count) = part.Id switch { Part.First => (first, firstLength), Part.Second => (second, secondLength), _ => (null, 1) };
            for (var i = 0; i < count; i++, at++)
            {
                tokens[at] = text is null ? new Token(part.Id, -1, -1) : text[i];
                types[at] = part.Type;
            }
        }

        return new TokenSequence(tokens, types);
    }

    /// <summary>"[CLS] a [SEP]" and "[CLS] a [SEP] b [SEP]", types 0 and 1.</summary>
    internal static SequenceTemplate Bert(int cls, int sep) => new(
        [new(cls, 0), new(Part.First, 0), new(sep, 0)],
        [new(cls, 0), new(Part.First, 0), new(sep, 0), new(Part.Second, 1), new(sep, 1)]);

    /// <summary>"&lt;s&gt; a &lt;/s&gt;" and "&lt;s&gt; a &lt;/s&gt; &lt;/s&gt; b &lt;/s&gt;", all types 0.</summary>
    internal static SequenceTemplate Roberta(int cls, int sep) => new(
        [new(cls, 0), new(Part.First, 0), new(sep, 0)],
        [new(cls, 0), new(Part.First, 0), new(sep, 0), new(sep, 0), new(Part.Second, 0), new(sep, 0)]);

    /// <summary>Reads tokenizer.json's "post_processor".</summary>
    internal static SequenceTemplate Read(JsonElement processor, string file)
    {
        var type = processor.ValueKind == JsonValueKind.Object ? processor.GetProperty("type").GetString() : "null";
        switch (type)
        {
            case "BertProcessing":
                return Bert(processor.GetProperty("cls")[1].GetInt32(), processor.GetProperty("sep")[1].GetInt32());
            case "RobertaProcessing":
                return Roberta(processor.GetProperty("cls")[1].GetInt32(), processor.GetProperty("sep")[1].GetInt32());
            case "TemplateProcessing":
                var special = processor.GetProperty("special_tokens");
                return new SequenceTemplate(Parts("single", Part.First), Parts("pair", Part.First, Part.Second));

                Part[] Parts(string name, params int[] texts)
                {
                    var parts = processor.GetProperty(name).EnumerateArray().SelectMany(ReadPart).ToArray();
                    if (!parts.Where(part => part.Id < 0).Select(part => part.Id).SequenceEqual(texts))
                        throw new CheckpointException($"'{file}': post_processor.{name} must hold the text{(texts.Length > 1 ? "s A and B" : " A")} exactly once, in order. Download the file again.");
                    return parts;
                }

                IEnumerable<Part> ReadPart(JsonElement part)
                {
                    if (part.TryGetProperty("Sequence", out var text))
                        return [new Part(text.GetProperty("id").GetString() == "A" ? Part.First : Part.Second, text.GetProperty("type_id").GetInt32())];
                    var token = part.GetProperty("SpecialToken");
                    return special.GetProperty(token.GetProperty("id").GetString()!).GetProperty("ids").EnumerateArray()
                        .Select(id => new Part(id.GetInt32(), token.GetProperty("type_id").GetInt32()));
                }

            default:
                throw new CheckpointException(
                    $"'{file}' has post_processor '{type}'; encoders are read with TemplateProcessing, BertProcessing or RobertaProcessing. Choose another model or report it.");
        }
    }
}
