using System.Text;
using DomainTuning.Checkpoints.Tokenizers;
using Microsoft.Extensions.AI;

namespace DomainTuning.Onnx.Decoding.Tools;

/// <summary>
/// Turns the tokens of one answer into what the caller sees: text as it comes, and calls of functions once they are whole. What may be the
/// beginning of a call or a stop string is held back until that is decided. A call that turns out to be none is shown as the text it is.
/// </summary>
/// <param name="tokenizer">Decodes the tokens.</param>
/// <param name="form">How the model writes calls; null: it was offered no functions, and whatever it writes is text.</param>
/// <param name="functions">Names of the functions that it was offered.</param>
/// <param name="stopSequences">Texts that end the answer. They are looked for in text alone, not in calls.</param>
internal sealed class AnswerParser(ChatTokenizer tokenizer, ToolForm? form, IReadOnlyCollection<string> functions, IReadOnlyList<string> stopSequences)
{
    private readonly StreamingDecoder decoder = tokenizer.Stream();
    private readonly StopStrings stops = new(stopSequences);
    private readonly string[] textOpeners = [.. (form?.Openers ?? []).Where(opener => !IsControl(tokenizer, opener))];
    private readonly StringBuilder pending = new();
    private readonly List<AIContent> ready = [];
    private readonly StringBuilder shown = new();
    private string? opener; // of the call being read; empty for one without
    private bool atStart = true;

    /// <summary>A stop sequence came: nothing more is shown.</summary>
    public bool Stopped => stops.Stopped;

    /// <summary>The answer holds calls of functions.</summary>
    public bool HasCalls { get; private set; }

    /// <summary>Takes the next token and gives what can be shown.</summary>
    public IReadOnlyList<AIContent> Append(int token)
    {
        if (!tokenizer.IsControl(token)) Take(decoder.Append(token));
        else if (form is not null) TakeControl(Encoding.UTF8.GetString(tokenizer.BytesOf(token).Span));
        return Give();
    }

    /// <summary>Ends the answer and gives what was held back.</summary>
    /// <param name="cut">The answer was broken off: half a character at its end is no mistake of the model.</param>
    public IReadOnlyList<AIContent> Finish(bool cut)
    {
        Take(decoder.Flush(dropHeld: cut));
        Read(ended: true);
        if (pending.Length > 0 && !(HasCalls && string.IsNullOrWhiteSpace(pending.ToString()))) Show(pending.ToString());
        pending.Clear();
        if (!Stopped) shown.Append(stops.Flush());
        return Give();
    }

    private static bool IsControl(ChatTokenizer tokenizer, string text) => tokenizer.ControlToken(text) is { } id && tokenizer.IsControl(id);

    private void TakeControl(string name)
    {
        if (form!.Openers.Contains(name, StringComparer.Ordinal))
        {
            Read(ended: true); // a call that a further one interrupts is none
            DropBlanks();
            opener = name;
            atStart = false;
        }
        else if (opener is { Length: > 0 })
        {
            Take(name); // a mark inside a call, such as [ARGS]
        }
    }

    private void Take(string text)
    {
        if (text.Length == 0) return;
        pending.Append(text);
        Read(ended: false);
    }

    /// <summary>Decides as much of the pending text as can be decided.</summary>
    private void Read(bool ended)
    {
        while (pending.Length > 0 || opener is not null)
        {
            if (opener is null && !BeginCall(ended)) return;
            var reading = form!.Read(pending.ToString(), ended);
            if (reading == CallReading.More && !ended) return;
            if (reading.Calls.Count > 0 && (opener!.Length > 0 || reading.Calls.All(call => functions.Contains(call.Name)))) AddCalls(reading);
            else Show(opener! + TakePending(opener!.Length == 0 || ended ? pending.Length : 0));
            opener = null;
        }
    }

    /// <summary>Shows the text up to where a call begins; false where none does, with what may become one held back.</summary>
    private bool BeginCall(bool ended)
    {
        var text = pending.ToString();
        if (form is { CallsBare: true } && atStart && string.IsNullOrWhiteSpace(text)) return false;
        var bare = form is { CallsBare: true } && atStart && text.TrimStart()[0] == '{';
        atStart = false;
        if (bare)
        {
            opener = "";
            return true;
        }

        foreach (var candidate in textOpeners)
        {
            var at = text.IndexOf(candidate, StringComparison.Ordinal);
            if (at < 0) continue;
            Show(TakePending(at).TrimEnd());
            TakePending(candidate.Length);
            opener = candidate;
            return true;
        }

        if (form is null) Show(TakePending(text.Length));
        else if (!ended) Show(TakePending(text.Length - HeldBack(text)));
        return false;
    }

    /// <summary>Length of what may begin a call at the end of the text, with the blanks before it: those belong to the call.</summary>
    private int HeldBack(string text)
    {
        var from = text.Length;
        foreach (var candidate in textOpeners)
            for (var length = Math.Min(text.Length, candidate.Length - 1); length > text.Length - from; length--)
                if (text.EndsWith(candidate[..length], StringComparison.Ordinal)) from = text.Length - length;
        while (from > 0 && char.IsWhiteSpace(text[from - 1])) from--;
        return text.Length - from;
    }

    private void AddCalls(CallReading reading)
    {
        if (!Stopped) shown.Append(stops.Flush());
        FlushShown();
        TakePending(reading.Length);
        HasCalls = true;
        ready.AddRange(reading.Calls.Select(call => call.ToContent()));
    }

    private void DropBlanks()
    {
        var text = TakePending(pending.Length);
        if (!string.IsNullOrWhiteSpace(text)) Show(text.TrimEnd());
    }

    private string TakePending(int length)
    {
        var text = pending.ToString(0, length);
        pending.Remove(0, length);
        return text;
    }

    private void Show(string text) => shown.Append(stops.Append(text));

    private void FlushShown()
    {
        if (shown.Length > 0) ready.Add(new TextContent(shown.ToString()));
        shown.Clear();
    }

    private AIContent[] Give()
    {
        FlushShown();
        AIContent[] given = [.. ready];
        ready.Clear();
        return given;
    }
}
