using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Data2Vec.Kernels.Cpu.Dot;

/// <summary>Turns rows of floats into units of bf16, or of bytes with a scale for each row.</summary>
/// <param name="x">The rows.</param>
/// <param name="type">The format of the units.</param>
/// <param name="units">Receives the units of each row; what a row does not fill counts as zero.</param>
/// <param name="scales">For bytes, receives what a row's bytes less 128 are multiplied by.</param>
internal readonly unsafe struct PackRowsJob(Tensor x, ElementType type, Tensor units, float* scales) : IJob
{
    private const byte Zero = 128;
    private const float Largest = 127;

    public void Run(int task)
    {
        int end = Math.Min((task + 1) * RowJob.Rows, x.Rows);
        for (int row = task * RowJob.Rows; row < end; row++)
        {
            if (type == ElementType.BF16)
            {
                Bf16.Pack(x.Row(row), (ushort*)units.Row(row), x.Columns, 2 * units.Columns);
            }
            else
            {
                scales[row] = ToBytes(x.Row(row), (byte*)units.Row(row), x.Columns, 4 * units.Columns);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float ToBytes(float* from, byte* to, int count, int padded)
    {
        Vector512<float> most = Vector512<float>.Zero;
        int i = 0;
        for (; i <= count - 16; i += 16)
        {
            // Not the native maximum, which loses what is not a number.
            most = Vector512.Max(most, Vector512.Abs(Vector512.Load(from + i)));
        }

        float largest = 0;
        for (int lane = 0; lane < 16; lane++)
        {
            largest = MathF.Max(largest, most[lane]);
        }

        for (; i < count; i++)
        {
            largest = MathF.Max(largest, MathF.Abs(from[i]));
        }

        float inverse = largest > 0 ? Largest / largest : 0;
        Vector512<float> times = Vector512.Create(inverse);
        Vector512<int> zero = Vector512.Create((int)Zero);
        i = 0;
        for (; i <= count - 64; i += 64)
        {
            Vector512<int> a = Quantized(from + i, times, zero), b = Quantized(from + i + 16, times, zero);
            Vector512<int> c = Quantized(from + i + 32, times, zero), d = Quantized(from + i + 48, times, zero);
            Vector512.Narrow(Vector512.Narrow(a.AsUInt32(), b.AsUInt32()), Vector512.Narrow(c.AsUInt32(), d.AsUInt32())).Store(to + i);
        }

        for (; i < count; i++)
        {
            to[i] = (byte)((int)MathF.Round(from[i] * inverse) + Zero);
        }

        for (; i < padded; i++)
        {
            to[i] = Zero;
        }

        return largest / Largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Quantized(float* from, Vector512<float> times, Vector512<int> zero) =>
        Vector512.ConvertToInt32Native(Vector512.Round(Vector512.Load(from) * times)) + zero;
}
