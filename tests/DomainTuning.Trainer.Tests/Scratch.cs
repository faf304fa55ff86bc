namespace DomainTuning.Trainer.Tests;

/// <summary>A folder that goes when the test ends.</summary>
internal sealed class Scratch : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("trainer-tests").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
