using DomainTuning.Indexing;
using DomainTuning.Ingest.Reading;

namespace DomainTuning.Ingest.Tests;

public sealed class IngestRunTests : IDisposable
{
    private readonly TestCorpus corpus = new();

    public void Dispose() => corpus.Dispose();

    [Fact]
    public async Task EveryFileGetsAVerdictAndOneBrokenFileStopsNothing()
    {
        corpus.Write("a/数控.md", "# 主轴\n\nThe spindle turns.");
        corpus.Write("b.txt", "Oil the rails.");
        corpus.Write("binary.txt", "\0\0\0\0");
        corpus.Write("empty.md", "");
        corpus.Write("photo.jpg", "x");
        corpus.Write(".hidden.md", "secret");

        var report = await corpus.RunAsync();

        Assert.Equal(["a/数控.md Added", "b.txt Added", "binary.txt Broken", "empty.md Empty", "photo.jpg Skipped"], TestCorpus.Verdicts(report));
        Assert.Equal(1, report.ExitCode);
        Assert.All(report.Files.Where(file => file.GaveNothing), file => Assert.EndsWith(".", file.Message, StringComparison.Ordinal));
        Assert.Equal(["a/数控.md", "b.txt"], await corpus.PathsAsync());
        Assert.Equal((2, 2), (report.Pages, report.Chunks));
    }

    [Fact]
    public async Task WhatIsUnchangedIsPassedByWithoutEmbedding()
    {
        corpus.Write("a.md", "One.");
        await corpus.RunAsync();
        var embedder = new WatchedEmbedder(_ => Task.CompletedTask);
        corpus.Embedder = () => embedder;

        var report = await corpus.RunAsync();

        Assert.Equal(["a.md Unchanged"], TestCorpus.Verdicts(report));
        Assert.Equal((0, 0), (report.ExitCode, embedder.Calls));
    }

    [Fact]
    public async Task WhatChangedIsReplacedAndOtherTagsCountAsAChange()
    {
        corpus.Write("a.md", "Old words.");
        await corpus.RunAsync();
        corpus.Write("a.md", "New words.");

        Assert.Equal(["a.md Replaced"], TestCorpus.Verdicts(await corpus.RunAsync()));
        Assert.EndsWith("New words.", Assert.Single(await corpus.ContentAsync(), line => line.Contains("words", StringComparison.Ordinal)), StringComparison.Ordinal);

        corpus.Options = corpus.Options with { Tags = ["v2 ", "pumps", "v2"] };
        Assert.Equal(["a.md Replaced"], TestCorpus.Verdicts(await corpus.RunAsync()));
        Assert.Equal(["a.md Unchanged"], TestCorpus.Verdicts(await corpus.RunAsync()));
        Assert.Contains("a.md 1 pumps,v2", await corpus.ContentAsync());
    }

    [Fact]
    public async Task AVersionThatCannotBeReadDoesNotReplaceOneThatCould()
    {
        corpus.Write("a.txt", "Good words.");
        await corpus.RunAsync();
        corpus.Write("a.txt", "\0\0\0");

        var file = Assert.Single((await corpus.RunAsync()).Files);

        Assert.Equal(FileVerdict.Broken, file.Verdict);
        Assert.Contains("stays in the index", file.Message, StringComparison.Ordinal);
        Assert.Equal(["a.txt"], await corpus.PathsAsync());
    }

    [Fact]
    public async Task PruningMakesTheCorpusEqualToItsFolder()
    {
        corpus.Write("a.md", "One.");
        var gone = corpus.Write("b.md", "Two.");
        await corpus.RunAsync();
        File.Delete(gone);

        Assert.Equal(["a.md Unchanged"], TestCorpus.Verdicts(await corpus.RunAsync()));
        Assert.Equal(["a.md", "b.md"], await corpus.PathsAsync());

        corpus.Options = corpus.Options with { Prune = true };
        Assert.Equal(["a.md Unchanged", "b.md Removed"], TestCorpus.Verdicts(await corpus.RunAsync()));
        Assert.Equal(["a.md"], await corpus.PathsAsync());
    }

    [Fact]
    public async Task NothingIsPrunedWhenAnInputIsMissingOrEmpty()
    {
        var file = corpus.Write("a.md", "One.");
        await corpus.RunAsync();
        File.Delete(file);
        corpus.Options = corpus.Options with { Prune = true };

        var report = await corpus.RunAsync();

        Assert.Equal(1, report.ExitCode);
        Assert.Contains("Nothing was pruned", Assert.Single(report.Notes), StringComparison.Ordinal);
        Assert.Equal(["a.md"], await corpus.PathsAsync());
    }

    [Fact]
    public async Task PruningWithSingleFilesOnlyIsRefused()
    {
        corpus.Options = corpus.Options with { Prune = true, Inputs = [corpus.Write("a.md", "One.")] };

        Assert.Contains("needs a folder", (await Assert.ThrowsAsync<ArgumentException>(corpus.RunAsync)).Message, StringComparison.Ordinal);
    }

    /// <summary>The embedder fails at call 0, 1, 2 … in turn, as a kill would: whatever was stored by then stays, and in the end nothing is missing or double.</summary>
    [Fact]
    public async Task KilledAtAnyBatchTheNextRunsComplete()
    {
        corpus.WriteLong("a.md", "spindle");
        corpus.WriteLong("b.md", "table");
        corpus.Write("c.md", "Short.");
        for (var fatal = 0; ; fatal++)
        {
            corpus.Embedder = () => new WatchedEmbedder(call => call == fatal ? throw new InvalidOperationException("killed") : Task.CompletedTask);
            var before = await corpus.PathsAsync();
            try
            {
                await corpus.RunAsync();
                break;
            }
            catch (InvalidOperationException)
            {
                var after = await corpus.PathsAsync();
                Assert.Subset(after.ToHashSet(), before.ToHashSet());
            }
        }

        var pieced = await corpus.ContentAsync();
        File.Delete(corpus.Options.Workspace.IndexFile("test"));
        corpus.Embedder = () => new HashEmbedder();
        await corpus.RunAsync();

        Assert.Equal(await corpus.ContentAsync(), pieced);
        Assert.True(pieced.Length > 40);
    }

    [Fact]
    public async Task CancellingKeepsWhatIsStoredAndSaysSo()
    {
        corpus.Write("a.md", "First.");
        corpus.WriteLong("b.md", "table");
        using var cancel = new CancellationTokenSource();
        corpus.Embedder = () => new WatchedEmbedder(call => call == 1 ? cancel.CancelAsync() : Task.CompletedTask);

        var report = await corpus.RunUntilAsync(cancel.Token);

        Assert.Equal(["a.md Added"], TestCorpus.Verdicts(report));
        Assert.Contains("run the same command again", report.Stopped, StringComparison.Ordinal);
        Assert.Equal(1, report.ExitCode);
        Assert.Equal(["a.md"], await corpus.PathsAsync());
    }

    [Fact]
    public async Task AFullDiskEndsTheRunWithOneSentenceAndLosesNothing()
    {
        corpus.Write("a.md", "First.");
        corpus.Write("b.md", "Second.");
        corpus.Index = index => new FullDiskIndex(index, documentsThatFit: 1);

        var report = await corpus.RunAsync();

        Assert.Equal(["a.md Added"], TestCorpus.Verdicts(report));
        Assert.StartsWith("The disk is full.", report.Stopped, StringComparison.Ordinal);
        corpus.Index = index => index;
        Assert.Equal(["a.md Unchanged", "b.md Added"], TestCorpus.Verdicts(await corpus.RunAsync()));
    }

    [Fact]
    public async Task TheNextFileIsReadWhileThisOneIsEmbedded()
    {
        var secondIsRead = new TaskCompletionSource();
        corpus.Readers.Add(new ScriptedReader((file, _) =>
        {
            if (file.RelativePath == "b.sealed") secondIsRead.SetResult();
            return Task.FromResult(ScriptedReader.Page(file, "Text."));
        }));
        corpus.Write("a.sealed", "a");
        corpus.Write("b.sealed", "b");
        corpus.Embedder = () => new WatchedEmbedder(_ => secondIsRead.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));

        Assert.Equal(["a.sealed Added", "b.sealed Added"], TestCorpus.Verdicts(await corpus.RunAsync()));
    }

    [Fact]
    public async Task ThePasswordReachesTheReaderAndEveryStatusBecomesAVerdict()
    {
        corpus.Options = corpus.Options with { Password = "open sesame" };
        corpus.Readers.Add(new ScriptedReader((file, _) => Task.FromResult(Enum.Parse<ReadStatus>(Path.GetFileNameWithoutExtension(file.RelativePath)) switch
        {
            ReadStatus.Partial => ScriptedReader.Page(file, file.Password!) with { Status = ReadStatus.Partial, Message = "Page 2 needs OCR.", Remarks = [new PageRemark(2, "picture only")] },
            ReadStatus.Ok => throw new InvalidOperationException("a fault of ours"),
            var status => new ReadResult(status, null, "Told."),
        })));
        foreach (var status in Enum.GetNames<ReadStatus>()) corpus.Write($"{status}.sealed", status);

        var report = await corpus.RunAsync();

        Assert.Equal(
            [
                "Broken.sealed Broken", "Empty.sealed Empty", "Encrypted.sealed Encrypted", "NeedsOcr.sealed NeedsOcr", "Ok.sealed Broken", "OutOfMemory.sealed OutOfMemory",
                "Partial.sealed Partial", "TimedOut.sealed TimedOut", "Unsupported.sealed Unsupported",
            ],
            TestCorpus.Verdicts(report));
        Assert.Contains("please report it", report.Files.Single(file => file.Path == "Ok.sealed").Message, StringComparison.Ordinal);
        Assert.Contains(await corpus.ContentAsync(), line => line.EndsWith("open sesame", StringComparison.Ordinal));
        Assert.Equal("Page 2 needs OCR.", (await corpus.RunAsync()).Files.Single(file => file.Verdict == FileVerdict.Unchanged).Message);
    }

    [Fact]
    public async Task ProgressEndsAtOneAndCountsEveryFileOnce()
    {
        corpus.WriteLong("a.md", "spindle");
        corpus.Write("bad.txt", "\0\0");

        var report = await corpus.RunAsync();

        var last = corpus.Progress[^1];
        Assert.Equal((2, 2, 1.0, report.Chunks), (last.FilesDone, last.Files, last.Share, last.Chunks));
        Assert.Equal(2, corpus.Progress.Count(step => step.Verdict is not null));
        Assert.Equal(corpus.Progress.Select(step => step.Share).Order(), corpus.Progress.Select(step => step.Share));
    }

    [Fact]
    public async Task ASecondProcessOnTheSameIndexIsToldSo()
    {
        await using var first = await corpus.OpenAsync();

        await Assert.ThrowsAsync<IndexException>(corpus.RunAsync);
    }
}
