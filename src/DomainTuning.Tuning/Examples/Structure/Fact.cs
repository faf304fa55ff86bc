namespace DomainTuning.Tuning.Examples.Structure;

/// <summary>A question that the structure of a paragraph answers.</summary>
/// <param name="Kind">"heading", "table", "option", "definition" or "step".</param>
/// <param name="Subject">What the question names; questions about a subject that stands in several sections say which one.</param>
/// <param name="Phrasings">Ways to ask, any of which may be taken; "{in}" stands where a section may be named.</param>
/// <param name="Answer">Verbatim from the paragraph or its heading.</param>
/// <param name="Quote">The line that answers.</param>
/// <param name="Offset">Of the quote in the paragraph.</param>
internal sealed record Fact(Paragraph Where, string Kind, string Subject, IReadOnlyList<string> Phrasings, string Answer, string Quote, int Offset)
{
    /// <summary>How many of the phrasings are asked. Default 1.</summary>
    public int Times { get; init; } = 1;
}
