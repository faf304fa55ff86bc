using System.Runtime.InteropServices;
using System.Text.Json;
using DomainTuning.Checkpoints.Weights;

namespace DomainTuning.Checkpoints.Tests.Weights;

/// <summary>Parity with the reference implementation of every type, to the last bit; the values and how they were made: tests/fixtures/gguf/types.json.</summary>
public sealed class DequantiseTests
{
    public static TheoryData<string> Types => [.. Enum.GetValues<TensorType>().Where(type => Dequantise.CanRead(type) && type != TensorType.F64).Select(type => type.ToString())];

    [Theory]
    [MemberData(nameof(Types))]
    public void EveryTypeIsDequantisedToTheReferencesBits(string type)
    {
        using var file = GgufFile.Open(Fixtures.Path("gguf", "types", type.ToLowerInvariant() + ".gguf"));
        var tensor = Assert.Single(file.Tensors);
        var expected = ReadFloats(type);

        var values = file.Read(tensor);

        Assert.Equal(Enum.Parse<TensorType>(type), tensor.Type);
        Assert.Equal([8, 512], tensor.Shape);
        AssertSameBits(expected, values);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void ARangeOfRowsEqualsThatPartOfTheWhole(string type)
    {
        using var file = GgufFile.Open(Fixtures.Path("gguf", "types", "all-types.gguf"));
        var tensor = file.Tensor(type.ToLowerInvariant() + ".weight");
        var rows = new float[3 * 512];

        file.ReadRows(tensor, 2, rows);

        Assert.Equal(64u, file.Alignment);
        AssertSameBits(ReadFloats(type).AsSpan(2 * 512, 3 * 512), rows);
    }

    [Fact]
    public void BlockSizesAreThoseOfTheFormat()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("gguf", "types.json")));
        foreach (var entry in golden.RootElement.GetProperty("types").EnumerateArray())
        {
            var type = (TensorType)entry.GetProperty("ggml_type_id").GetInt32();
            Assert.Equal(entry.GetProperty("type").GetString(), type.ToString());
            Assert.Equal(entry.GetProperty("block_elements").GetInt32(), type.BlockElements());
            Assert.Equal(entry.GetProperty("block_bytes").GetInt32(), type.BlockBytes());
        }
    }

    [Fact]
    public void RowsOutsideTheTensorAreMisuse()
    {
        using var file = GgufFile.Open(Fixtures.Path("gguf", "types", "q8_0.gguf"));
        var tensor = file.Tensors[0];

        Assert.Throws<ArgumentOutOfRangeException>(() => file.ReadRows(tensor, 7, new float[2 * 512]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.ReadRows(tensor, -1, new float[512]));
        Assert.Throws<ArgumentException>(() => file.ReadRows(tensor, 0, new float[511]));
        Assert.Throws<ArgumentException>(() => file.ReadRows(tensor with { Offset = 0 }, 0, new float[512]));
        Assert.Throws<ArgumentException>(() => Dequantise.Blocks(TensorType.Q8_0, new byte[33], new float[32]));
    }

    [Fact]
    public void IntegersAreNoWeights()
    {
        using var file = GgufFile.Open(Fixtures.Path("gguf", "types", "other-tensors.gguf"));

        var error = Assert.Throws<CheckpointException>(() => file.Read(file.Tensor("i32")));

        Assert.Contains("i32 [5] I32", error.Message, StringComparison.Ordinal);
    }

    private static float[] ReadFloats(string type) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Fixtures.Path("gguf", "types", type.ToLowerInvariant() + ".f32"))).ToArray();

    private static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            if (BitConverter.SingleToUInt32Bits(expected[i]) != BitConverter.SingleToUInt32Bits(actual[i]))
                Assert.Fail($"Value {i} is {actual[i]:R}, the reference has {expected[i]:R}.");
    }
}
