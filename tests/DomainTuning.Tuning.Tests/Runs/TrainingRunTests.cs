using DomainTuning.Adapters;
using DomainTuning.Training;
using DomainTuning.Tuning.Runs;

namespace DomainTuning.Tuning.Tests.Runs;

public sealed class TrainingRunTests
{
    [Fact]
    public async Task AnAdapterThatIsServedAsItWasTrainedIsPublishedWhereServersLook()
    {
        using var trainer = new RecordedTrainer();
        var run = trainer.Run();
        var folder = await trainer.PrepareAsync(run);

        var result = await trainer.TrainAsync(run, folder, TestContext.Current.CancellationToken);

        Assert.Null(result.Problem);
        Assert.InRange(result.Parity!.LargestDifference, 0, 1e-3);
        Assert.Equal("tiny-llama:bolts", result.Model);
        var folders = new AdapterFolders("tiny-llama", trainer.Workspace.AdaptersFolder("tiny-llama"), trainer.Workspace.CorporaFolder);
        Assert.Equal(["bolts"], folders.All().Select(place => place.Name));
        Assert.Equal(result.Parity.LargestDifference, AdapterCard.Read(result.Adapter!)!.ParityDifference);
        Assert.Equal([TrainingEvent.Step, TrainingEvent.Finished], trainer.Told.Select(progress => progress.Event));
    }

    [Fact]
    public async Task AnAdapterThatIsServedOtherwiseIsNotPublished()
    {
        using var trainer = new RecordedTrainer();
        var run = trainer.Run(fault: 0.1f);

        var result = await trainer.TrainAsync(run, await trainer.PrepareAsync(run), TestContext.Current.CancellationToken);

        Assert.Contains("logits differ by up to 0.1", result.Problem, StringComparison.Ordinal);
        Assert.Null(result.Model);
        Assert.False(Directory.Exists(trainer.Workspace.AdaptersFolder("tiny-llama")));
    }

    [Fact]
    public async Task ARunsFolderHoldsTheWholeRecipeTheJobAndTheExamples()
    {
        using var trainer = new RecordedTrainer();
        var folder = await trainer.PrepareAsync(trainer.Run());

        Assert.Contains("\"tokens_a_step\": 2048", await File.ReadAllTextAsync(folder.Recipe, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(("tiny-llama", "bolts"), (TrainingJson.ReadJob(folder.Job).BaseModel, TrainingJson.ReadJob(folder.Job).Corpus));
        Assert.Equal(20, TrainingJson.ReadExamples(folder.Train).Count);
        Assert.True(new FileInfo(folder.GeneralText).Length > 1000);
        Assert.Equal(folder, Assert.Single(TrainingFolder.List(trainer.Workspace.RunsFolder)));
        Assert.Equal(folder, TrainingFolder.Find(trainer.Workspace.RunsFolder, "bolts"));
    }

    [Fact]
    public async Task AFailedPreparationLeavesNothing()
    {
        using var trainer = new RecordedTrainer();
        File.Delete(Path.Combine(trainer.Examples, "validation.jsonl"));

        await Assert.ThrowsAsync<TrainingRunException>(() => trainer.PrepareAsync(trainer.Run()));

        Assert.Empty(Directory.EnumerateFileSystemEntries(trainer.Workspace.RunsFolder));
    }

    [Fact]
    public async Task WhatTheTrainerSaysOfItsFailureIsTheResult()
    {
        using var trainer = new RecordedTrainer();
        var run = trainer.Run(ends: "echo '{\"event\":\"failed\",\"at\":\"2026-11-01T00:00:00+00:00\",\"message\":\"The disk is full.\"}'; exit 1");
        var result = await trainer.TrainAsync(run, await trainer.PrepareAsync(run), TestContext.Current.CancellationToken);
        Assert.Equal("The disk is full.", result.Problem);

        run = trainer.Run(ends: "echo 'cannot load' >&2; exit 134");
        result = await trainer.TrainAsync(run, await trainer.PrepareAsync(run), TestContext.Current.CancellationToken);
        Assert.Contains("134", result.Problem, StringComparison.Ordinal);
        Assert.Contains("cannot load", result.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StoppingEndsTheTrainersInputAndWaitsForItsLastWord()
    {
        using var trainer = new RecordedTrainer();
        var run = trainer.Run(ends: "cat > /dev/null; echo '{\"event\":\"failed\",\"at\":\"2026-11-01T00:00:00+00:00\",\"message\":\"Stopped; everything is saved.\"}'; exit 1");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var folder = await trainer.PrepareAsync(run);

        var training = trainer.TrainAsync(run, folder, stop.Token);
        await stop.CancelAsync();

        Assert.Equal("Stopped; everything is saved.", (await training).Problem);
    }

    [Fact]
    public async Task AnAdapterThatIsReplacedIsKeptInTheRunsFolder()
    {
        using var trainer = new RecordedTrainer();
        var run = trainer.Run();
        var first = await trainer.TrainAsync(run, await trainer.PrepareAsync(run), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(first.Adapter!, "note.txt"), "the first", TestContext.Current.CancellationToken);

        var second = await trainer.TrainAsync(run, await trainer.PrepareAsync(run), TestContext.Current.CancellationToken);

        Assert.False(File.Exists(Path.Combine(second.Adapter!, "note.txt")));
        Assert.True(File.Exists(Path.Combine(second.Folder.Path, "replaced", "note.txt")));
        Assert.Single(Directory.EnumerateDirectories(trainer.Workspace.AdaptersFolder("tiny-llama")));
    }

    [Fact]
    public async Task ANameThatAnotherPlaceHasIsRefusedBeforeTraining()
    {
        using var trainer = new RecordedTrainer();
        var other = Directory.CreateDirectory(Path.Combine(trainer.Workspace.CorporaFolder, "x", "adapters", "bolts")).FullName;
        await File.WriteAllTextAsync(Path.Combine(other, PeftConfig.FileName), "{}", TestContext.Current.CancellationToken);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => trainer.PrepareAsync(trainer.Run()));

        Assert.Contains("--name", error.Message, StringComparison.Ordinal);
    }
}
