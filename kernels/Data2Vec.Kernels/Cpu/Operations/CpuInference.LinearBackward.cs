using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <content>The backward partners of linear layers.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override bool Learns(LinearWeights weights) => weights is CpuLinear linear && (Learns(linear.Parts) || GradientOf(linear.Scale) != null);

    public override void LinearBackward(Tensor x, LinearWeights weights, Tensor sums, Activation activation, Tensor dy, Tensor dx, bool accumulate)
    {
        OperationShapes.RequireLinearBackward(x, weights, sums, activation, dy, dx);
        if (x.Rows == 0)
        {
            return;
        }

        long mark = Mark();
        var linear = (CpuLinear)weights;
        float* scale = GradientOf(linear.Scale);
        bool learns = Learns(linear.Parts);
        if (scale != null && activation != Activation.None)
        {
            RunRows(new ScaleGradient<S, V>(sums, activation, dy, scale), (dy.Columns - 1) / PanelLayout.Width + 1);
        }

        // Without an activation, the gradients of scale and weights come from the same product, which the scale has not multiplied yet.
        float* unscaled = activation == Activation.None ? scale : null;
        Tensor dz = dy;
        if ((activation != Activation.None || linear.Scale is not null) && (!dx.IsEmpty || (learns && unscaled == null)))
        {
            dz = Allocate(dy.Rows, dy.Columns);
            RunRows(new DifferentiateRows<S, V>(sums, activation, linear.Matrix.Scale, dy, dz), dy.Rows);
        }

        if (learns || unscaled != null)
        {
            LeftOperand left = Rows(x, WeightGradientJob<S, V>.LargestBlock);
            AddWeightGradients(left, linear.Matrix, linear.Parts, unscaled, unscaled != null ? dy : dz);
        }

        if (!dx.IsEmpty)
        {
            // A transposed copy of all weights would be as large as they are. One matrix at a time stays in the caches.
            TransposedPanels transposed = TransposedPanels.Create(linear.Matrix, 1, 0, Memory.Allocate);
            team.Run(transposed, transposed.Tasks);
            Multiply(Rows(dz, LargeBlockHeight(dz.Rows)), transposed.Result, new Epilogue(Activation.None, Accumulate: accumulate), dx);
        }

        Release(mark);
    }

    /// <summary>Rows as the left side of a product, in blocks of up to a height.</summary>
    private LeftOperand Rows(Tensor x, int height)
    {
        int count = (x.Rows + height - 1) / height;
        RowBlock* blocks = AllocateBlocks(count);
        Cut(blocks, count, x.Data, (nint)x.Stride * sizeof(float), 0, x.Rows);
        return new LeftOperand { Blocks = blocks, BlockCount = count, RowStride = x.Stride };
    }
}

/// <summary>The gradient of what an activation was applied to, before a scale, if there is one.</summary>
internal readonly unsafe struct DifferentiateRows<S, V>(Tensor x, Activation activation, float* scale, Tensor dy, Tensor dx) : IRowKernel
    where S : struct, ISimd<V>
    where V : unmanaged
{
    public void Run(int row) => RowKernels<S, V>.Differentiate(x.Row(row), activation, scale, dy.Row(row), dx.Row(row), dy.Columns);
}

/// <summary>The gradient of the scale that has multiplied activations: 32 columns at a time, <c>colsum(dy * activation(x))</c>.</summary>
internal readonly unsafe struct ScaleGradient<S, V>(Tensor x, Activation activation, Tensor dy, float* gradient) : IRowKernel
    where S : struct, ISimd<V>
    where V : unmanaged
{
    /// <summary>The rows that are added before they are added to the others, which keeps long sums accurate.</summary>
    private const int RowBlock = 256;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int row)
    {
        int column = row * PanelLayout.Width, count = Math.Min(PanelLayout.Width, dy.Columns - column);
        float* totals = stackalloc float[PanelLayout.Width];
        for (int i = 0; i < count; i += S.Width)
        {
            V total = S.Create(0f);
            for (int start = 0; start < dy.Rows; start += RowBlock)
            {
                V part = S.Create(0f);
                for (int r = start; r < Math.Min(start + RowBlock, dy.Rows); r++)
                {
                    V a = RowKernels<S, V>.Activate(S.Load(x.Row(r) + column + i), activation);
                    part = S.MultiplyAdd(a, S.Load(dy.Row(r) + column + i), part);
                }

                total = S.Add(total, part);
            }

            S.Store(totals + i, total);
        }

        RowKernels<S, V>.Add(gradient + column, totals, count);
    }
}
