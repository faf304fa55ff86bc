namespace DomainTuning.Tuning.Runs;

/// <summary>Examples that lie in a folder already: train.jsonl and validation.jsonl, and train-sections.json where there is one.</summary>
public static class ExampleFolder
{
    public static ExampleWriting Source(string folder) => (run, _, _) =>
    {
        foreach (var target in new[] { run.Train, run.Validation, run.Sections })
        {
            var source = Path.Combine(folder, Path.GetFileName(target));
            if (File.Exists(source)) File.Copy(source, target);
            else if (target != run.Sections) throw new TrainingRunException($"There is no '{source}'. A folder of examples holds train.jsonl and validation.jsonl, one example a line.");
        }

        return Task.CompletedTask;
    };
}
