using System.Security.Cryptography;
using DomainTuning.Trainer.Natives;

namespace DomainTuning.Trainer.Tests.Natives;

/// <summary>TorchSharp's library loads on systems whose libstdc++ is older than it asks for.</summary>
public sealed class NativesTests
{
    private const string Library = "libLibTorchSharp.so";

    [Fact]
    public void TheNativesOfThisBuildLoad()
    {
        var (usable, text) = TorchNatives.Check();

        Assert.True(usable, text);
        Assert.Matches(@"^libtorch 2\.\d+\S*, \d+ threads, base weights in (bfloat16 \((AVX512_BF16|AMX-BF16)\)|float32 .+)$", text);
    }

    [Fact]
    public void OnAnOlderSystemTheLibraryIsReplacedOnce()
    {
        using var folder = new Scratch();
        var path = Published(folder);

        Assert.Null(TorchNatives.Prepare(folder.Path, systemIsNewEnough: false));
        var replaced = SHA256.HashData(File.ReadAllBytes(path));
        Assert.Null(TorchNatives.Prepare(folder.Path, systemIsNewEnough: false));

        Assert.NotEqual(SHA256.HashData(File.ReadAllBytes(Package())), replaced);
        Assert.Equal(replaced, SHA256.HashData(File.ReadAllBytes(path)));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void ManyStartsAtOnceLeaveOneWholeLibrary()
    {
        using var folder = new Scratch();
        var path = Published(folder);

        var results = new string?[8];
        Parallel.For(0, results.Length, new ParallelOptions { CancellationToken = TestContext.Current.CancellationToken }, i => results[i] = TorchNatives.Prepare(folder.Path, systemIsNewEnough: false));

        Assert.All(results, Assert.Null);
        Assert.False(LibstdcxxPatch.Apply(File.ReadAllBytes(path)));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void ANewSystemKeepsTheLibraryAsItIs()
    {
        using var folder = new Scratch();
        var path = Published(folder);

        Assert.Null(TorchNatives.Prepare(folder.Path, systemIsNewEnough: true));

        Assert.Equal(File.ReadAllBytes(Package()), File.ReadAllBytes(path));
    }

    [Fact]
    public void AnUnknownLibraryIsLeftAloneAndSaysWhatHelps()
    {
        using var folder = new Scratch();
        var path = Published(folder);
        using (var file = File.OpenWrite(path))
        {
            file.Seek(0, SeekOrigin.End);
            file.WriteByte(1);
        }

        var trouble = TorchNatives.Prepare(folder.Path, systemIsNewEnough: false);

        Assert.Contains("GLIBCXX_3.4.32", trouble, StringComparison.Ordinal);
        Assert.Contains("not the file of TorchSharp 0.107.0", trouble, StringComparison.Ordinal);
        Assert.Contains("Ubuntu 24.04", trouble, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNoLibraryIsLeftAlone()
    {
        using var folder = new Scratch();
        File.WriteAllText(Path.Combine(folder.Path, Library), "not a library at all, but sixty-four bytes of text and some more of it");

        Assert.Contains("no 64-bit little-endian ELF file", TorchNatives.Prepare(folder.Path, systemIsNewEnough: false), StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingLibraryIsNamed()
    {
        using var folder = new Scratch();

        Assert.Contains(Path.Combine(folder.Path, Library), TorchNatives.Prepare(folder.Path, systemIsNewEnough: true), StringComparison.Ordinal);
    }

    private static string Published(Scratch folder)
    {
        var path = Path.Combine(folder.Path, Library);
        File.Copy(Package(), path);
        return path;
    }

    /// <summary>The file as NuGet unpacked it; the one beside the tests may have been replaced already.</summary>
    private static string Package()
    {
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var path = Path.Combine(packages, "torchsharp", "0.107.0", "runtimes", "linux-x64", "native", Library);
        if (!File.Exists(path)) Assert.Skip($"Needs {path}, which is not on this machine.");
        return path;
    }
}
