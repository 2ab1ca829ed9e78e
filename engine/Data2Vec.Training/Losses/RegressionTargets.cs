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
                for (int i = 0; i < sum.Length; i++)
                {
                    sum[i] += layer[i];
                }

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
        foreach (ref float value in sum)
        {
            value /= layers;
        }

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

    private static void AddInstanceNorm(ReadOnlySpan<float> values, ReadOnlySpan<int> lengths, int features, Span<float> sum)
    {
        double[] means = new double[features];
        double[] scales = new double[features];
        int start = 0;
        foreach (int length in lengths)
        {
            ReadOnlySpan<float> sequence = values.Slice(start, length * features);
            Array.Clear(means);
            Array.Clear(scales);
            for (int i = 0, feature = 0; i < sequence.Length; i++, feature = feature + 1 == features ? 0 : feature + 1)
            {
                means[feature] += sequence[i];
            }

            for (int feature = 0; feature < features; feature++)
            {
                means[feature] /= length;
            }

            for (int i = 0, feature = 0; i < sequence.Length; i++, feature = feature + 1 == features ? 0 : feature + 1)
            {
                double difference = sequence[i] - means[feature];
                scales[feature] += difference * difference;
            }

            for (int feature = 0; feature < features; feature++)
            {
                scales[feature] = 1 / Math.Sqrt((scales[feature] / length) + Epsilon);
            }

            for (int i = 0, feature = 0; i < sequence.Length; i++, feature = feature + 1 == features ? 0 : feature + 1)
            {
                sum[start + i] += (float)((sequence[i] - means[feature]) * scales[feature]);
            }

            start += sequence.Length;
        }
    }

    private static void AddLayerNorm(ReadOnlySpan<float> values, int features, Span<float> sum)
    {
        for (int start = 0; start < values.Length; start += features)
        {
            ReadOnlySpan<float> row = values.Slice(start, features);
            double mean = 0, variance = 0;
            foreach (float value in row)
            {
                mean += value;
            }

            mean /= features;
            foreach (float value in row)
            {
                variance += (value - mean) * (value - mean);
            }

            double scale = 1 / Math.Sqrt((variance / features) + Epsilon);
            for (int i = 0; i < features; i++)
            {
                sum[start + i] += (float)((row[i] - mean) * scale);
            }
        }
    }
}
