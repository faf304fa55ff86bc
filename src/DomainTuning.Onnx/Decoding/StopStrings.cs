using System.Text;

namespace DomainTuning.Onnx.Decoding;

/// <summary>Watches streamed text for strings that end the answer. What may be the beginning of one is held back until that is decided, so no part of a stop string is ever shown.</summary>
internal sealed class StopStrings(IReadOnlyList<string> stops)
{
    private readonly StringBuilder held = new();

    public bool Stopped { get; private set; }

    /// <summary>Takes the next piece of text and gives what can be shown. After <see cref="Stopped"/> nothing more comes.</summary>
    public string Append(string text)
    {
        if (Stopped) return "";
        if (stops.Count == 0) return text;
        held.Append(text);
        var all = held.ToString();
        var first = stops.Select(stop => all.IndexOf(stop, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(-1).Min();
        if (first >= 0)
        {
            Stopped = true;
            held.Clear();
            return all[..first];
        }

        var keep = stops.Max(stop => Overlap(all, stop));
        held.Clear().Append(all, all.Length - keep, keep);
        return all[..^keep];
    }

    /// <summary>What was held back when the text ended without the rest of a stop string.</summary>
    public string Flush()
    {
        var rest = held.ToString();
        held.Clear();
        return rest;
    }

    /// <summary>Length of the longest end of the text that is a beginning of the stop string.</summary>
    private static int Overlap(string text, string stop)
    {
        for (var length = Math.Min(text.Length, stop.Length - 1); length > 0; length--)
            if (text.AsSpan(text.Length - length).Equals(stop.AsSpan(0, length), StringComparison.Ordinal)) return length;
        return 0;
    }
}
