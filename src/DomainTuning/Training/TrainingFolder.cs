namespace DomainTuning.Training;

/// <summary>
/// A run's folder: what a training was asked for (recipe, job, examples), what became of it (progress, curves, adapter), and what it resumes from.
/// Everything about a run is read from here, by whoever wants to know: there is no other record of it.
/// </summary>
/// <param name="Path">.domaintuning/runs/NAME-STAMP.</param>
public sealed record TrainingFolder(string Path)
{
    /// <summary>Longest end of progress.jsonl that is read to find its last line.</summary>
    private const int TailBytes = 1 << 14;

    public string Name => System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(Path));

    /// <summary>The resolved <see cref="TrainingRecipe"/>.</summary>
    public string Recipe => In("recipe.json");

    public string Job => In("job.json");

    public string Train => In("train.jsonl");

    public string Validation => In("validation.jsonl");

    /// <summary>What sections and questions are trained on, which the evaluator checks an adapter by; may be absent.</summary>
    public string Sections => In("train-sections.json");

    /// <summary>Text that has nothing to do with the corpus; may be absent.</summary>
    public string GeneralText => In("general.txt");

    /// <summary>A <see cref="TrainingProgress"/> a line.</summary>
    public string Progress => In("progress.jsonl");

    public string Curves => In("curves.svg");

    /// <summary>The adapter when the training has finished: a PEFT folder.</summary>
    public string Adapter => In("adapter");

    /// <summary>Prompts and the trained model's logits, which the served model must give too.</summary>
    public string Parity => In("parity.safetensors");

    /// <summary>Whether there is a job.</summary>
    public bool Exists => File.Exists(Job);

    /// <summary>The runs of a workspace, the newest first.</summary>
    public static IReadOnlyList<TrainingFolder> List(string runsFolder) =>
        !Directory.Exists(runsFolder) ? []
        : [.. Directory.EnumerateDirectories(runsFolder).Select(path => new TrainingFolder(path)).Where(run => run.Exists).OrderByDescending(run => File.GetLastWriteTimeUtc(run.Job)).ThenByDescending(run => run.Name, StringComparer.Ordinal)];

    /// <summary>A run as a user names it: by its name, the beginning of it, or its folder. Null: there is none, or several begin so.</summary>
    public static TrainingFolder? Find(string runsFolder, string named)
    {
        if (new TrainingFolder(named) is { Exists: true } folder) return folder;
        var all = List(runsFolder);
        return all.FirstOrDefault(run => run.Name == named) ?? (all.Where(run => run.Name.StartsWith(named, StringComparison.Ordinal)).ToList() is [var only] ? only : null);
    }

    /// <summary>What the training said last; null before it said anything.</summary>
    public TrainingProgress? Last()
    {
        if (!File.Exists(Progress)) return null;
        using var stream = new FileStream(Progress, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Seek(-Math.Min(stream.Length, TailBytes), SeekOrigin.End);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n').Reverse().Select(line => line.Length == 0 ? null : TrainingJson.TryReadProgress(line)).FirstOrDefault(progress => progress is not null);
    }

    /// <summary>All that the training said. Steps that a killed process did after its last save, and that were done again, are told once.</summary>
    public IReadOnlyList<TrainingProgress> History()
    {
        var history = new List<TrainingProgress>();
        if (!File.Exists(Progress)) return history;
        using var stream = new FileStream(Progress, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
            if (TrainingJson.TryReadProgress(line) is { } progress)
            {
                if (progress.Event == TrainingEvent.Resumed) history.RemoveAll(earlier => earlier.Step > progress.Step || earlier.Event is TrainingEvent.Failed or TrainingEvent.Finished);
                history.Add(progress);
            }

        return history;
    }

    /// <summary>Makes this process the one that works on the run, until the result is disposed.</summary>
    /// <exception cref="TrainingException">Another one does.</exception>
    public IDisposable Claim()
    {
        try
        {
            return new FileStream(Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException error) when (File.Exists(Lock))
        {
            throw new TrainingException($"Another process works on the run '{Name}'. `domaintuning train --watch {Name}` shows what it does.", error);
        }
    }

    /// <summary>Whether a process works on the run at this moment.</summary>
    public bool IsAtWork()
    {
        if (!File.Exists(Lock)) return false;
        try
        {
            new FileStream(Lock, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
            return false; // what a killed process left
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private string Lock => In(".lock");

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
