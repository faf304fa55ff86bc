using System.Buffers.Binary;
using System.Security.Cryptography;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>A tokenizer whose ids can be turned back into text one at a time, as a chat model writes them.</summary>
public abstract class ChatTokenizer : Tokenizer
{
    /// <summary>Whether the first token of a text carries a space that is not in the text (SentencePiece's dummy prefix). Default false.</summary>
    public virtual bool AddsLeadingSpace => false;

    /// <summary>Whether an id is a control token: it steers, and is no text.</summary>
    public abstract bool IsControl(int id);

    /// <summary>The bytes that an id adds to a text when it continues one; a control token's own name. Empty for ids that do not exist.</summary>
    public abstract ReadOnlyMemory<byte> BytesOf(int id);

    /// <summary>
    /// Lower-case hex SHA-256 over every id's bytes, whether it is a control token, and the ids of a sentence that splits in many ways: equal for two
    /// readings of the same tokenizer, from whatever files. Adapters are bound to it. Takes some ten milliseconds.
    /// </summary>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> head = stackalloc byte[5];
        for (var id = 0; id < VocabularySize; id++)
        {
            var bytes = BytesOf(id).Span;
            BinaryPrimitives.WriteInt32LittleEndian(head, bytes.Length);
            head[4] = IsControl(id) ? (byte)1 : (byte)0;
            hash.AppendData(head);
            hash.AppendData(bytes);
        }

        foreach (var token in Encode("It's 12345.67 µm – naïve\n\n  größer   als 東京, don't WE'll_see \t{x:=1}"))
        {
            BinaryPrimitives.WriteInt32LittleEndian(head, token.Id);
            hash.AppendData(head[..4]);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A decoder for one answer that continues a prompt, or for a text from its beginning.</summary>
    /// <param name="fromBeginning">The first token begins a text, so a leading space that the tokenizer added is taken off. Default false: it continues one.</param>
    public StreamingDecoder Stream(bool skipControlTokens = false, bool fromBeginning = false) => new(this, skipControlTokens, fromBeginning && AddsLeadingSpace);

    /// <summary>Reads a Hugging Face tokenizer.json of either kind: byte-level BPE, or SentencePiece-style BPE with byte fallback.</summary>
    /// <exception cref="NotSupportedException">It describes another kind of tokenizer, or a step that could not be reproduced exactly.</exception>
    /// <exception cref="InvalidDataException">It is not valid JSON, or incomplete.</exception>
    public static ChatTokenizer FromTokenizerJson(Stream stream) => FromTokenizerJson(stream, []);

    /// <param name="further">Tokens that tokenizer_config.json adds to the file's own.</param>
    internal static ChatTokenizer FromTokenizerJson(Stream stream, IReadOnlyList<AddedToken> further) => TokenizerJson.Read<ChatTokenizer>(stream, root =>
        TokenizerJson.Flag(TokenizerJson.Model(root), "byte_fallback")
            ? SentencePieceBpeTokenizer.FromParts(SentencePieceJson.Read(root, further))
            : ByteLevelBpeTokenizer.FromParts(BpeTokenizerJson.Read(root, further)));

    /// <summary>Reads the tokenizer of a Hugging Face folder: tokenizer.json, or else tokenizer.model, with what tokenizer_config.json adds. A base model has one too.</summary>
    /// <exception cref="CheckpointException">The files are missing or of a kind that is not supported; the message names it.</exception>
    public static ChatTokenizer FromFolder(string folder) => Chats.FolderChat.ReadTokenizer(folder);

    /// <summary>Reads the tokenizer of a GGUF file: kinds "gpt2" (byte-level BPE) and "llama" (SentencePiece-style BPE).</summary>
    /// <exception cref="NotSupportedException">It is of another kind, or cuts text in a way that is not known.</exception>
    /// <exception cref="InvalidDataException">Its parts contradict each other.</exception>
    /// <exception cref="CheckpointException">The file lacks a part, or holds it in another type.</exception>
    public static ChatTokenizer FromGguf(GgufMetadata metadata) => metadata.String("tokenizer.ggml.model") switch
    {
        "gpt2" => ByteLevelBpeTokenizer.FromParts(BpeVocabulary.FromGguf(metadata)),
        "llama" => SentencePieceBpeTokenizer.FromParts(SentencePieceVocabulary.FromGguf(metadata)),
        var kind => throw new NotSupportedException(
            $"The tokenizer is of the kind '{kind}'; supported are 'gpt2' (byte-level BPE) and 'llama' (SentencePiece-style BPE). Choose another model, or serve this one elsewhere and name the endpoint."),
    };
}
