using System.Text;
using System.Text.Json;

namespace DomainTuning.Checkpoints.Tokenizers;

/// <summary>
/// SentencePiece's unigram model as Hugging Face's tokenizer.json describes it (XLM-RoBERTa and its descendants): normalised text is split
/// into words that begin with "▁", and each word into its most probable pieces. Plain text never becomes a control token, not even when it
/// spells one: there this follows SentencePiece, where the Hugging Face library would give the control token's id.
/// </summary>
public sealed class UnigramTokenizer : EncoderTokenizer
{
    private readonly UnigramText text;
    private readonly UnigramLattice lattice;
    private readonly string[] pieces;
    private readonly bool dropsLeadingMark;

    private UnigramTokenizer(
        UnigramText text, IReadOnlyList<(string Text, double Score)> pieces, int unknownId, IReadOnlyList<AddedToken> added, SequenceTemplate template, bool dropsLeadingMark)
        : base(added, template)
    {
        (this.text, this.dropsLeadingMark) = (text, dropsLeadingMark);
        this.pieces = [.. pieces.Select(piece => piece.Text)];
        VocabularySize = Math.Max(this.pieces.Length, added.Select(token => token.Id).DefaultIfEmpty().Max() + 1);
        var specials = added.Where(token => token.IsControl).Select(token => token.Content).ToHashSet(StringComparer.Ordinal);
        lattice = new UnigramLattice(pieces, unknownId, Enumerable.Range(0, pieces.Count).Where(id => specials.Contains(this.pieces[id])).ToHashSet());
    }

    public override int VocabularySize { get; }

    internal static UnigramTokenizer Read(JsonElement root, string file)
    {
        var decoder = EncoderTokenizerFile.Part(root, "decoder");
        if (EncoderTokenizerFile.Type(decoder) != "Metaspace") throw EncoderTokenizerFile.Unknown(file, "decoder", EncoderTokenizerFile.Type(decoder));
        var model = root.GetProperty("model");
        EncoderTokenizerFile.OnlyKeys(model, file, "model", "unk_id", "vocab", "byte_fallback");
        if (model.TryGetProperty("byte_fallback", out var fallback) && fallback.GetBoolean())
            throw EncoderTokenizerFile.Unknown(file, "model.byte_fallback", "true");
        if (model.GetProperty("unk_id").ValueKind != JsonValueKind.Number)
            throw EncoderTokenizerFile.Unknown(file, "model.unk_id", "null");

        var pieces = model.GetProperty("vocab").EnumerateArray().Select(entry => (entry[0].GetString()!, entry[1].GetDouble())).ToArray();
        return new UnigramTokenizer(
            UnigramText.Read(root, file),
            pieces,
            model.GetProperty("unk_id").GetInt32(),
            EncoderTokenizerFile.AddedTokens(root, file),
            SequenceTemplate.Read(EncoderTokenizerFile.Part(root, "post_processor"), file),
            !(decoder.TryGetProperty("prepend_scheme", out var scheme) && scheme.GetString() == "never"));
    }

    private protected override void EncodeSegment(string source, int start, int end, List<Token> tokens) =>
        text.Words(source, start, end, word => lattice.Split(word, tokens));

    private protected override string? Piece(int id) => id >= 0 && id < pieces.Length ? pieces[id] : null;

    private protected override string Join(List<string> pieces)
    {
        var result = new StringBuilder();
        for (var i = 0; i < pieces.Count; i++)
            result.Append(i == 0 && dropsLeadingMark
                ? pieces[i].Replace("▁", "", StringComparison.Ordinal)
                : pieces[i].Replace(UnigramText.Mark, ' '));
        return result.ToString();
    }
}
