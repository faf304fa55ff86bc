using System.Text.Json;
using DomainTuning.Evaluator.Statistics;

namespace DomainTuning.Evaluator.Tests.Statistics;

/// <summary>Every test and interval against the reference values.</summary>
public sealed class StatisticsGoldenTests
{
    private const double Tolerance = 1e-9;
    private static readonly JsonElement Stats = Golden.Read("stats.json");

    [Fact]
    public void PercentilesAreLinearBetweenOrderStatistics()
    {
        foreach (var item in Stats.Items("percentile"))
            foreach (var (percent, value) in item.GetProperty("q").Numbers().Zip(item.GetProperty("value").Numbers()))
                Golden.Near(value, Sample.Percentile(item.GetProperty("data").Numbers(), percent), Tolerance, $"{percent} %");
    }

    [Fact]
    public void BootstrapIntervalsLieWhereAnySoundGeneratorPutsThem()
    {
        foreach (var item in Stats.Items("bootstrap"))
        {
            var (a, b, name) = (item.GetProperty("a").Numbers(), item.GetProperty("b").Numbers(), item.Text("name"));
            var (at95, at90) = (Bootstrap.PairedDifference(a, b), Bootstrap.PairedDifference(a, b, level: 0.9));
            Golden.Near(item.Number("mean_difference"), at95.Mean, Tolerance, name);
            Near(item.GetProperty("ci95_low"), at95.Interval.Low, name);
            Near(item.GetProperty("ci95_high"), at95.Interval.High, name);
            Near(item.GetProperty("ci90_low"), at90.Interval.Low, name);
            Near(item.GetProperty("ci90_high"), at90.Interval.High, name);
            Near(item.GetProperty("share_at_or_below_zero"), at95.ShareAtOrBelowZero, name);
            Assert.InRange(at95.StandardError, item.Number("standard_error") * 0.95, item.Number("standard_error") * 1.05);
        }

        static void Near(JsonElement expected, double actual, string name) => Golden.Near(expected.Number("value"), actual, expected.Number("tolerance"), name);
    }

    [Fact]
    public void RandomisationOfFewPairsIsExact()
    {
        foreach (var item in Stats.Items("permutation"))
        {
            var test = PairedRandomisation.Test(item.GetProperty("a").Numbers(), item.GetProperty("b").Numbers());
            Golden.Near(item.Number("p_two_sided"), test.TwoSided, Tolerance, item.Text("name"));
            Golden.Near(item.Number("p_greater"), test.Greater, Tolerance, item.Text("name"));
            Golden.Near(item.Number("p_less"), test.Less, Tolerance, item.Text("name"));
            Assert.Equal(item.GetProperty("assignments").GetInt64(), test.Assignments);
            Assert.True(test.IsExact);
        }
    }

    [Fact]
    public void PairedTestsEqualTheReference()
    {
        foreach (var item in Stats.Items("paired_tests"))
        {
            var (a, b) = (item.GetProperty("a").Numbers(), item.GetProperty("b").Numbers());
            var t = PairedT.Test(a, b);
            Golden.Near(item.Number("t"), t.T, Tolerance, "t");
            Golden.Near(item.Number("t_p_two_sided"), t.TwoSided, Tolerance, "p of t");
            Assert.Equal(item.Count("df"), t.Degrees);
            var wilcoxon = Wilcoxon.Test(a, b);
            Golden.Near(item.Number("wilcoxon_w"), wilcoxon.W, Tolerance, "W");
            Golden.Near(item.Number("wilcoxon_exact_p_two_sided"), wilcoxon.TwoSided, Tolerance, "p of W");
        }
    }

    [Fact]
    public void McNemarEqualsTheReference()
    {
        foreach (var item in Stats.Items("mcnemar"))
        {
            var test = McNemar.Test(item.Count("only_a_right"), item.Count("only_b_right"));
            var name = $"{test.OnlyFirst}/{test.OnlySecond}";
            Golden.Near(item.Number("exact_p"), test.Exact, Tolerance, name);
            Golden.Near(item.Number("mid_p"), test.MidP, Tolerance, name);
            Golden.Near(item.Number("chi2_continuity"), test.ChiSquare, Tolerance, name);
            Golden.Near(item.Number("chi2_continuity_p"), test.ChiSquareP, Tolerance, name);
        }
    }

    [Fact]
    public void AdjustedPsEqualTheReference()
    {
        foreach (var item in Stats.Items("multiple"))
        {
            var p = item.GetProperty("p").Numbers();
            Same(item.GetProperty("holm_adjusted").Numbers(), MultipleTests.Holm(p));
            Same(item.GetProperty("bonferroni_adjusted").Numbers(), MultipleTests.Bonferroni(p));
            Same(item.GetProperty("benjamini_hochberg_adjusted").Numbers(), MultipleTests.BenjaminiHochberg(p));
        }

        static void Same(double[] expected, IReadOnlyList<double> actual)
        {
            Assert.Equal(expected.Length, actual.Count);
            Assert.All(expected.Zip(actual), pair => Golden.Near(pair.First, pair.Second, Tolerance, "p"));
        }
    }

    [Fact]
    public void IntervalsOfSharesEqualTheReference()
    {
        foreach (var item in Stats.Items("wilson"))
        {
            var (k, n) = (item.Count("k"), item.Count("n"));
            Same(item.GetProperty("ci90"), Proportion.Wilson(k, n, 0.90));
            Same(item.GetProperty("ci95"), Proportion.Wilson(k, n));
            Same(item.GetProperty("ci99"), Proportion.Wilson(k, n, 0.99));
            Same(item.GetProperty("clopper_pearson95"), Proportion.ClopperPearson(k, n));

            void Same(JsonElement expected, Interval actual)
            {
                Golden.Near(expected[0].GetDouble(), actual.Low, Tolerance, $"{k} of {n}, low");
                Golden.Near(expected[1].GetDouble(), actual.High, Tolerance, $"{k} of {n}, high");
            }
        }
    }

    [Fact]
    public void KappaEqualsTheReference()
    {
        foreach (var item in Stats.Items("kappa"))
        {
            var (a, b) = (item.GetProperty("a").Texts(), item.GetProperty("b").Texts());
            Golden.Near(item.Number("observed_agreement"), Kappa.ObservedAgreement(a, b), Tolerance, "agreement");
            Same("kappa", KappaWeights.None);
            Same("kappa_linear", KappaWeights.Linear);
            Same("kappa_quadratic", KappaWeights.Quadratic);

            void Same(string key, KappaWeights weights)
            {
                if (!item.TryGetProperty(key, out var expected)) return;
                var actual = Kappa.Of(a, b, weights, StringComparer.Ordinal);
                Assert.Equal(expected.ValueKind == JsonValueKind.Null, actual is null);
                if (actual is { } value) Golden.Near(expected.GetDouble(), value, Tolerance, key);
            }
        }
    }

    [Fact]
    public void CorrelationsEqualTheReference()
    {
        foreach (var item in Stats.Items("correlation"))
        {
            var (a, b) = (item.GetProperty("a").Numbers(), item.GetProperty("b").Numbers());
            Golden.Near(item.Number("pearson"), Correlation.Pearson(a, b), Tolerance, "Pearson");
            Golden.Near(item.Number("spearman"), Correlation.Spearman(a, b), Tolerance, "Spearman");
            Golden.Near(item.Number("kendall_tau_b"), Correlation.Kendall(a, b), Tolerance, "Kendall");
        }
    }
}
