namespace EndToEnd.Tests;

/// <summary>A workspace with the shipped models and two of the real manuals (glossary and G-code programming, 132 pages), ingested once for all tests.</summary>
public sealed class IngestedWorkspace : IAsyncLifetime
{
    public TemporaryFolder Folder { get; } = new();

    public ProcessResult FirstIngest { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        foreach (var model in new[] { "bge-small-en-v1.5", "smollm2-135m-instruct" })
        {
            var target = Directory.CreateDirectory(Path.Combine(Folder["models"], model)).FullName;
            foreach (var file in Directory.GetFiles(Fixtures.Model(model))) File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        var documents = Directory.CreateDirectory(Path.Combine(Folder["corpora"], "cnc", "documents")).FullName;
        foreach (var manual in new[] { "glossary.pdf", "gcode-programming.pdf" })
            File.Copy(Path.Combine(Fixtures.Corpus("cnc"), manual), Path.Combine(documents, manual));
        FirstIngest = await DomainTuningProcess.RunAsync(Folder.Path, ["ingest", "corpora/cnc"], CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        Folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
