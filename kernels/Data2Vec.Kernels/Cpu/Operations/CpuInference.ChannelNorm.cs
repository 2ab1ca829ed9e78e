namespace Data2Vec.Kernels.Cpu;

/// <content>Norms of each channel over the rows of a sequence.</content>
internal sealed unsafe partial class CpuInference<S, V>
{
    public override void ChannelMoments(Tensor x, Sequences sequences, Tensor moments)
    {
        OperationShapes.RequireChannelMoments(x, sequences, moments);
        var job = new ChannelMomentsJob<S, V>(x, sequences, moments);
        team.Run(job, job.Tasks);
    }

    public override void ChannelNorm(Tensor x, Sequences sequences, Tensor moments, NormWeights norm, Activation activation, Tensor output)
    {
        OperationShapes.RequireChannelNorm(x, sequences, moments, norm, output);
        NormValues values = ((CpuNorm)norm).Values;
        long mark = Mark();
        Tensor factors = Allocate(1, x.Columns, ElementType.F32);
        for (int i = 0; i < sequences.Count; i++)
        {
            float* mean = moments.Row(i), variance = mean + x.Columns, factor = factors.Row(0);
            for (int channel = 0; channel < x.Columns; channel++)
            {
                factor[channel] = values.Gain[channel] / MathF.Sqrt(variance[channel] + values.Epsilon);
            }

            Tensor rows = x.SliceRows(sequences.Start(i), sequences.Length(i)), results = output.SliceRows(sequences.Start(i), sequences.Length(i));
            RunRows(new ChannelNormRows<S, V>(rows, mean, factor, values.Bias, activation, results), rows.Rows);
        }

        Release(mark);
    }
}

internal readonly unsafe struct ChannelNormRows<S, V>(Tensor x, float* mean, float* factor, float* bias, Activation activation, Tensor output) : IRowKernel
    where S : struct, ISimd<V>
    where V : unmanaged
{
    public void Run(int row)
    {
        float* from = x.Row(row), to = output.Row(row);
        for (int i = 0; i < x.Columns; i += S.Width)
        {
            V distance = S.Subtract(S.Load(from + i), S.Load(mean + i));
            V normed = S.MultiplyAdd(distance, S.Load(factor + i), S.Load(bias + i));
            RowKernels<S, V>.StoreFirst(to + i, RowKernels<S, V>.Activate(normed, activation), x.Columns - i);
        }
    }
}

/// <summary>
/// Each task has some channels of one sequence. Sums of a few rows in f32 are added up in f64, always in the order of the rows.
/// </summary>
internal readonly unsafe struct ChannelMomentsJob<S, V>(Tensor x, Sequences sequences, Tensor moments) : IJob
    where S : struct, ISimd<V>
    where V : unmanaged
{
    private const int ChannelsPerTask = 64, RowsPerSum = 32;

    private int TasksPerSequence => (x.Columns + ChannelsPerTask - 1) / ChannelsPerTask;

    public int Tasks => TasksPerSequence * sequences.Count;

    public void Run(int task)
    {
        (int sequence, int block) = Math.DivRem(task, TasksPerSequence);
        int first = block * ChannelsPerTask, channels = Math.Min(ChannelsPerTask, x.Columns - first);
        float* means = moments.Row(sequence) + first, variances = means + x.Columns;
        float* zeros = stackalloc float[ChannelsPerTask], mean = stackalloc float[ChannelsPerTask];
        new Span<float>(zeros, ChannelsPerTask).Clear();
        Average(sequence, first, channels, zeros, mean, isSquared: false);
        new ReadOnlySpan<float>(mean, channels).CopyTo(new Span<float>(means, channels));
        Average(sequence, first, channels, mean, zeros, isSquared: true);
        new ReadOnlySpan<float>(zeros, channels).CopyTo(new Span<float>(variances, channels));
    }

    /// <summary>The average over the rows of the distance from a center, or of its square.</summary>
    private void Average(int sequence, int first, int channels, float* center, float* average, bool isSquared)
    {
        double* totals = stackalloc double[ChannelsPerTask];
        float* sums = stackalloc float[ChannelsPerTask];
        new Span<double>(totals, ChannelsPerTask).Clear();
        int begin = sequences.Start(sequence), end = begin + sequences.Length(sequence);
        for (int row = begin; row < end; row += RowsPerSum)
        {
            int last = Math.Min(row + RowsPerSum, end);
            for (int i = 0; i < channels; i += S.Width)
            {
                V sum = S.Create(0f), middle = S.Load(center + i);
                for (int r = row; r < last; r++)
                {
                    V distance = S.Subtract(S.Load(x.Row(r) + first + i), middle);
                    sum = isSquared ? S.MultiplyAdd(distance, distance, sum) : S.Add(sum, distance);
                }

                S.Store(sums + i, sum);
            }

            for (int i = 0; i < channels; i++)
            {
                totals[i] += sums[i];
            }
        }

        for (int i = 0; i < channels; i++)
        {
            average[i] = (float)(totals[i] / Math.Max(1, end - begin));
        }
    }
}
