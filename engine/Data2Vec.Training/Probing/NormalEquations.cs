using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Data2Vec.Training.Threading;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Training.Probing;

/// <summary>
/// Least squares with a penalty: the minimum of <c>mean (x w + b - y)² / 2 + penalty |w|² / 2</c> for standardized vectors, for any number of
/// penalties. Sums are in double precision.
/// </summary>
internal sealed class NormalEquations
{
    /// <summary>Vectors whose features are multiplied while they are in the cache.</summary>
    private const int ChunkVectors = 512;

    private readonly double[] _gram, _moments;
    private readonly int _features;

    /// <param name="values">Standardized vectors, row after row.</param>
    /// <param name="features">The length of a vector.</param>
    /// <param name="targets">The number of each vector.</param>
    /// <param name="threads">The number of threads.</param>
    public NormalEquations(float[] values, int features, double[] targets, int threads)
    {
        (_features, _gram, _moments) = (features, new double[checked(features * features)], new double[features]);
        int count = targets.Length;
        Mean = targets.Average();
        float[] columns = new float[features * Math.Min(ChunkVectors, count)];
        for (int first = 0; first < count; first += ChunkVectors)
        {
            int start = first, vectors = Math.Min(ChunkVectors, count - first);
            for (int i = 0; i < vectors; i++)
            {
                double weight = (targets[first + i] - Mean) / count;
                for (int k = 0; k < features; k++)
                {
                    float value = values[((first + i) * features) + k];
                    columns[(k * vectors) + i] = value;
                    _moments[k] += value * weight;
                }
            }

            ParallelTasks.Run(features, threads, row =>
            {
                ReadOnlySpan<float> column = columns.AsSpan(row * vectors, vectors);
                for (int other = 0; other <= row; other++)
                {
                    _gram[(row * features) + other] += Dot(column, columns.AsSpan(other * vectors, vectors)) / count;
                }
            });
        }
    }

    /// <summary>The mean of the targets, which is the bias.</summary>
    public double Mean { get; }

    /// <summary>Computes the weights for a penalty above 0.</summary>
    public double[] Solve(double penalty, int threads)
    {
        // The Cholesky factor L, row by row of a column: L Lᵀ = gram + penalty.
        double[] factor = [.. _gram];
        for (int column = 0; column < _features; column++)
        {
            Span<double> own = factor.AsSpan(column * _features, column);
            double diagonal = factor[(column * _features) + column] + penalty - TensorPrimitives.SumOfSquares<double>(own);
            double root = Math.Sqrt(Math.Max(diagonal, penalty * 1e-3)); // below the penalty only by rounding
            factor[(column * _features) + column] = root;
            int first = column + 1, block = column;
            ParallelTasks.Run((_features - first + 63) / 64, _features - first > 256 ? threads : 1, part =>
            {
                for (int row = first + (part * 64); row < Math.Min(first + (part * 64) + 64, _features); row++)
                {
                    ref double element = ref factor[(row * _features) + block];
                    element = (element - TensorPrimitives.Dot<double>(factor.AsSpan(row * _features, block), factor.AsSpan(block * _features, block))) / root;
                }
            });
        }

        double[] weights = [.. _moments];
        for (int row = 0; row < _features; row++)
        {
            double sum = TensorPrimitives.Dot<double>(factor.AsSpan(row * _features, row), weights.AsSpan(0, row));
            weights[row] = (weights[row] - sum) / factor[(row * _features) + row];
        }

        for (int row = _features - 1; row >= 0; row--)
        {
            weights[row] /= factor[(row * _features) + row];
            TensorPrimitives.MultiplyAdd(factor.AsSpan(row * _features, row), -weights[row], weights.AsSpan(0, row), weights.AsSpan(0, row));
        }

        return weights;
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Vector256<double> low = default, high = default;
        ReadOnlySpan<Vector256<float>> left = MemoryMarshal.Cast<float, Vector256<float>>(a), right = MemoryMarshal.Cast<float, Vector256<float>>(b);
        for (int i = 0; i < left.Length; i++)
        {
            (Vector256<double> a0, Vector256<double> a1) = Vector256.Widen(left[i]);
            (Vector256<double> b0, Vector256<double> b1) = Vector256.Widen(right[i]);
            low += a0 * b0;
            high += a1 * b1;
        }

        double sum = Vector256.Sum(low + high);
        for (int i = left.Length * Vector256<float>.Count; i < a.Length; i++)
        {
            sum += (double)a[i] * b[i];
        }

        return sum;
    }
}
