using System.Text.RegularExpressions;

namespace DomainTuning.Answering;

/// <summary>What models put around their sentences.</summary>
internal static partial class Patterns
{
    /// <summary>"[1]", "[2, 3]", "(passage 1)" with the space before.</summary>
    [GeneratedRegex(@"\s*(\[\d+(\s*,\s*\d+)*\]|\(passages? \d+\))", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    public static partial Regex OwnCitation();

    /// <summary>"Answer:", "A:" and the like at the start.</summary>
    [GeneratedRegex(@"^(answer|a|response|standalone question|question|q)\s*:\s*", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    public static partial Regex Label();
}
