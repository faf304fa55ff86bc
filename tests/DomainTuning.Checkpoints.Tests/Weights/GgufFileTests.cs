using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Tests.Weights;

/// <summary>Every kind of metadata and tensor arrives as written; the expected values stand in tests/fixtures/gguf/*.json.</summary>
public sealed class GgufFileTests
{
    [Fact]
    public void EveryMetadataTypeArrivesAsWritten()
    {
        using var file = GgufFile.Open(Fixtures.Path("gguf", "metadata.gguf"));
        using var golden = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("gguf", "metadata.json")));
        var entries = golden.RootElement.GetProperty("entries").EnumerateArray().ToList();

        Assert.Equal(entries.Select(entry => entry.GetProperty("key").GetString()), file.Metadata.Entries.Keys);
        foreach (var entry in entries)
        {
            var value = file.Metadata.Entries[entry.GetProperty("key").GetString()!];
            Assert.Equal(entry.GetProperty("type").GetString(), GgufValueName(value.Type));
            Assert.Equal(Shown(entry.GetProperty("value")), Shown(value));
        }
    }

    [Fact]
    public void TensorsOfEveryPlainTypeAndRankArriveAsWritten()
    {
        using var file = GgufFile.Open(Fixtures.Path("gguf", "types", "other-tensors.gguf"));

        Assert.Equal([sbyte.MinValue, -1, 0, 1, sbyte.MaxValue], MemoryMarshal.Cast<byte, sbyte>(file.Bytes(file.Tensor("i8"))).ToArray());
        Assert.Equal([short.MinValue, -1, 0, 1, short.MaxValue], MemoryMarshal.Cast<byte, short>(file.Bytes(file.Tensor("i16"))).ToArray());
        Assert.Equal([int.MinValue, -1, 0, 1, int.MaxValue], MemoryMarshal.Cast<byte, int>(file.Bytes(file.Tensor("i32"))).ToArray());
        Assert.Equal([long.MinValue, -1, 0, 1, long.MaxValue], MemoryMarshal.Cast<byte, long>(file.Bytes(file.Tensor("i64"))).ToArray());
        Assert.Equal([1.5, -2.25, 1e300, 0.1, -0.0, 5e-324], MemoryMarshal.Cast<byte, double>(file.Bytes(file.Tensor("f64"))).ToArray());
        Assert.Equal([1.5f, -2.25f, float.PositiveInfinity, 0.1f, -0f, 0f], file.Read(file.Tensor("f64")));
        Assert.Equal([2, 3, 4], file.Tensor("three_d").Shape);
        Assert.Equal([3, 2, 2, 2], file.Tensor("four_d").Shape);
        Assert.Equal([.. Enumerable.Range(0, 24).Select(i => -(float)i)], file.Read(file.Tensor("four_d")));
    }

    [Fact]
    public void AStreamGivesTheSameBytesAsASpan()
    {
        using var file = GgufFile.Open(Fixtures.Path("gguf", "types", "q6_k.gguf"));
        using var stream = file.OpenStream(file.Tensors[0]);
        using var copy = new MemoryStream();

        stream.CopyTo(copy);

        Assert.Equal(file.Bytes(file.Tensors[0]).ToArray(), copy.ToArray());
    }

    [Fact]
    public void IntegersAreReadWhateverTheirTypeButNeverCut()
    {
        using var file = GgufFile.Open(Fixtures.Path("gguf", "metadata.gguf"));

        Assert.Equal(255, file.Metadata.Integer<int>("scalar.uint8.max"));
        Assert.Equal(ulong.MaxValue, file.Metadata.Integer<ulong>("scalar.uint64.max"));
        Assert.Equal(7, file.Metadata.Integer("absent", 7));
        Assert.Contains("scalar.int8.min", Assert.Throws<CheckpointException>(() => file.Metadata.Integer<uint>("scalar.int8.min")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingOrMistypedKeyIsNamed()
    {
        using var file = GgufFile.Open(Fixtures.Path("gguf", "metadata.gguf"));

        Assert.Contains("lacks the metadata key llama.block_count", Assert.Throws<CheckpointException>(() => file.Metadata.Integer<int>("llama.block_count")).Message, StringComparison.Ordinal);
        Assert.Contains("should hold a string, but holds bool", Assert.Throws<CheckpointException>(() => file.Metadata.String("scalar.bool.true")).Message, StringComparison.Ordinal);
        Assert.Contains("lacks the tensor x.weight", Assert.Throws<CheckpointException>(() => file.Tensor("x.weight")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheShippedChatModelOpens()
    {
        using var file = GgufFile.Open(Path.Combine(Fixtures.Model("smollm2-135m-instruct"), "SmolLM2-135M-Instruct.Q4_1.gguf"));

        Assert.Equal("llama", file.Metadata.String("general.architecture"));
        Assert.Equal(49152, file.Metadata.Strings("tokenizer.ggml.tokens").Length);
        Assert.Equal([49152, 576], file.Tensor("token_embd.weight").Shape);
        Assert.Equal(134_515_008, file.Tensors.Sum(tensor => tensor.Elements));
    }

    [Fact]
    public void AClosedFileIsNotRead()
    {
        var file = GgufFile.Open(Fixtures.Path("gguf", "types", "f32.gguf"));
        file.Dispose();
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.Read(file.Tensors[0]));
        Assert.Throws<ObjectDisposedException>(() => file.Bytes(file.Tensors[0]).Length);
    }

    [Fact]
    public void AMissingFileIsAMissingFile() => Assert.Throws<FileNotFoundException>(() => GgufFile.Open(Fixtures.Path("gguf", "absent.gguf")));

    private static string GgufValueName(GgufValueType type) => type.ToString().ToLowerInvariant();

    private static string Shown(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object when value.TryGetProperty("bits", out var bits) => bits.GetString()!,
        JsonValueKind.Object => $"{value.GetProperty("element_type").GetString()}[{string.Join("|", value.GetProperty("values").EnumerateArray().Select(Shown))}]",
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        _ => value.GetString()!,
    };

    private static string Shown(GgufValue value) => value.Value switch
    {
        GgufValue[] items => $"array[{string.Join("|", items.Select(Shown))}]",
        Array items => $"{GgufValueName(value.ElementType!.Value)}[{string.Join("|", items.Cast<object>().Select(Shown))}]",
        var scalar => Shown(scalar),
    };

    private static string Shown(object scalar) => scalar switch
    {
        float number => $"0x{BitConverter.SingleToUInt32Bits(number):x8}",
        double number => $"0x{BitConverter.DoubleToUInt64Bits(number):x16}",
        _ => Convert.ToString(scalar, CultureInfo.InvariantCulture)!,
    };
}
