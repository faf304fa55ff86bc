namespace DomainTuning.Tuning.Runs;

/// <summary>Where the trainer is: a program of its own, because half a gigabyte of natives comes with it, built when someone trains.</summary>
/// <param name="Path">DomainTuning.Trainer.dll, or a program that does the same.</param>
public sealed record TrainerProgram(string Path)
{
    private const string FileName = "DomainTuning.Trainer.dll";

    /// <summary>What it says of itself on this machine, for `doctor`: what loads and how it will compute, or what does not load and the remedy.</summary>
    public Task<(bool Usable, string Text)> CheckAsync(CancellationToken cancellationToken = default) => TrainerProcess.CheckAsync(this, cancellationToken);

    /// <summary>Beside this program under trainer/, or built in the repository that this program was built in.</summary>
    /// <exception cref="TrainingRunException">It is not built.</exception>
    public static TrainerProgram Find()
    {
        var beside = System.IO.Path.Combine(AppContext.BaseDirectory, "trainer", FileName);
        if (File.Exists(beside)) return new TrainerProgram(beside);
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var project = System.IO.Path.Combine(folder.FullName, "src", "DomainTuning.Trainer");
            if (!Directory.Exists(project)) continue;
            foreach (var configuration in new[] { "Release", "Debug" })
                if (System.IO.Path.Combine(project, "bin", configuration, "net10.0", FileName) is var built && File.Exists(built)) return new TrainerProgram(built);
            throw new TrainingRunException($"The trainer is not built. Start training with {System.IO.Path.Combine(folder.FullName, "domaintuning")} train, which builds it, or run `dotnet build -c Release {project}`.");
        }

        throw new TrainingRunException($"There is no {FileName} in '{System.IO.Path.GetDirectoryName(beside)}'. Training runs from a checkout of the repository, or from an installation with trainer/.");
    }
}
