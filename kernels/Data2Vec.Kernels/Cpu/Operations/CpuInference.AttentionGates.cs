namespace Data2Vec.Kernels.Cpu;

/// <content>The gates of a bias by distance.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override void AttentionGates(Tensor x, Tensor weights, Tensor scales, Tensor output)
    {
        OperationShapes.RequireAttentionGates(x, weights, scales, output);
        RunRows(new GateRows<S, V>(x, weights, scales, output), x.Rows);
    }
}

internal readonly unsafe struct GateRows<S, V>(Tensor x, Tensor weights, Tensor scales, Tensor output) : IRowKernel
    where S : struct, ISimd<V>
    where V : unmanaged
{
    public void Run(int row)
    {
        int heads = scales.Columns, size = weights.Columns - 1;
        for (int head = 0; head < heads; head++)
        {
            float* features = x.Row(row) + head * size;
            float a = Logistic(Function(weights.Row(0), features, size)), b = Logistic(Function(weights.Row(1), features, size));
            output.Row(row)[head] = a * (b * scales.Row(0)[head] - 1f) + 2f;
        }
    }

    /// <summary>A linear function, whose bias follows the weights.</summary>
    private static float Function(float* weights, float* features, int size)
    {
        V sums = S.Create(0f);
        int i = 0;
        for (; i + S.Width <= size; i += S.Width)
        {
            sums = S.MultiplyAdd(S.Load(features + i), S.Load(weights + i), sums);
        }

        float sum = S.Sum(sums);
        for (; i < size; i++)
        {
            sum += features[i] * weights[i];
        }

        return sum + weights[size];
    }

    private static float Logistic(float x) => 1f / (1f + MathF.Exp(-x));
}
