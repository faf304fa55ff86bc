using DomainTuning.Stores.Sqlite;

namespace DomainTuning.Stores.Tests;

public sealed class Int8VectorsTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(384)]
    [InlineData(777)]
    public void EveryWayToMultiplyGivesTheSameAndIsNearTheTruth(int dimensions)
    {
        var random = new Random(dimensions);
        var (left, right) = (Unit(random, dimensions), Unit(random, dimensions));
        var (query, codes) = (new sbyte[dimensions], new sbyte[dimensions]);
        var scale = Int8Vectors.Quantise(left, query) * Int8Vectors.Quantise(right, codes);
        var wide = Array.ConvertAll(query, code => (short)code);
        var plain = query.Zip(codes, (a, b) => a * b).Sum();

        Assert.Equal(plain, Int8Vectors.Dot(wide, codes));
        Assert.Equal(plain, Int8Vectors.DotPortable(wide, codes));
        Assert.Equal(left.Zip(right, (a, b) => a * b).Sum(), scale * plain, 0.01f);
    }

    [Fact]
    public void TheGreatestValuesFitAndNothingIsNothing()
    {
        var codes = new sbyte[32];
        float[] vector = [.. Enumerable.Repeat(-1f, 32)];

        Assert.Equal(1f / 127, Int8Vectors.Quantise(vector, codes));
        Assert.Equal(32 * 127 * 127, Int8Vectors.Dot(Array.ConvertAll(codes, code => (short)code), codes));
        Assert.Equal(0, Int8Vectors.Quantise(new float[32], codes));
    }

    private static float[] Unit(Random random, int dimensions)
    {
        var vector = new float[dimensions];
        for (var i = 0; i < dimensions; i++) vector[i] = random.NextSingle() - 0.5f;
        var length = MathF.Sqrt(vector.Sum(value => value * value));
        return Array.ConvertAll(vector, value => value / length);
    }
}
