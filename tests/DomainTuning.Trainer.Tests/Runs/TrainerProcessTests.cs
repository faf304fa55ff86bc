using System.Diagnostics;
using DomainTuning.Training;

namespace DomainTuning.Trainer.Tests.Runs;

/// <summary>The trainer as a process of its own, as `domaintuning train` starts it.</summary>
[Collection(nameof(OneAtATime))]
public sealed class TrainerProcessTests
{
    [Fact]
    public async Task AKilledTrainingLosesNothingThatItSaved()
    {
        using var whole = new TinyRun();
        using var killed = new TinyRun();
        whole.Train();

        using (var process = Start(killed.Folder.Path, "--attached"))
        {
            while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
                if (TrainingJson.TryReadProgress(line) is { Event: TrainingEvent.Saved, Step: 2 }) break;
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.False(killed.Folder.IsAtWork());
        killed.Train(resume: true);

        Assert.True(killed.Folder.History().First(progress => progress.Event == TrainingEvent.Resumed).Step >= 2);
        Assert.Equal(File.ReadAllBytes(whole.AdapterTensors), File.ReadAllBytes(killed.AdapterTensors));
    }

    [Fact]
    public async Task TheEndOfItsInputStopsItSavedAndItSaysHowToGoOn()
    {
        using var run = new TinyRun(TinyRun.Recipe(steps: 100_000));
        using var process = Start(run.Folder.Path, "--attached");
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            if (TrainingJson.TryReadProgress(line) is { Event: TrainingEvent.Step }) break;

        process.StandardInput.Close();
        var rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, process.ExitCode);
        var last = run.Folder.Last()!;
        Assert.Equal(TrainingEvent.Failed, last.Event);
        Assert.Contains($"--resume {run.Folder.Name}", last.Message, StringComparison.Ordinal);
        Assert.Contains("\"event\":\"saved\"", rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnythingButARunsFolderIsMisuse()
    {
        using var process = Start("/nowhere");
        var said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(2, process.ExitCode);
        Assert.Contains("domaintuning train", said, StringComparison.Ordinal);
    }

    private static Process Start(params string[] args) => Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "DomainTuning.Trainer.dll"), .. args])
    {
        RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
    })!;
}
