using System.Globalization;
using System.Text.Json;
using DomainTuning.Evaluator.Measures.Confidence;

namespace DomainTuning.Evaluator.Tests.Measures;

/// <summary>Confidence against outcome: seven cases of the reference.</summary>
public sealed class CalibrationGoldenTests
{
    private const double Tolerance = 1e-9;

    [Fact]
    public void CalibrationEqualsTheReference()
    {
        foreach (var (item, confidences, correct) in Cases())
        {
            var name = item.Text("name");
            Golden.Near(item.Number("ece_10"), Calibration.ExpectedError(confidences, correct), Tolerance, name);
            Golden.Near(item.Number("ece_15"), Calibration.ExpectedError(confidences, correct, 15), Tolerance, name);
            Golden.Near(item.Number("mce_10"), Calibration.MaximumError(confidences, correct), Tolerance, name);
            Golden.Near(item.Number("ece_equal_mass_5"), Calibration.ExpectedErrorEqualMass(confidences, correct), Tolerance, name);
            Golden.Near(item.Number("brier"), Calibration.Brier(confidences, correct), Tolerance, name);
            Golden.Near(item.Number("log_loss"), Calibration.LogLoss(confidences, correct), Tolerance, name);
            var bins = Calibration.Bins(confidences, correct);
            Assert.Equal(item.Items("bins_10").Select(bin => (bin.Count("bin"), bin.Count("count"))), bins.Select(bin => (bin.Index, bin.Count)));
        }
    }

    [Fact]
    public void RiskAndCoverageEqualTheReference()
    {
        foreach (var (item, confidences, correct) in Cases())
        {
            var name = item.Text("name");
            var curve = RiskCoverage.Of(confidences, correct);
            Assert.Equal(item.Items("order").Select(place => place.GetInt32()), curve.Order);
            Assert.All(item.GetProperty("risk_at_rank").Numbers().Zip(curve.RiskAtRank), pair => Golden.Near(pair.First, pair.Second, Tolerance, name));
            Golden.Near(item.Number("aurc"), curve.Area, Tolerance, name);
            Golden.Near(item.Number("excess_aurc"), curve.ExcessArea, Tolerance, name);
            foreach (var risk in item.GetProperty("risk_at_coverage").EnumerateObject())
                Golden.Near(risk.Value.GetDouble(), curve.RiskAt(double.Parse(risk.Name, CultureInfo.InvariantCulture)), Tolerance, $"{name} at {risk.Name}");
            Assert.Equal(item.TryGetProperty("auroc", out var separation), curve.Separation is not null);
            if (curve.Separation is { } found) Golden.Near(separation.GetDouble(), found, Tolerance, name);
            foreach (var threshold in new[] { "0.3", "0.5", "0.7", "0.9" })
            {
                var expected = item.GetProperty($"threshold_{threshold}");
                var actual = curve.At(double.Parse(threshold, CultureInfo.InvariantCulture));
                Golden.Near(expected.Number("coverage"), actual.Coverage, Tolerance, name);
                Assert.Equal(expected.GetProperty("selective_accuracy").ValueKind == JsonValueKind.Null, actual.Accuracy is null);
                if (actual.Accuracy is { } accuracy) Golden.Near(expected.Number("selective_accuracy"), accuracy, Tolerance, name);
            }
        }
    }

    private static IEnumerable<(JsonElement Item, double[] Confidences, bool[] Correct)> Cases() =>
        Golden.Read("calibration.json").Items("cases").Select(item => (item, item.GetProperty("confidence").Numbers(), item.Items("correct").Select(value => value.GetInt32() == 1).ToArray()));
}
