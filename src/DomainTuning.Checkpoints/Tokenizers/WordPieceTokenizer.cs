using System.Text;
using System.Text.Json;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// BERT's tokenizer: text is cleaned (<see cref="WordPieceText"/>), split into words and punctuation, and each word into the longest pieces
/// that the vocabulary has, from the left. Ids and offsets are those of Hugging Face's tokenizers.
/// </summary>
public sealed class WordPieceTokenizer : EncoderTokenizer
{
    private readonly WordPieceText text;
    private readonly string?[] pieces;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> starts, continuations;
    private readonly int longestStart, longestContinuation;
    private readonly string continuationMark;
    private readonly int unknownId, maxWordLength;
    private readonly bool tidiesDecodedText;

    private WordPieceTokenizer(
        WordPieceText text, IEnumerable<(string Piece, int Id)> vocabulary, string unknown, string continuationMark, int maxWordLength,
        IReadOnlyList<AddedToken> added, SequenceTemplate template, bool tidiesDecodedText, string file)
        : base(added, template)
    {
        (this.text, this.continuationMark, this.maxWordLength, this.tidiesDecodedText) = (text, continuationMark, maxWordLength, tidiesDecodedText);
        // Two dictionaries, so that a continuation is looked up without writing "##" before it. A piece that begins with the mark can
        // also begin a word, as in the reference.
        Dictionary<string, int> start = new(StringComparer.Ordinal), continuation = new(StringComparer.Ordinal);
        foreach (var (piece, id) in vocabulary)
        {
            start[piece] = id;
            if (piece.StartsWith(continuationMark, StringComparison.Ordinal)) continuation[piece[continuationMark.Length..]] = id;
        }

        if (!start.TryGetValue(unknown, out unknownId))
            throw new CheckpointException($"'{file}' names '{unknown}' as the unknown token, but its vocabulary has none. Download the file again.");
        pieces = new string?[start.Values.Concat(added.Select(token => token.Id)).Max() + 1];
        foreach (var (piece, id) in start) pieces[id] = piece;
        (starts, continuations) = (start.GetAlternateLookup<ReadOnlySpan<char>>(), continuation.GetAlternateLookup<ReadOnlySpan<char>>());
        (longestStart, longestContinuation) = (start.Keys.Max(key => key.Length), continuation.Keys.Select(key => key.Length).DefaultIfEmpty().Max());
    }

    public override int VocabularySize => pieces.Length;

    /// <summary>Reads BERT's vocab.txt: one piece a line, the line's number is the id.</summary>
    /// <param name="lowerCase">Whether the model lower-cases (and then strips accents): "uncased" models do.</param>
    /// <exception cref="CheckpointException">[UNK], [CLS] or [SEP] is missing.</exception>
    public static WordPieceTokenizer FromVocabulary(string file, bool lowerCase)
    {
        var vocabulary = File.ReadAllText(file).TrimEnd('\n', '\r').Split('\n').Select((line, id) => (Piece: line.TrimEnd('\r'), Id: id)).ToArray();
        var specials = vocabulary.Where(entry => entry.Piece is "[PAD]" or "[UNK]" or "[CLS]" or "[SEP]" or "[MASK]").ToArray();
        return new WordPieceTokenizer(
            new WordPieceText(isolateIdeographs: true, stripAccents: lowerCase, lowerCase), vocabulary, "[UNK]", "##", 100,
            [.. specials.Select(entry => new AddedToken(entry.Id, entry.Piece, IsControl: true))], SequenceTemplate.Bert(Id("[CLS]"), Id("[SEP]")), tidiesDecodedText: true, file);

        int Id(string piece) => specials.Where(entry => entry.Piece == piece).Select(entry => (int?)entry.Id).FirstOrDefault()
            ?? throw new CheckpointException($"'{file}' is not a BERT vocabulary: it has no '{piece}'. Use the model's own vocab.txt or tokenizer.json.");
    }

    internal static WordPieceTokenizer Read(JsonElement root, string file)
    {
        var pre = EncoderTokenizerFile.Type(EncoderTokenizerFile.Part(root, "pre_tokenizer"));
        if (pre != "BertPreTokenizer") throw EncoderTokenizerFile.Unknown(file, "pre_tokenizer", pre);
        var decoder = EncoderTokenizerFile.Part(root, "decoder");
        if (EncoderTokenizerFile.Type(decoder) != "WordPiece") throw EncoderTokenizerFile.Unknown(file, "decoder", EncoderTokenizerFile.Type(decoder));
        var model = root.GetProperty("model");
        EncoderTokenizerFile.OnlyKeys(model, file, "model", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab");
        return new WordPieceTokenizer(
            WordPieceText.Read(EncoderTokenizerFile.Part(root, "normalizer"), file),
            model.GetProperty("vocab").EnumerateObject().Select(entry => (entry.Name, entry.Value.GetInt32())),
            model.GetProperty("unk_token").GetString()!,
            model.GetProperty("continuing_subword_prefix").GetString()!,
            model.GetProperty("max_input_chars_per_word").GetInt32(),
            EncoderTokenizerFile.AddedTokens(root, file),
            SequenceTemplate.Read(EncoderTokenizerFile.Part(root, "post_processor"), file),
            decoder.GetProperty("cleanup").GetBoolean(),
            file);
    }

    private protected override void EncodeSegment(string source, int start, int end, List<Token> tokens)
    {
        var word = new OffsetText();
        for (var i = start; i < end;)
        {
            var c = source[i];
            var length = 1;
            Rune rune;
            if (char.IsAscii(c)) rune = new Rune(c);
            else Rune.DecodeFromUtf16(source.AsSpan(i, end - i), out rune, out length);
            switch (text.KindOf(rune))
            {
                case WordPieceText.Kind.Word:
                    Append(rune, i, i + length);
                    break;
                case WordPieceText.Kind.Space:
                    Flush();
                    break;
                case WordPieceText.Kind.Alone:
                    Flush();
                    Append(rune, i, i + length);
                    Flush();
                    break;
            }

            i += length;
        }

        Flush();

        void Append(Rune rune, int from, int to)
        {
            if (rune.IsAscii)
            {
                word.Add(text.LowerAscii[rune.Value], from, to);
                return;
            }

            foreach (var part in text.Fold(rune).EnumerateRunes())
            {
                // What a character becomes may itself be punctuation (U+037E is ';') or white space.
                var kind = part == rune || WordPieceText.IsIdeograph(part.Value) ? WordPieceText.Kind.Word : text.KindOf(part);
                if (kind != WordPieceText.Kind.Word) Flush();
                if (kind == WordPieceText.Kind.Space) continue;
                word.Add(part, from, to);
                if (kind != WordPieceText.Kind.Word) Flush();
            }
        }

        void Flush()
        {
            if (word.Length > 0) EncodeWord(word, tokens);
            word.Clear();
        }
    }

    private void EncodeWord(OffsetText word, List<Token> tokens)
    {
        var whole = word.Chars;
        var before = tokens.Count;
        if (whole.Length > maxWordLength && CodePoints(whole) > maxWordLength)
        {
            tokens.Add(new Token(unknownId, word.Start(0), word.End(whole.Length - 1)));
            return;
        }

        for (var at = 0; at < whole.Length;)
        {
            var (lookup, longest) = at == 0 ? (starts, longestStart) : (continuations, longestContinuation);
            var length = Math.Min(longest, whole.Length - at);
            var id = 0;
            while (length > 0 && !lookup.TryGetValue(whole.Slice(at, length), out id)) length--;
            if (length == 0)
            {
                // One part without a piece makes the whole word unknown.
                tokens.RemoveRange(before, tokens.Count - before);
                tokens.Add(new Token(unknownId, word.Start(0), word.End(whole.Length - 1)));
                return;
            }

            tokens.Add(new Token(id, word.Start(at), word.End(at + length - 1)));
            at += length;
        }
    }

    private static int CodePoints(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var c in text)
            if (!char.IsLowSurrogate(c)) count++;
        return count;
    }

    private protected override string? Piece(int id) => id >= 0 && id < pieces.Length ? pieces[id] : null;

    private protected override string Join(List<string> pieces)
    {
        var result = new StringBuilder();
        for (var i = 0; i < pieces.Count; i++)
        {
            var piece = i == 0 ? pieces[i]
                : pieces[i].StartsWith(continuationMark, StringComparison.Ordinal) ? pieces[i][continuationMark.Length..]
                : " " + pieces[i];
            result.Append(tidiesDecodedText ? Tidy(piece) : piece);
        }

        return result.ToString();
    }

    /// <summary>The reference's clean-up, one token at a time.</summary>
    private static string Tidy(string piece) => piece switch
    {
        _ when piece.Length < 2 || piece[0] != ' ' => piece,
        " ." or " ?" or " !" or " ," => piece[1..],
        _ => piece
            .Replace(" .", ".", StringComparison.Ordinal).Replace(" ?", "?", StringComparison.Ordinal)
            .Replace(" !", "!", StringComparison.Ordinal).Replace(" ,", ",", StringComparison.Ordinal)
            .Replace(" n't", "n't", StringComparison.Ordinal).Replace(" 'm", "'m", StringComparison.Ordinal)
            .Replace(" 's", "'s", StringComparison.Ordinal).Replace(" 've", "'ve", StringComparison.Ordinal)
            .Replace(" 're", "'re", StringComparison.Ordinal),
    };
}
