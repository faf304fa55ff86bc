using DomainTuning.Training;

namespace DomainTuning.Trainer.Runs;

/// <summary>
/// Tells what a training does: a line in progress.jsonl, which is the record, and one to whoever started the process, who may be gone. The curves are
/// drawn anew whenever something was saved.
/// </summary>
internal sealed class ProgressLog : IDisposable
{
    private readonly TrainingFolder folder;
    private readonly TextWriter output;
    private readonly StreamWriter file;
    private bool listenerIsGone;

    public ProgressLog(TrainingFolder folder, TextWriter output)
    {
        this.folder = folder;
        this.output = output;
        file = new StreamWriter(new FileStream(folder.Progress, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)) { AutoFlush = true };
        if (file.BaseStream.Position > 0) file.Write('\n'); // a killed process may have left half a line
    }

    public void Report(TrainingProgress progress)
    {
        var line = TrainingJson.Write(progress);
        file.Write(line + "\n");
        Tell(line);
        if (progress.Event is TrainingEvent.Saved or TrainingEvent.Finished or TrainingEvent.Failed) File.WriteAllText(folder.Curves, Curves.Draw(folder.History()));
    }

    /// <summary>Says how a training ended that did not finish. The disk may be full: then only the listener hears it.</summary>
    public void Fail(string sentence, TimeProvider clock)
    {
        var last = folder.Last();
        var progress = new TrainingProgress { Event = TrainingEvent.Failed, At = clock.GetUtcNow(), Step = last?.Step ?? 0, Steps = last?.Steps ?? 0, Message = sentence };
        try
        {
            Report(progress);
        }
        catch (IOException)
        {
            Tell(TrainingJson.Write(progress));
        }
    }

    public void Dispose() => file.Dispose();

    private void Tell(string line)
    {
        if (listenerIsGone) return;
        try
        {
            output.WriteLine(line);
            output.Flush();
        }
        catch (IOException)
        {
            listenerIsGone = true;
        }
    }
}
