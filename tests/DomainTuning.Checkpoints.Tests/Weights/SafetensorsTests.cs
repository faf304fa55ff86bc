using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Tests.Weights;

/// <summary>Safetensors: values arrive as written, parts equal the whole, and a broken header costs one exception.</summary>
public sealed class SafetensorsTests : IDisposable
{
    private const string TwoTensors = """
        {"__metadata__": {"format": "pt"}, "b": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [12, 20]}, "a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TensorsAndMetadataArriveAsWritten()
    {
        using var file = SafetensorsFile.Open(Write("x.safetensors", TwoTensors, [.. Bytes<float>([1, -0f, 3.5f]), .. Bytes<ushort>([0x3F80, 0xC000, 0x7F80, 0x0001])]));

        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal([1, -0f, 3.5f], file.Read(file.Tensor("a")));
        Assert.Equal([1, -2, float.PositiveInfinity, BitConverter.UInt32BitsToSingle(0x0001_0000)], file.Read(file.Tensor("b")));
        var row = new float[2];
        file.ReadRows(file.Tensor("b"), 1, row);
        Assert.Equal(float.PositiveInfinity, row[0]);
    }

    [Fact]
    public void IntegersAreBytesButNoWeights()
    {
        using var file = SafetensorsFile.Open(Write("x.safetensors", """{"ids": {"dtype": "I64", "shape": [1, 2], "data_offsets": [0, 16]}}""", Bytes<long>([-1, 7])));

        Assert.Equal([-1, 7], MemoryMarshal.Cast<byte, long>(file.Bytes(file.Tensor("ids"))).ToArray());
        Assert.Contains("holds integers", Assert.Throws<CheckpointException>(() => file.Read(file.Tensor("ids"))).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, int, string> Broken => new()
    {
        { "{]", 0, "no valid JSON" },
        { "[]", 0, "no JSON object" },
        { """{"a": 3}""", 0, "is not {dtype, shape, data_offsets}" },
        { """{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}""", 4, "is not {dtype, shape, data_offsets}" },
        { """{"a": {"dtype": "F32", "shape": [1.5], "data_offsets": [0, 4]}}""", 4, "is not {dtype, shape, data_offsets}" },
        { """{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}}""", 4, "is not {dtype, shape, data_offsets}" },
        { """{"a": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]}}""", 1, "stored as F8_E4M3, which is not supported" },
        { """{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}""", 4, "needs 8 bytes, but has the data offsets 0 to 4" },
        { """{"a": {"dtype": "F32", "shape": [1], "data_offsets": [8, 4]}}""", 8, "has the data offsets 8 to 4" },
        { """{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}""", 3, "the file ends at" },
        { """{"a": {"dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 0]}}""", 0, "is larger than the file" },
        { """{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}""", 8, "starts at byte" },
        { """{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}""", 4, "but the one before ends at" },
        { """{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}""", 5, "its tensors end at byte" },
        { """{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}""", 8, "no valid JSON" },
        { """{"__metadata__": {"x": 1}}""", 0, "is no text" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void ABrokenHeaderIsRefusedWithWhatIsWrong(string header, int dataBytes, string expected)
    {
        var path = Write("x.safetensors", header, new byte[dataBytes]);

        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(99_999_999UL)]
    public void AHeaderLongerThanTheFileIsRefusedWithoutAllocating(ulong length)
    {
        var bytes = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(_folder["x.safetensors"], bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(_folder["x.safetensors"]));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
    }

    [Fact]
    public void AFileCutOffAnywhereIsRefused()
    {
        var path = Write("x.safetensors", TwoTensors, new byte[20]);
        for (var length = new FileInfo(path).Length - 1; length >= 0; length--)
        {
            using (var stream = File.OpenWrite(path)) stream.SetLength(length);
            Assert.IsType<CheckpointException>(Record.Exception(() => SafetensorsFile.Open(path).Dispose()));
        }
    }

    [Fact]
    public void PartsAreReadAsOne()
    {
        Write("1.safetensors", """{"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}""", Bytes<float>([1, 2, 3, 4]));
        Write("2.safetensors", """{"b": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}""", Bytes<Half>([(Half)5, (Half)6]));
        File.WriteAllText(_folder["model.safetensors.index.json"], """{"metadata": {"total_size": 20}, "weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}""");

        using var parts = ShardedTensors.OpenFolder(_folder.Path);
        using var stream = parts.OpenStream(parts.Tensor("b"));

        Assert.Equal(["a", "b"], parts.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([1, 2, 3, 4], parts.Read(parts.Tensor("a")));
        Assert.Equal([5, 6], parts.Read(parts.Tensor("b")));
        Assert.Equal(Bytes<float>([3, 4]), parts.Bytes(parts.Tensor("a"), 1, 1).ToArray());
        Assert.Equal(4, stream.Length);
        Assert.Contains("lacks the tensor c", Assert.Throws<CheckpointException>(() => parts.Tensor("c")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderWithoutSafetensorsSaysSo() =>
        Assert.Contains("holds neither model.safetensors nor", Assert.Throws<CheckpointException>(() => ShardedTensors.OpenFolder(_folder.Path)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"weight_map": {"a": "part.safetensors", "missing": "part.safetensors", "b": "part.safetensors"}}""", "holds the tensor 'missing', but it does not")]
    [InlineData("""{"weight_map": {"a": "part.safetensors"}}""", "holds the tensor 'b', which it does not list there")]
    [InlineData("""{"weight_map": {"a": "absent.safetensors"}}""", "its part 'absent.safetensors' is not there")]
    [InlineData("""{"weight_map": {"a": "../part.safetensors"}}""", "no plain file name")]
    [InlineData("""{"weight_map": 1}""", "has no \"weight_map\"")]
    [InlineData("{", "no valid JSON")]
    public void AnIndexThatDoesNotFitItsPartsIsRefused(string index, string expected)
    {
        Write("part.safetensors", TwoTensors, new byte[20]);
        File.WriteAllText(_folder["model.safetensors.index.json"], index);

        var error = Assert.Throws<CheckpointException>(() => ShardedTensors.OpenFolder(_folder.Path));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private string Write(string name, string header, byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        data.CopyTo(bytes, 8 + json.Length);
        File.WriteAllBytes(_folder[name], bytes);
        return _folder[name];
    }

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
