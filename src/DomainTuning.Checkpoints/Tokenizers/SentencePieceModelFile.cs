using System.Buffers.Binary;
using System.Text;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// Reads tokenizer.model, the protocol buffer that SentencePiece writes (https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto).
/// A model that SentencePiece would run in another way than BPE over unchanged text is refused by name.
/// </summary>
internal static class SentencePieceModelFile
{
    private const int Bpe = 2;

    /// <exception cref="InvalidDataException">It is no such file, or cut off.</exception>
    /// <exception cref="NotSupportedException">The model is of another type, or normalises text.</exception>
    public static SentencePieceVocabulary Read(ReadOnlySpan<byte> file)
    {
        var (tokens, scores, kinds) = (new List<string>(), new List<float>(), new List<PieceKind>());
        var type = 1;
        var spaceBehind = false;
        var (leadingSpace, removesSpaces, escapesSpaces, table) = (true, true, true, false);
        foreach (var field in Fields(file))
        {
            switch (field.Number)
            {
                case 1:
                    var (text, score, kind) = ("", 0f, PieceKind.Normal);
                    foreach (var part in Fields(field.Bytes(file)))
                        (text, score, kind) = part.Number switch
                        {
                            1 => (Encoding.UTF8.GetString(part.Bytes(field.Bytes(file))), score, kind),
                            2 => (text, BitConverter.UInt32BitsToSingle((uint)part.Value), kind),
                            3 => (text, score, (PieceKind)part.Value),
                            _ => (text, score, kind),
                        };
                    tokens.Add(text);
                    scores.Add(score);
                    kinds.Add(kind);
                    break;
                case 2:
                    foreach (var part in Fields(field.Bytes(file)))
                    {
                        if (part.Number == 3) type = (int)part.Value;
                        if (part.Number == 24) spaceBehind = part.Value != 0;
                    }
                    break;
                case 3:
                    foreach (var part in Fields(field.Bytes(file)))
                    {
                        if (part.Number == 2) table = part.Length > 0;
                        if (part.Number == 3) leadingSpace = part.Value != 0;
                        if (part.Number == 4) removesSpaces = part.Value != 0;
                        if (part.Number == 5) escapesSpaces = part.Value != 0;
                    }
                    break;
                default:
                    break;
            }
        }

        if (tokens.Count == 0) throw Damaged("it holds no pieces");
        if (type != Bpe) throw Refused($"its model is of type {type switch { 1 => "unigram", 3 => "word", 4 => "char", _ => type.ToString(System.Globalization.CultureInfo.InvariantCulture) }}, not BPE");
        if (table) throw Refused("it normalises text by a table");
        if (removesSpaces) throw Refused("it removes repeated spaces");
        if (!escapesSpaces || spaceBehind) throw Refused("it does not write a space as ▁ before its word");
        if (kinds.Contains(PieceKind.Unused)) throw Refused("it holds pieces that are unused");
        return SentencePieceVocabulary.FromPieces(tokens, scores, kinds) with { LeadingSpace = leadingSpace ? LeadingSpace.EveryPart : LeadingSpace.Never };
    }

    /// <summary>The fields of one message, in the order of the file.</summary>
    private static List<Field> Fields(ReadOnlySpan<byte> message)
    {
        var fields = new List<Field>();
        for (var at = 0; at < message.Length;)
        {
            var key = Varint(message, ref at);
            var (number, wire) = ((int)Math.Min(key >> 3, int.MaxValue), (int)(key & 7));
            switch (wire)
            {
                case 0:
                    fields.Add(new Field(number, Varint(message, ref at), at, 0));
                    break;
                case 1 or 5:
                    var size = wire == 1 ? 8 : 4;
                    if (size > message.Length - at) throw Damaged("it ends inside a number");
                    fields.Add(new Field(number, wire == 1 ? BinaryPrimitives.ReadUInt64LittleEndian(message[at..]) : BinaryPrimitives.ReadUInt32LittleEndian(message[at..]), at, size));
                    at += size;
                    break;
                case 2:
                    var length = Varint(message, ref at);
                    if (length > (ulong)(message.Length - at)) throw Damaged("it ends inside a field");
                    fields.Add(new Field(number, 0, at, (int)length));
                    at += (int)length;
                    break;
                default:
                    throw Damaged($"it has a field of wire type {wire}");
            }
        }
        return fields;
    }

    private static ulong Varint(ReadOnlySpan<byte> message, ref int at)
    {
        var value = 0ul;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at >= message.Length) throw Damaged("it ends inside a number");
            var part = message[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return value;
        }
        throw Damaged("it holds a number of more than 64 bits");
    }

    private static InvalidDataException Damaged(string finding) => new($"tokenizer.model is no SentencePiece model, or damaged: {finding}. Fetch the file again.");

    private static NotSupportedException Refused(string finding) => new($"tokenizer.model cannot be reproduced exactly: {finding}. Use a model of a supported family, or one with a tokenizer.json.");

    /// <param name="Number">Of the field.</param>
    /// <param name="Value">A number; 0 for bytes.</param>
    /// <param name="Start">Where the field's bytes begin in their message.</param>
    /// <param name="Length">Of the bytes.</param>
    private readonly record struct Field(int Number, ulong Value, int Start, int Length)
    {
        public ReadOnlySpan<byte> Bytes(ReadOnlySpan<byte> message) => message.Slice(Start, Length);
    }
}
