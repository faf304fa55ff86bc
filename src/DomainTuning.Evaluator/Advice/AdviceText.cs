using System.Globalization;
using System.Text;

namespace DomainTuning.Evaluator.Advice;

/// <summary>An advice as a person reads it in a terminal: the route, why, the three sides as one picture, and every measurement with its rule.</summary>
public static class AdviceText
{
    private const int Bar = 20;

    public static string Write(AdviceReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{report.Survey.Corpus} with {report.Survey.ChatModel}: {report.Route.ToUpperInvariant()}\n");
        foreach (var reason in report.Why) text.Append(CultureInfo.InvariantCulture, $"  - {reason}\n");
        text.Append('\n');
        foreach (var side in report.Sides)
        {
            var filled = (int)Math.Round(side.Extent * Bar);
            text.Append(CultureInfo.InvariantCulture, $"{side.Name,-21} {new string('█', filled)}{new string('░', Bar - filled)}  {side.MadeOf}\n");
        }

        text.Append("\nWhat was measured, and what each measurement speaks for:\n");
        foreach (var line in report.Lines)
            text.Append(CultureInfo.InvariantCulture, $"- {line.Measurement}\n    rule: {line.Rule}\n    speaks for: {line.SpeaksFor ?? "none of them"}; override: {line.Override}\n");
        foreach (var missing in report.Survey.NotMeasured) text.Append(CultureInfo.InvariantCulture, $"- not measured: {missing}\n");
        text.Append("\nOn this machine:\n");
        foreach (var entry in report.Hours) text.Append(CultureInfo.InvariantCulture, $"- {entry.Route}: {(entry.Hours is { } hours ? AdviceRules.Readable(hours) : "not known")} ({entry.How})\n");
        text.Append("\nNext:\n");
        foreach (var command in report.Next) text.Append(CultureInfo.InvariantCulture, $"  {command}\n");
        return text.Append(CultureInfo.InvariantCulture, $"\nMeasured in {report.Seconds:0.#} s.\n").ToString();
    }
}
