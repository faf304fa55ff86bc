namespace DomainTuning.Corpora;

/// <summary>What a question asks for, or how it is worded. The last three have no answer in the documents.</summary>
public enum QuestionKind
{
    Fact,
    Parameter,
    Code,
    Procedure,
    Comparison,
    Table,
    MultiPage,
    Paraphrase,
    Beginner,

    /// <summary>Sounds like the documents, which do not say it.</summary>
    NearMiss,

    /// <summary>True of another vendor's product.</summary>
    OtherVendor,

    /// <summary>Takes for granted what the documents deny or do not know.</summary>
    FalsePremise,
}

/// <summary>What a question may be used for. A document section belongs to one of them.</summary>
public enum QuestionSplit
{
    Train,
    Validation,
    Test,
}

/// <summary>Where an answer stands: words that are on this page, letter by letter.</summary>
/// <param name="Document">Path inside the corpus, as in the index.</param>
/// <param name="Page">Physical page, from 1.</param>
public sealed record QuestionEvidence(string Document, int Page, string Quote);

/// <summary>A question about a corpus with what is needed to judge an answer. One line of questions.jsonl.</summary>
public sealed record Question
{
    /// <summary>Unique within the corpus.</summary>
    public required string Id { get; init; }

    public required string Text { get; init; }

    public required QuestionKind Kind { get; init; }

    public required QuestionSplit Split { get; init; }

    /// <summary>The document section that the question is about, such as "configuration § 4.1.2 Files".</summary>
    public required string Section { get; init; }

    /// <summary>Accepted answers, shortest first; none when the documents do not answer.</summary>
    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>Where the answer stands; none when the documents do not answer.</summary>
    public required IReadOnlyList<QuestionEvidence> Evidence { get; init; }

    public bool IsAnswerable => Kind is not (QuestionKind.NearMiss or QuestionKind.OtherVendor or QuestionKind.FalsePremise);
}
