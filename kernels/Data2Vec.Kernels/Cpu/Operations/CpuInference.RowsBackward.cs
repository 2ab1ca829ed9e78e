using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <content>The backward partners of normalizations, activations, tables and means.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override bool Learns(NormWeights weights)
    {
        var norm = (CpuNorm)weights;
        return GradientOf(norm.Weight) != null || GradientOf(norm.Bias) != null;
    }

    public override bool Learns(EmbeddingWeights weights) => GradientOf(((CpuEmbedding)weights).Table) != null;

    public override void Activate(Tensor x, Activation activation, Tensor output)
    {
        OperationShapes.RequireSame(x, output);
        RunRows(new ActivateRows<S, V>(x, activation, output), x.Rows);
    }

    public override void ActivationBackward(Tensor x, Activation activation, Tensor dy, Tensor dx)
    {
        OperationShapes.RequireSame(x, dy);
        OperationShapes.RequireSame(x, dx);
        RunRows(new DifferentiateRows<S, V>(x, activation, null, dy, dx), x.Rows);
    }

    public override void LayerNorm(
        Tensor x, NormWeights norm, Tensor output, Tensor residual, Activation activation, Tensor normalized, Tensor factors)
    {
        OperationShapes.RequireNorm(x, norm, output, residual);
        OperationShapes.RequireSame(x, normalized);
        RunRows(new KeptNormRows<S, V>(x, residual, ((CpuNorm)norm).Values, activation, output, normalized, factors), x.Rows);
    }

    public override void LayerNormBackward(
        Tensor normalized, Tensor factors, NormWeights norm, Activation activation, Tensor dy, Tensor dx, bool accumulate)
    {
        OperationShapes.RequireNorm(normalized, norm, dy, dx);
        var weights = (CpuNorm)norm;
        float* dGain = GradientOf(weights.Weight), dBias = GradientOf(weights.Bias);
        if (normalized.Rows == 0)
        {
            return;
        }

        long mark = Mark();
        int blocks = (normalized.Rows + NormBackwardJob<S, V>.RowsPerBlock - 1) / NormBackwardJob<S, V>.RowsPerBlock;
        Tensor sums = Allocate(NormBackwardJob<S, V>.RowsOfSums * blocks, normalized.Columns);
        team.Run(new NormBackwardJob<S, V>(normalized, factors, weights.Values, activation, dy, dx, accumulate, sums, dGain, dBias), blocks);
        AddBlocks(sums, NormBackwardJob<S, V>.GainSum, blocks, dGain);
        AddBlocks(sums, NormBackwardJob<S, V>.BiasSum, blocks, dBias);
        Release(mark);
    }

    public override void EmbedBackward(ReadOnlySpan<int> ids, EmbeddingWeights table, Tensor dOutput)
    {
        OperationShapes.RequireEmbedding(ids, table, dOutput);
        float* gradient = GradientOf(((CpuEmbedding)table).Table);
        if (gradient == null)
        {
            return;
        }

        // The ids are in the caller's memory, which must not move while other threads read it.
        fixed (int* pinned = ids)
        {
            var job = new EmbedBackwardJob<S, V>(pinned, ids.Length, dOutput, gradient, table.Columns);
            team.Run(job, job.Tasks);
        }
    }

    public override void MeanOfSequencesBackward(Sequences sequences, int skip, Tensor dMeans, Tensor dx, bool accumulate)
    {
        for (int i = 0; i < sequences.Count; i++)
        {
            Span<float> mean = RowOf(dMeans, i);
            float share = 1f / (sequences.Length(i) - skip);
            for (int row = 0; row < sequences.Length(i); row++)
            {
                Span<float> gradient = RowOf(dx, sequences.Start(i) + row);
                if (!accumulate)
                {
                    gradient.Clear();
                }

                if (row >= skip)
                {
                    TensorPrimitives.MultiplyAdd(mean, share, gradient, gradient);
                }
            }
        }
    }

    public override void Scale(Tensor x, float factor)
    {
        for (int row = 0; row < x.Rows; row++)
        {
            TensorPrimitives.Multiply(RowOf(x, row), factor, RowOf(x, row));
        }
    }

    public override void Clear(Tensor x)
    {
        for (int row = 0; row < x.Rows; row++)
        {
            RowOf(x, row).Clear();
        }
    }

    /// <summary>Adds the sums of blocks of rows to a gradient, in their order.</summary>
    /// <param name="sums">The sums of all blocks, <see cref="NormBackwardJob{S, V}.RowsOfSums"/> rows each.</param>
    /// <param name="which">The row of a block.</param>
    /// <param name="blocks">The number of blocks.</param>
    /// <param name="gradient">The gradient; null if it is not wanted.</param>
    private static void AddBlocks(Tensor sums, int which, int blocks, float* gradient)
    {
        for (int block = 0; gradient != null && block < blocks; block++)
        {
            Span<float> sum = RowOf(sums, block * NormBackwardJob<S, V>.RowsOfSums + which), total = new(gradient, sums.Columns);
            TensorPrimitives.Add(total, sum, total);
        }
    }
}

internal readonly unsafe struct ActivateRows<S, V>(Tensor x, Activation activation, Tensor output) : IRowKernel
    where S : struct, ISimd<V>
    where V : unmanaged
{
    public void Run(int row) => RowKernels<S, V>.Activate(x.Row(row), x.Columns, activation, output.Row(row));
}

internal readonly unsafe struct KeptNormRows<S, V>(
    Tensor x, Tensor residual, NormValues norm, Activation activation, Tensor output, Tensor normalized, Tensor factors) : IRowKernel
    where S : struct, ISimd<V>
    where V : unmanaged
{
    public void Run(int row) => factors.Row(row)[0] = RowKernels<S, V>.Normalize(
        x.Row(row), residual.IsEmpty ? null : residual.Row(row), norm, activation, output.Row(row), normalized.Row(row));
}

/// <summary>The gradients of normalized rows. Each task has a block of rows and its own sums for gain and bias.</summary>
internal readonly unsafe struct NormBackwardJob<S, V>(
    Tensor normalized, Tensor factors, NormValues norm, Activation activation, Tensor dy, Tensor dx, bool accumulate, Tensor sums, float* dGain, float* dBias) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    public const int RowsPerBlock = 32, RowsOfSums = 3, GainSum = 0, BiasSum = 1;

    private const int Scratch = 2;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int task)
    {
        float* gain = dGain == null ? null : Sum(task, GainSum), bias = dBias == null ? null : Sum(task, BiasSum);
        float* scratch = sums.Row(task * RowsOfSums + Scratch);
        int end = Math.Min((task + 1) * RowsPerBlock, normalized.Rows);
        for (int row = task * RowsPerBlock; row < end; row++)
        {
            RowKernels<S, V>.NormalizeBackward(
                normalized.Row(row), factors.Row(row)[0], norm, activation, dy.Row(row), scratch, gain, bias, dx.IsEmpty ? null : dx.Row(row), accumulate);
        }
    }

    private float* Sum(int task, int which)
    {
        float* sum = sums.Row(task * RowsOfSums + which);
        new Span<float>(sum, sums.Columns).Clear();
        return sum;
    }
}

/// <summary>Adds rows to the gradients of their vectors. Each task has some columns of all rows, so that every sum has the order of the rows.</summary>
internal readonly unsafe struct EmbedBackwardJob<S, V>(int* ids, int count, Tensor dOutput, float* gradient, int columns) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    private const int ColumnsPerTask = 64;

    public int Tasks => (columns + ColumnsPerTask - 1) / ColumnsPerTask;

    public void Run(int task)
    {
        int first = task * ColumnsPerTask, size = Math.Min(ColumnsPerTask, columns - first);
        for (int row = 0; row < count; row++)
        {
            RowKernels<S, V>.Add(gradient + (long)ids[row] * columns + first, dOutput.Row(row) + first, size);
        }
    }
}
