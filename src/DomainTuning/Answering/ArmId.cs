namespace DomainTuning.Answering;

/// <summary>
/// A model id as clients name it: <c>model</c>, <c>model:adapter</c>, <c>model@corpus</c>, <c>model:adapter@corpus</c>, and <c>quote@corpus</c> for the
/// extractive answer that needs no language model. Each is one arm of an evaluation.
/// </summary>
public sealed record ArmId(string Model, string? Adapter = null, string? Corpus = null)
{
    /// <summary>The model name of the extractive answer.</summary>
    public const string Quote = "quote";

    public bool IsExtractive => Model == Quote;

    /// <exception cref="FormatException">The text has empty parts or a part too many.</exception>
    public static ArmId Parse(string text)
    {
        var at = text.LastIndexOf('@');
        var corpus = at < 0 ? null : text[(at + 1)..];
        var model = at < 0 ? text : text[..at];
        var colon = model.IndexOf(':', StringComparison.Ordinal);
        var adapter = colon < 0 ? null : model[(colon + 1)..];
        if (colon >= 0) model = model[..colon];
        if (string.IsNullOrWhiteSpace(model) || corpus is "" || adapter is "" || adapter?.Contains(':', StringComparison.Ordinal) == true)
            throw new FormatException($"'{text}' does not name a model. Expected model, model:adapter, model@corpus, model:adapter@corpus or quote@corpus.");
        if (model == Quote && corpus is null) throw new FormatException("'quote' answers from documents only: name a corpus, as in quote@manuals.");
        return new ArmId(model, adapter, corpus);
    }

    public override string ToString() => Model + (Adapter is null ? "" : ":" + Adapter) + (Corpus is null ? "" : "@" + Corpus);
}
