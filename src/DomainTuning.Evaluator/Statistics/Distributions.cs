namespace DomainTuning.Evaluator.Statistics;

/// <summary>
/// The few distribution functions that the tests need, to about 1e-13. Incomplete beta by Lentz's continued fraction (Press et al., Numerical Recipes, 6.4),
/// the normal from erfc by series and continued fraction, inverses by bisection.
/// </summary>
internal static class Distributions
{
    /// <summary>P(Z &gt; z).</summary>
    public static double NormalUpper(double z) => 0.5 * Erfc(z / Math.Sqrt(2));

    /// <summary>z with P(Z &lt;= z) = p.</summary>
    public static double NormalQuantile(double p)
    {
        if (!(p > 0 && p < 1)) throw new ArgumentOutOfRangeException(nameof(p), p, "A probability between 0 and 1 is expected.");
        return p > 0.5 ? -NormalQuantile(1 - p) : Bisect(z => NormalUpper(-z) - p, -40, 0);
    }

    /// <summary>Two-sided p of Student's t.</summary>
    public static double StudentTwoSided(double t, double degrees) => double.IsInfinity(t) ? 0 : Beta(degrees / 2, 0.5, degrees / (degrees + (t * t)));

    /// <summary>P(X &gt; x) for chi-square with one degree of freedom.</summary>
    public static double ChiSquareUpper1(double x) => Erfc(Math.Sqrt(x / 2));

    /// <summary>x with I_x(a, b) = p.</summary>
    public static double BetaQuantile(double p, double a, double b) => Bisect(x => Beta(a, b, x) - p, 0, 1);

    /// <summary>P(X = k) of n fair coins.</summary>
    public static double FairCoin(int k, int n) => Math.Exp(LogGamma(n + 1) - LogGamma(k + 1) - LogGamma(n - k + 1) - (n * Math.Log(2)));

    /// <summary>The regularised incomplete beta function I_x(a, b).</summary>
    public static double Beta(double a, double b, double x)
    {
        if (x <= 0) return 0;
        if (x >= 1) return 1;
        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + (a * Math.Log(x)) + (b * Math.Log(1 - x)));
        return x < (a + 1) / (a + b + 2) ? front * BetaFraction(a, b, x) / a : 1 - (front * BetaFraction(b, a, 1 - x) / b);
    }

    private static double BetaFraction(double a, double b, double x)
    {
        const double Tiny = 1e-300;
        var c = 1.0;
        var d = 1 / NotZero(1 - ((a + b) * x / (a + 1)));
        var h = d;
        for (var m = 1; m <= 10_000; m++)
        {
            var even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            d = 1 / NotZero(1 + (even * d));
            c = NotZero(1 + (even / c));
            h *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            d = 1 / NotZero(1 + (odd * d));
            c = NotZero(1 + (odd / c));
            h *= d * c;
            if (Math.Abs((d * c) - 1) < 1e-16) break;
        }

        return h;

        static double NotZero(double value) => Math.Abs(value) < Tiny ? Tiny : value;
    }

    private static double Erfc(double x)
    {
        if (x < 0) return 2 - Erfc(-x);
        if (x < 2)
        {
            // erf by its Taylor series.
            var (term, sum) = (x, x);
            for (var n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum) && n < 200; n++)
            {
                term *= -x * x / n;
                sum += term / ((2 * n) + 1);
            }

            return 1 - (2 / Math.Sqrt(Math.PI) * sum);
        }

        // erfc by the continued fraction of its asymptotic form, from the inside out.
        var fraction = 0.0;
        for (var n = 120; n >= 1; n--) fraction = n / 2.0 / (x + fraction);
        return Math.Exp(-x * x) / Math.Sqrt(Math.PI) / (x + fraction);
    }

    /// <summary>ln Γ(x) by Stirling's series, after raising small x to where it holds.</summary>
    private static double LogGamma(double x)
    {
        var shift = 0.0;
        for (; x < 15; x++) shift += Math.Log(x);
        var inverse = 1 / (x * x);
        var series = ((((((((((-3617.0 / 122400 * inverse) + (1.0 / 156)) * inverse) - (691.0 / 360360)) * inverse) + (1.0 / 1188)) * inverse) - (1.0 / 1680)) * inverse) + (1.0 / 1260)) * inverse;
        series = ((((series - (1.0 / 360)) * inverse) + (1.0 / 12)) / x);
        return ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + series - shift;
    }

    /// <summary>The zero of a rising function.</summary>
    private static double Bisect(Func<double, double> rising, double low, double high)
    {
        for (var i = 0; i < 200 && high - low > 0; i++)
        {
            var middle = low + ((high - low) / 2);
            if (middle == low || middle == high) break;
            if (rising(middle) < 0) low = middle;
            else high = middle;
        }

        return low + ((high - low) / 2);
    }
}
