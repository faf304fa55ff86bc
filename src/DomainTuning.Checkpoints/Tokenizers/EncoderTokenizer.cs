namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// The tokenizer of an encoder: ids, and in addition how one text or a pair of texts is laid out between the model's special tokens
/// (<see cref="Template"/>). Two kinds: <see cref="WordPieceTokenizer"/> (BERT, bge, MiniLM, e5, gte) and <see cref="UnigramTokenizer"/>
/// (XLM-RoBERTa: multilingual-e5, bge-m3, bge-reranker).
/// </summary>
public abstract class EncoderTokenizer : Tokenizer
{
    private readonly AddedTokens added;
    private readonly Dictionary<int, string> addedTexts = [];

    private protected EncoderTokenizer(IReadOnlyList<AddedToken> added, SequenceTemplate template)
    {
        this.added = new AddedTokens(added);
        foreach (var token in added) addedTexts[token.Id] = token.Content;
        Template = template;
    }

    /// <summary>Where the special tokens stand around one text and around a pair, and which token types they carry.</summary>
    public SequenceTemplate Template { get; }

    /// <summary>The id that fills a batch row up ([PAD], &lt;pad&gt;); 0 when the vocabulary names none. A mask hides these positions from the model.</summary>
    public int PadId => ControlToken("[PAD]") ?? ControlToken("<pad>") ?? 0;

    public override IReadOnlyList<int> Prefix => Template.Prefix;

    public override IReadOnlyList<int> Suffix => Template.Suffix;

    /// <summary>Reads a model folder's tokenizer.json, or vocab.txt where that is all there is (BERT).</summary>
    /// <exception cref="CheckpointException">Neither file is there, the file is broken, or it asks for something this reader does not know; the message names it.</exception>
    public static EncoderTokenizer Load(string folder)
    {
        var json = Path.Combine(folder, "tokenizer.json");
        if (File.Exists(json)) return EncoderTokenizerFile.Read(json);
        var vocabulary = Path.Combine(folder, "vocab.txt");
        if (File.Exists(vocabulary)) return WordPieceTokenizer.FromVocabulary(vocabulary, EncoderTokenizerFile.LowerCases(folder));
        throw new CheckpointException(
            $"Expected the encoder's tokenizer.json (or a BERT vocab.txt) in '{folder}'; neither is there. Copy the file from the model's repository into the folder.");
    }

    public override int? ControlToken(string text) => added.IdOf(text);

    public sealed override IReadOnlyList<Token> Encode(string text, IReadOnlyList<Range> trusted) => added.Around(text, trusted, EncodeSegment);

    public sealed override string Decode(IReadOnlyList<int> ids, bool skipControlTokens = false)
    {
        var pieces = new List<string>(ids.Count);
        foreach (var id in ids)
            if (!(skipControlTokens && added.IsControl(id)) && (addedTexts.GetValueOrDefault(id) ?? Piece(id)) is { } piece)
                pieces.Add(piece);
        return Join(pieces);
    }

    /// <summary>The vocabulary's text of an id, or null when there is none.</summary>
    private protected abstract string? Piece(int id);

    private protected abstract string Join(List<string> pieces);

    /// <summary>Encodes text[start..end], which holds no added token; offsets count from the start of the whole text.</summary>
    private protected abstract void EncodeSegment(string text, int start, int end, List<Token> tokens);
}
