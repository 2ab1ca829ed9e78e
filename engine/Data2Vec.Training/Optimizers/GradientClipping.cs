using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Data2Vec.Training.Threading;

namespace Data2Vec.Training.Optimizers;

/// <summary>Clipping of gradients by their norm: <c>clip_grad_norm_</c> of fairseq (<c>fairseq/utils.py</c>) and of PyTorch.</summary>
public static unsafe class GradientClipping
{
    private const int ChunkElements = 1 << 15;

    /// <summary>
    /// The Euclidean norm of a gradient, summed in double precision in fixed chunks: the number of threads does not change it. It is not finite
    /// if an element is not.
    /// </summary>
    /// <param name="gradient">The gradient of all parameters. Those without one are 0.</param>
    /// <param name="threads">The number of threads, all processors by default.</param>
    public static double Norm(ReadOnlySpan<float> gradient, int? threads = null)
    {
        int length = gradient.Length;
        double[] sums = new double[(length + ChunkElements - 1) / ChunkElements];
        fixed (float* pinned = gradient)
        {
            float* start = pinned;
            ParallelTasks.Run(sums.Length, threads ?? Environment.ProcessorCount, chunk =>
            {
                int offset = chunk * ChunkElements;
                sums[chunk] = SumOfSquares(new ReadOnlySpan<float>(start + offset, Math.Min(ChunkElements, length - offset)));
            });
        }

        double sum = 0;
        foreach (double chunk in sums)
        {
            sum += chunk;
        }

        return Math.Sqrt(sum);
    }

    /// <summary>The factor that brings a gradient's norm below a limit: min(1, limit / (norm + 1e-6)). A limit of 0 does not clip.</summary>
    public static double Scale(double norm, double limit) => limit > 0 ? Math.Min(1, limit / (norm + 1e-6)) : 1;

    /// <summary>Adds in lanes of a fixed number, so that the result does not depend on the width of the processor's registers.</summary>
    private static double SumOfSquares(ReadOnlySpan<float> values)
    {
        Vector256<double> low = default, high = default;
        ReadOnlySpan<Vector256<float>> vectors = MemoryMarshal.Cast<float, Vector256<float>>(values);
        foreach (Vector256<float> vector in vectors)
        {
            (Vector256<double> first, Vector256<double> second) = Vector256.Widen(vector);
            low += first * first;
            high += second * second;
        }

        double sum = Vector256.Sum(low + high);
        foreach (float value in values[(vectors.Length * Vector256<float>.Count)..])
        {
            sum += (double)value * value;
        }

        return sum;
    }
}
