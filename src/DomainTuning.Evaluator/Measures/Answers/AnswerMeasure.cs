namespace DomainTuning.Evaluator.Measures.Answers;

/// <summary>
/// A number for one answer against the accepted ones, 0 to 1, higher is better: a value with its name, what it means and where it was published.
/// Null says that the measure does not apply (no accepted answer is a number), which is not 0.
/// </summary>
/// <param name="Score">From the answer and the accepted answers, of which there is at least one.</param>
public sealed record AnswerMeasure(string Name, string Description, string Citation, Func<string, IReadOnlyList<string>, double?> Score)
{
    public static AnswerMeasure ExactMatch { get; } = new(
        "em", "equal to an accepted answer, after lower-casing and without punctuation and articles", "Rajpurkar et al., EMNLP 2016 and ACL 2018",
        (answer, golds) => TokenOverlap.ExactMatch(answer, golds) ? 1 : 0);

    public static AnswerMeasure TokenF1 { get; } = new(
        "f1", "words shared with the nearest accepted answer", "Rajpurkar et al., EMNLP 2016 and ACL 2018", (answer, golds) => TokenOverlap.F1(answer, golds));

    public static AnswerMeasure ChineseExactMatch { get; } = new(
        "em_zh", "equal to an accepted answer, after lower-casing and without punctuation", "Cui et al., CMRC 2018, EMNLP 2019", (answer, golds) => ChineseOverlap.ExactMatch(answer, golds) ? 1 : 0);

    public static AnswerMeasure ChineseF1 { get; } = new(
        "f1_zh", "longest run of characters shared with the nearest accepted answer", "Cui et al., CMRC 2018, EMNLP 2019", (answer, golds) => ChineseOverlap.RunF1(answer, golds));

    public static AnswerMeasure Contained { get; } = new(
        "contained", "an accepted answer stands in it, in whole words", "",
        (answer, golds) => golds.Any(gold => Containment.Holds(answer, gold)) ? 1 : 0);

    public static AnswerMeasure RougeL { get; } = new(
        "rougeL", "longest common sequence of stemmed words with the nearest accepted answer, F", "Lin, ACL workshop 2004",
        (answer, golds) => golds.Max(gold => Rouge.L(answer, gold, stemmed: true).F));

    public static AnswerMeasure ChrF { get; } = new(
        "chrf", "sequences of one to six characters shared with the nearest accepted answer", "Popović, WMT 2015", (answer, golds) => Chrf.Sentence(answer, golds) / 100);

    /// <summary>Null unless an accepted answer is a quantity.</summary>
    public static AnswerMeasure Numeric { get; } = new(
        "numeric", "an accepted number stands in it, in the same or a convertible unit, within one in ten thousand", "",
        (answer, golds) => golds.Any(gold => Quantity.Parse(gold) is not null) ? golds.Any(gold => Quantity.IsIn(answer, gold)) ? 1 : 0 : null);

    /// <summary>Those of a report, in its order.</summary>
    /// <param name="chinese">Counts characters, not words.</param>
    public static IReadOnlyList<AnswerMeasure> Usual(bool chinese = false) =>
        chinese ? [ChineseExactMatch, ChineseF1, Contained, Numeric, ChrF] : [ExactMatch, TokenF1, Contained, Numeric, RougeL];

    public override string ToString() => Name;
}
