using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Tests.Weights;

/// <summary>A hostile or damaged file costs one exception: no crash, no hang, no memory beyond the file's own size.</summary>
public sealed class BrokenGgufTests
{
    public static TheoryData<string, string> Files
    {
        get
        {
            using var list = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("gguf", "bad.json")));
            var data = new TheoryData<string, string>();
            foreach (var entry in list.RootElement.GetProperty("files").EnumerateArray())
                data.Add(entry.GetProperty("file").GetString()!, entry.GetProperty("expect").GetString()!);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void EachFileIsRefusedOrAcceptedAsListed(string name, string expect)
    {
        var path = Fixtures.Path(["gguf", .. name.Split('/')]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();

        var error = Record.Exception(() => ReadAll(path));

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"took {clock.Elapsed}");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (20 * new FileInfo(path).Length) + 200_000);
        if (expect == "accept") Assert.Null(error);
        if (expect == "reject") Assert.NotNull(error);
        if (error is null) return;
        var refusal = Assert.IsType<CheckpointException>(error);
        Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
        Assert.Matches(@"(again|Pass a \.gguf file|use another file)[^.]*\.$", refusal.Message);
    }

    [Fact]
    public void AFileCutOffAnywhereIsRefused()
    {
        using var folder = new TemporaryFolder();
        var path = folder["cut.gguf"];
        File.Copy(Fixtures.Path("gguf", "types", "all-types.gguf"), path);
        for (var length = (new FileInfo(path).Length - 1) / 97 * 97; length >= 0; length -= 97)
        {
            using (var stream = File.OpenWrite(path)) stream.SetLength(length);
            Assert.IsType<CheckpointException>(Record.Exception(() => ReadAll(path)));
        }
    }

    [Fact]
    public void AFileWithAnyByteOfItsHeaderChangedIsReadOrRefused()
    {
        using var folder = new TemporaryFolder();
        var whole = File.ReadAllBytes(Fixtures.Path("gguf", "bad", "ok.gguf"));
        var path = folder["changed.gguf"];
        var random = new Random(7);
        for (var at = 0; at < 400; at++)
        {
            foreach (var value in (byte[])[0x00, 0xFF, 0x80, (byte)random.Next(256)])
            {
                var changed = whole.ToArray();
                changed[at] = value;
                File.WriteAllBytes(path, changed);
                if (Record.Exception(() => ReadAll(path)) is { } error) Assert.IsType<CheckpointException>(error);
            }
        }
    }

    [Fact]
    public void ATypeThatOnlyNewerToolsKnowIsRefusedByNumber()
    {
        var error = Assert.Throws<CheckpointException>(() => ReadAll(Fixtures.Path("gguf", "bad", "unknown-tensor-type.gguf")));

        Assert.Contains("has the type 99", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OldVersionsAreRefusedByNumber()
    {
        var error = Assert.Throws<CheckpointException>(() => ReadAll(Fixtures.Path("gguf", "bad", "version-1.gguf")));

        Assert.Contains("GGUF version 1; supported are 2 and 3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMillionTensorsInOneKilobyteAreRefusedAtOnce()
    {
        using var folder = new TemporaryFolder();
        var bytes = new byte[1024];
        Encoding.ASCII.GetBytes("GGUF", bytes);
        bytes[4] = 3;
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), 1_000_000);
        File.WriteAllBytes(folder["many.gguf"], bytes);

        var error = Assert.Throws<CheckpointException>(() => ReadAll(folder["many.gguf"]));

        Assert.Contains("the number of tensors at byte 8 is 1000000", error.Message, StringComparison.Ordinal);
    }

    private static void ReadAll(string path)
    {
        using var file = GgufFile.Open(path);
        foreach (var tensor in file.Tensors)
        {
            _ = file.Bytes(tensor).ToArray();
            if (Dequantise.CanRead(tensor.Type)) _ = file.Read(tensor);
        }
    }
}
