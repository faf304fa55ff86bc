using System.Globalization;
using System.Numerics.Tensors;
using DomainTuning.Retrieval;

namespace DomainTuning.Tests.Retrieval;

public sealed class FusionTests
{
    [Fact]
    public void FusedRankingsEqualTheReference()
    {
        foreach (var golden in Goldens.Read("fusion.json").GetProperty("cases").EnumerateArray())
        {
            var first = Goldens.Scored(golden.GetProperty("list_a"));
            var second = Goldens.Scored(golden.GetProperty("list_b"));
            foreach (var expected in golden.EnumerateObject())
            {
                var parameter = expected.Name.Split('_')[^1];
                if (expected.Name.StartsWith("rrf_", StringComparison.Ordinal))
                    Goldens.AssertSame(Goldens.Scored(expected.Value), Fusion.ReciprocalRank(first, second, int.Parse(parameter, CultureInfo.InvariantCulture)));
                else if (expected.Name.StartsWith("linear_", StringComparison.Ordinal))
                    Goldens.AssertSame(Goldens.Scored(expected.Value), Fusion.MinMax(first, second, double.Parse(parameter, CultureInfo.InvariantCulture)));
            }
        }
    }

    [Fact]
    public void MaximalMarginalRelevanceEqualsTheReference()
    {
        foreach (var golden in Goldens.Read("mmr.json").GetProperty("cases").EnumerateArray())
        {
            var query = Goldens.Numbers(golden.GetProperty("query"));
            var vectors = golden.GetProperty("vectors").EnumerateArray().Select(Goldens.Numbers).ToList();
            var relevance = vectors.Select(vector => Cosine(query, vector)).ToList();
            foreach (var expected in golden.EnumerateObject().Where(property => property.Name.StartsWith("lambda_", StringComparison.Ordinal)))
            {
                var lambda = double.Parse(expected.Name["lambda_".Length..], CultureInfo.InvariantCulture);

                var chosen = MaximalMarginalRelevance.Choose(relevance, (a, b) => Cosine(vectors[a], vectors[b]), lambda, golden.GetProperty("k").GetInt32());

                Assert.Equal(expected.Value.GetProperty("selected").EnumerateArray().Select(index => index.GetInt32()), chosen.Select(entry => entry.Index));
                Assert.All(Goldens.Numbers(expected.Value.GetProperty("scores")).Zip(chosen), pair => Assert.Equal(pair.First, pair.Second.Score, Goldens.Tolerance));
            }
        }
    }

    private static double Cosine(double[] a, double[] b) => TensorPrimitives.CosineSimilarity<double>(a, b);
}
