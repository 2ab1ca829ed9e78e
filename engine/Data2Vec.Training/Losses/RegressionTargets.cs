using System.Numerics.Tensors;
using Data2Vec.Training.Threading;

namespace Data2Vec.Training.Losses;

/// <summary>
/// The targets of data2vec: the mean of the outputs of the teacher's top layers, each normalized, and the mean normalized again
/// (<c>forward</c> of <c>Data2VecAudioModel</c>, <c>Data2VecTextEncoder</c> and <c>Data2VecVisionModel</c> in fairseq's <c>examples/data2vec/models</c>).
/// </summary>
/// <param name="EachLayer">The norm of each layer: <see cref="TargetNorm.Instance"/> for audio, <see cref="TargetNorm.Layer"/> for text.</param>
/// <param name="Mean">The norm of the mean: <see cref="TargetNorm.Layer"/> for images.</param>
public sealed record RegressionTargets(TargetNorm EachLayer, TargetNorm Mean)
{
    private const double Epsilon = 1e-5;

    /// <summary>What a task normalizes.</summary>
    private const int FeaturesPerBlock = 64, RowsPerBlock = 16;

    /// <summary>Adds the output of a layer to the sum of the layers. Start with zeros, end with <see cref="Finish"/>.</summary>
    /// <param name="layer">The output of the layer for all rows, masked or not: [rows, features].</param>
    /// <param name="lengths">The rows of each sequence.</param>
    /// <param name="features">The number of features.</param>
    /// <param name="sum">[rows, features].</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public void Add(ReadOnlySpan<float> layer, ReadOnlySpan<int> lengths, int features, Span<float> sum)
    {
        Rows.CheckLengths(lengths, Rows.Check(layer.Length, features));
        if (sum.Length != layer.Length)
        {
            throw new ArgumentException($"The layer has {layer.Length} elements, the sum {sum.Length}.", nameof(sum));
        }

        switch (EachLayer)
        {
            case TargetNorm.Instance:
                AddInstanceNorm(layer, lengths, features, sum);
                break;
            case TargetNorm.Layer:
                AddLayerNorm(layer, features, sum);
                break;
            default:
                TensorPrimitives.Add<float>(sum, layer, sum);
                break;
        }
    }

    /// <summary>Turns the sum of layers into targets.</summary>
    /// <param name="sum">The sum on input, the targets on return: [rows, features].</param>
    /// <param name="layers">The number of layers that were added.</param>
    /// <param name="lengths">The rows of each sequence.</param>
    /// <param name="features">The number of features.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public void Finish(Span<float> sum, int layers, ReadOnlySpan<int> lengths, int features)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(layers);
        Rows.CheckLengths(lengths, Rows.Check(sum.Length, features));
        TensorPrimitives.Divide<float>(sum, layers, sum);
        if (Mean == TargetNorm.None)
        {
            return;
        }

        float[] mean = sum.ToArray();
        sum.Clear();
        if (Mean == TargetNorm.Instance)
        {
            AddInstanceNorm(mean, lengths, features, sum);
        }
        else
        {
            AddLayerNorm(mean, features, sum);
        }
    }

    private static unsafe void AddInstanceNorm(ReadOnlySpan<float> values, ReadOnlySpan<int> lengths, int features, Span<float> sum)
    {
        int start = 0, blocks = (features + FeaturesPerBlock - 1) / FeaturesPerBlock;
        fixed (float* pinnedValues = values, pinnedSum = sum)
        {
            foreach (int length in lengths)
            {
                float* from = pinnedValues + start, to = pinnedSum + start;
                ParallelTasks.Run(blocks, Environment.ProcessorCount, block =>
                {
                    int first = block * FeaturesPerBlock;
                    AddInstanceNorm(from + first, length, features, Math.Min(FeaturesPerBlock, features - first), to + first);
                });
                start += length * features;
            }
        }
    }

    /// <summary>Normalizes some features of a sequence. Each has its own sums, in the order of the rows.</summary>
    private static unsafe void AddInstanceNorm(float* values, int length, int stride, int count, float* sum)
    {
        Span<double> memory = stackalloc double[3 * FeaturesPerBlock];
        Span<double> means = memory[..count], scales = memory.Slice(FeaturesPerBlock, count), row = memory.Slice(2 * FeaturesPerBlock, count);
        means.Clear();
        scales.Clear();
        for (int i = 0; i < length; i++)
        {
            TensorPrimitives.ConvertTruncating(new ReadOnlySpan<float>(values + (long)i * stride, count), row);
            TensorPrimitives.Add<double>(means, row, means);
        }

        TensorPrimitives.Divide(means, length, means);
        for (int i = 0; i < length; i++)
        {
            TensorPrimitives.ConvertTruncating(new ReadOnlySpan<float>(values + (long)i * stride, count), row);
            TensorPrimitives.Subtract<double>(row, means, row);
            TensorPrimitives.Multiply<double>(row, row, row);
            TensorPrimitives.Add<double>(scales, row, scales);
        }

        foreach (ref double scale in scales)
        {
            scale = 1 / Math.Sqrt((scale / length) + Epsilon);
        }

        Span<float> normalized = stackalloc float[FeaturesPerBlock];
        normalized = normalized[..count];
        for (int i = 0; i < length; i++)
        {
            TensorPrimitives.ConvertTruncating(new ReadOnlySpan<float>(values + (long)i * stride, count), row);
            TensorPrimitives.Subtract<double>(row, means, row);
            TensorPrimitives.Multiply<double>(row, scales, row);
            TensorPrimitives.ConvertTruncating<double, float>(row, normalized);
            var to = new Span<float>(sum + (long)i * stride, count);
            TensorPrimitives.Add<float>(to, normalized, to);
        }
    }

    private static unsafe void AddLayerNorm(ReadOnlySpan<float> values, int features, Span<float> sum)
    {
        int rows = values.Length / features;
        fixed (float* pinnedValues = values, pinnedSum = sum)
        {
            float* from = pinnedValues, to = pinnedSum;
            ParallelTasks.Run((rows + RowsPerBlock - 1) / RowsPerBlock, Environment.ProcessorCount, block =>
            {
                for (int row = block * RowsPerBlock; row < Math.Min((block + 1) * RowsPerBlock, rows); row++)
                {
                    AddLayerNorm(new ReadOnlySpan<float>(from + (long)row * features, features), new Span<float>(to + (long)row * features, features));
                }
            });
        }
    }

    private static void AddLayerNorm(ReadOnlySpan<float> row, Span<float> sum)
    {
        double mean = 0, variance = 0;
        foreach (float value in row)
        {
            mean += value;
        }

        mean /= row.Length;
        foreach (float value in row)
        {
            variance += (value - mean) * (value - mean);
        }

        double scale = 1 / Math.Sqrt((variance / row.Length) + Epsilon);
        for (int i = 0; i < row.Length; i++)
        {
            sum[i] += (float)((row[i] - mean) * scale);
        }
    }
}
