using System.Globalization;

namespace DomainTuning.Evaluator.Advice;

/// <summary>
/// What a user knows better than a measurement: `--assume labelled=20000`. An assumed value stands in place of the measured one, is marked as assumed, and is not
/// measured.
/// </summary>
public static class Assumptions
{
    /// <summary>Name, and what it means.</summary>
    public static IReadOnlyDictionary<string, string> Known { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["labelled"] = "questions or examples with answers that a training may see",
        ["tokens"] = "tokens of the corpus",
        ["churn"] = "share of the documents that change between two ingestions, 0 to 1",
        ["private"] = "1: the facts are known to nobody outside, 0: they are public",
        ["domainShare"] = "share of general text that is like this domain, 0 to 1",
        ["perplexityRatio"] = "perplexity of the corpus over that of general text",
        ["closedBook"] = "share of questions that the base answers from memory, 0 to 1",
        ["page10"] = "share of questions whose page is among the first ten results, 0 to 1",
        ["quote"] = "share of questions that the quote answers, 0 to 1",
        ["gflops"] = "what the machine that will train does, in 10⁹ floating-point operations a second",
        ["hours"] = "most hours that a training may take",
    };

    /// <param name="texts">name=value each.</param>
    public static IReadOnlyDictionary<string, double> Parse(IEnumerable<string> texts)
    {
        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var (name, value) = text.Split('=', 2) is [var left, var right] ? (left.Trim(), right) : (text, "");
            if (!Known.ContainsKey(name)) throw new ArgumentException($"--assume {text}: '{name}' is not known. Known are {string.Join(", ", Known.Keys)}, as in --assume labelled=20000.");
            if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !(number >= 0 && number < double.PositiveInfinity))
                throw new ArgumentException($"--assume {text}: a number of 0 or more is expected after '{name}=', with a decimal point.");
            if (name is "churn" or "domainShare" or "closedBook" or "page10" or "quote" or "private" && number > 1) throw new ArgumentException($"--assume {text}: 0 to 1 is expected.");
            values[name] = number;
        }

        return values;
    }
}
