using System.Diagnostics;
using System.Runtime.CompilerServices;
using DomainTuning.Stores.Sqlite;

namespace DomainTuning.Stores.Tests;

/// <summary>This test program once more, as another process that writes to an index until it is killed.</summary>
internal static class ChildProcess
{
    private const string Variable = "DOMAINTUNING_TEST_WRITES_TO";

    public const int Chunks = 40;

    /// <summary>A writer whose test has died ends by itself.</summary>
    private static readonly TimeSpan LongestLife = TimeSpan.FromMinutes(2);

    /// <summary>Starts the writer and returns once it has stored a document.</summary>
    public static async Task<Process> StartWriterAsync(string file, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        start.Environment[Variable] = file;
        var process = Process.Start(start)!;
        Assert.Equal("stored", await process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60), cancellationToken));
        return process;
    }

    public static Task<SampleDocument> SampleAsync(HashEmbedder embedder, int number) => SampleDocument.CreateAsync(
        embedder, $"{number % 7}.pdf", [.. Enumerable.Range(0, Chunks).Select(i => $"document {number} chunk {i} shared " + string.Join(' ', Enumerable.Range(0, 200).Select(w => $"w{(number * 31) + (w * i)}")))]);

    [ModuleInitializer]
    internal static void WriteWhereAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } file) WriteUntilKilled(file);
    }

    /// <summary>Without await: until the module's initializer is done, other threads cannot run this module's code.</summary>
    private static void WriteUntilKilled(string file)
    {
        var running = Stopwatch.StartNew();
        var embedder = new HashEmbedder();
        var index = SqliteChunkIndex.OpenForWritingAsync(file, SampleDocument.Manifest(embedder)).GetAwaiter().GetResult();
        for (var number = 0; running.Elapsed < LongestLife; number++)
        {
            SampleAsync(embedder, number).GetAwaiter().GetResult().StoreInAsync(index, CancellationToken.None).GetAwaiter().GetResult();
            if (number == 0) Console.Out.WriteLine("stored");
        }

        Environment.Exit(1);
    }
}
