using System.CommandLine;

namespace DomainTuning.Cli.Verbs;

/// <summary>evaluate: what a search or an answer is worth, measured.</summary>
internal static class EvaluateVerb
{
    public static Command Create(Terminal terminal) => new("evaluate", "Measure retrieval and answers.") { EvaluateBeirVerb.Create(terminal) };
}
