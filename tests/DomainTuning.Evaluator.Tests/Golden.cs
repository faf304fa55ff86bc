using System.Text.Json;

namespace DomainTuning.Evaluator.Tests;

/// <summary>tests/fixtures/metrics: what the reference implementations of the measures and tests give.</summary>
internal static class Golden
{
    public static JsonElement Read(string name) => JsonDocument.Parse(File.ReadAllText(Fixtures.Path("metrics", name))).RootElement;

    public static IReadOnlyList<string> Texts(this JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetString()!)];

    public static double[] Numbers(this JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetDouble())];

    public static string Text(this JsonElement item, string key) => item.GetProperty(key).GetString()!;

    public static double Number(this JsonElement item, string key) => item.GetProperty(key).GetDouble();

    public static int Count(this JsonElement item, string key) => item.GetProperty(key).GetInt32();

    public static IEnumerable<JsonElement> Items(this JsonElement item, string key) => item.GetProperty(key).EnumerateArray();

    public static void Near(double expected, double actual, double tolerance, string what) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance, FormattableString.Invariant($"{what}: {expected:R} expected, {actual:R} found"));
}
