using DomainTuning.Corpora;

namespace DomainTuning.Ingest.Tests;

public sealed class CorpusTargetTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public CorpusTargetTests() => Directory.CreateDirectory(folder["corpora/cnc/documents"]);

    private Workspace Workspace => new(folder.Path);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ACorpusFolderStandsForItsDocumentsAndGivesTheName()
    {
        var target = CorpusTarget.Resolve(Workspace, [folder["corpora/cnc"] + "/"], null);

        Assert.Equal("cnc", target.Corpus);
        Assert.Equal([Path.Combine(folder.Path, "corpora", "cnc", "documents")], target.Inputs);
        Assert.Equal("cnc", CorpusTarget.Resolve(Workspace, [folder["corpora/cnc/documents/hal.pdf"]], null).Corpus);
        Assert.Equal(target.Inputs, CorpusTarget.Resolve(Workspace, [], "cnc").Inputs);
    }

    [Fact]
    public void OtherPathsGoToTheDefaultCorpusUnlessOneIsNamed()
    {
        Assert.Equal("default", CorpusTarget.Resolve(Workspace, [folder["manuals"]], null).Corpus);
        Assert.Equal("pumps", CorpusTarget.Resolve(Workspace, [folder["manuals"]], "pumps").Corpus);
    }

    [Fact]
    public void WhatIsNotClearIsMisuse()
    {
        Assert.Throws<ArgumentException>(() => CorpusTarget.Resolve(Workspace, [], null));
        Assert.Throws<ArgumentException>(() => CorpusTarget.Resolve(Workspace, [], "nosuch"));
        Assert.Throws<ArgumentException>(() => CorpusTarget.Resolve(Workspace, [folder["corpora/cnc"], folder["manuals"]], null));
    }
}
