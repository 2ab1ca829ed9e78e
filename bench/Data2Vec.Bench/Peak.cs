using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Bench;

/// <summary>Measures the peak rate of this machine's multiply-add units.</summary>
internal static class Peak
{
    /// <summary>The GFLOP/s of one thread on registers in the widest vectors: the best of several measurements.</summary>
    public static double GigaflopsPerThread()
    {
        double best = 0;
        for (int attempt = 0; attempt < 8; attempt++)
        {
            const int rounds = 2_000_000;
            long start = Stopwatch.GetTimestamp();
            float sum = Vector512.IsHardwareAccelerated ? Run<Simd512, Vector512<float>>(rounds) : Run<Simd256, Vector256<float>>(rounds);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            GC.KeepAlive(sum);
            int lanes = Vector512.IsHardwareAccelerated ? 16 : 8;
            best = Math.Max(best, rounds * 12.0 * lanes * 2 / seconds / 1e9);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Run<S, V>(int rounds)
        where S : struct, ISimd<V>
        where V : unmanaged
    {
        V a = S.Create(0.9999f), b = S.Create(1e-4f);
        V s0 = b, s1 = b, s2 = b, s3 = b, s4 = b, s5 = b, s6 = b, s7 = b, s8 = b, s9 = b, sa = b, sb = b;
        for (int i = 0; i < rounds; i++)
        {
            s0 = S.MultiplyAdd(s0, a, b);
            s1 = S.MultiplyAdd(s1, a, b);
            s2 = S.MultiplyAdd(s2, a, b);
            s3 = S.MultiplyAdd(s3, a, b);
            s4 = S.MultiplyAdd(s4, a, b);
            s5 = S.MultiplyAdd(s5, a, b);
            s6 = S.MultiplyAdd(s6, a, b);
            s7 = S.MultiplyAdd(s7, a, b);
            s8 = S.MultiplyAdd(s8, a, b);
            s9 = S.MultiplyAdd(s9, a, b);
            sa = S.MultiplyAdd(sa, a, b);
            sb = S.MultiplyAdd(sb, a, b);
        }

        V sum = S.Add(S.Add(S.Add(s0, s1), S.Add(s2, s3)), S.Add(S.Add(s4, s5), S.Add(s6, s7)));
        return S.Sum(S.Add(sum, S.Add(S.Add(s8, s9), S.Add(sa, sb))));
    }
}
