namespace DomainTuning.Onnx.Adapters;

/// <summary>
/// The singular values of a product B A without forming it: B = Q₁ R₁ and Aᵀ = Q₂ R₂ (Gram-Schmidt, twice), then the small R₁ R₂ᵀ by Jacobi rotations
/// (Hestenes 1958), in double precision.
/// </summary>
internal static class LowRankSvd
{
    /// <summary>The closest product of a smaller rank.</summary>
    /// <param name="b">[rows, rank]</param>
    /// <param name="a">[rank, columns]</param>
    /// <returns>U S [rows, kept] and Vᵀ [kept, columns]; kept is at most the rank.</returns>
    public static (float[] B, float[] A) Truncate(float[] b, float[] a, int rows, int rank, int columns, int kept)
    {
        kept = Math.Min(kept, rank);
        var (q1, r1) = Orthogonalise([.. Enumerable.Range(0, rank).Select(k => Column(b, rows, rank, k))]);
        var (q2, r2) = Orthogonalise([.. Enumerable.Range(0, rank).Select(k => Array.ConvertAll(a[(k * columns)..((k + 1) * columns)], value => (double)value))]);
        // Column j of the core R₁ R₂ᵀ, whose SVD is that of the product.
        double[][] core = [.. Enumerable.Range(0, rank).Select(j => Enumerable.Range(0, rank).Select(i => Enumerable.Range(0, rank).Sum(k => r1[k][i] * r2[k][j])).ToArray())];
        double[][] v = [.. Enumerable.Range(0, rank).Select(j => Enumerable.Range(0, rank).Select(i => i == j ? 1.0 : 0).ToArray())];
        Rotate(core, v);
        int[] order = [.. Enumerable.Range(0, rank).OrderByDescending(j => Dot(core[j], core[j])).Take(kept)];

        float[] us = new float[rows * kept], vt = new float[kept * columns];
        for (var k = 0; k < kept; k++)
        {
            for (var i = 0; i < rank; i++)
            {
                for (var row = 0; row < rows; row++) us[row * kept + k] += (float)(q1[i][row] * core[order[k]][i]);
                for (var column = 0; column < columns; column++) vt[k * columns + column] += (float)(q2[i][column] * v[order[k]][i]);
            }
        }

        return (us, vt);
    }

    /// <summary>Columns q and, for each of the given columns, its coordinates in them.</summary>
    private static (double[][] Q, double[][] R) Orthogonalise(double[][] vectors)
    {
        var n = vectors.Length;
        double[][] q = [.. vectors.Select(vector => (double[])vector.Clone())], r = [.. vectors.Select(_ => new double[n])];
        for (var j = 0; j < n; j++)
        {
            var before = Math.Sqrt(Dot(q[j], q[j]));
            for (var pass = 0; pass < 2; pass++)
                for (var i = 0; i < j; i++)
                {
                    var along = Dot(q[i], q[j]);
                    r[j][i] += along;
                    for (var x = 0; x < q[j].Length; x++) q[j][x] -= along * q[i][x];
                }

            var norm = Math.Sqrt(Dot(q[j], q[j]));
            r[j][j] = norm > 1e-12 * before ? norm : 0;
            for (var x = 0; x < q[j].Length; x++) q[j][x] = r[j][j] > 0 ? q[j][x] / norm : 0; // a dependent vector adds no direction
        }

        return (q, r);
    }

    private static void Rotate(double[][] u, double[][] v)
    {
        for (var sweep = 0; sweep < 60; sweep++)
        {
            var rotated = false;
            for (var p = 0; p < u.Length - 1; p++)
                for (var q = p + 1; q < u.Length; q++)
                {
                    double pp = Dot(u[p], u[p]), qq = Dot(u[q], u[q]), pq = Dot(u[p], u[q]);
                    if (Math.Abs(pq) <= 1e-14 * Math.Sqrt(pp * qq) || pq == 0) continue;
                    rotated = true;
                    var zeta = (qq - pp) / (2 * pq);
                    var t = (zeta < 0 ? -1 : 1) / (Math.Abs(zeta) + Math.Sqrt(1 + zeta * zeta));
                    var cosine = 1 / Math.Sqrt(1 + t * t);
                    foreach (var m in new[] { u, v })
                        for (var i = 0; i < m[p].Length; i++)
                            (m[p][i], m[q][i]) = (cosine * (m[p][i] - t * m[q][i]), cosine * (t * m[p][i] + m[q][i]));
                }

            if (!rotated) return;
        }
    }

    private static double[] Column(float[] m, int rows, int columns, int column) => [.. Enumerable.Range(0, rows).Select(row => (double)m[row * columns + column])];

    private static double Dot(double[] x, double[] y) => System.Numerics.Tensors.TensorPrimitives.Dot<double>(x, y);
}
