namespace Data2Vec.Audio.Wav2Vec2;

/// <summary>
/// The mean and the variance of each channel of a convolution over whole recordings. The convolution runs on parts of a recording, so that memory does not
/// grow with its length; the statistics of the parts are joined in f64. A recording is cut the same way in every batch, so that its numbers are the same too.
/// </summary>
/// <param name="convolution">The convolution of samples.</param>
/// <param name="rowsAtOnce">The rows that the convolution may make at once.</param>
internal sealed class RecordingMoments(Conv1dWeights convolution, int rowsAtOnce)
{
    private readonly int _rowsOfPart = Math.Clamp(rowsAtOnce, 1, 4096);

    /// <summary>The moments of recordings, <c>[recordings, 2 * channels]</c>: the means, then the variances.</summary>
    public Tensor Of(Inference run, IReadOnlyList<ReadOnlyMemory<float>> recordings, CancellationToken cancellation)
    {
        int channels = convolution.Shape.OutputChannels;
        Tensor moments = run.Allocate(recordings.Count, 2 * channels, ElementType.F32);
        var joined = new JoinedMoments[recordings.Count];
        var batch = new List<Part>();
        int rows = 0;
        foreach (Part part in recordings.SelectMany((recording, i) => Parts(recording, i)))
        {
            if (rows + part.Rows > rowsAtOnce && rows > 0)
            {
                Run();
            }

            batch.Add(part);
            rows += part.Rows;
        }

        Run();
        run.Upload([.. joined.SelectMany(recording => recording.ToArray())], moments);
        return moments;

        void Run()
        {
            cancellation.ThrowIfCancellationRequested();
            float[] ofParts = Moments(run, batch);
            for (int i = 0; i < batch.Count; i++)
            {
                (joined[batch[i].Recording] ??= new JoinedMoments(channels)).Add(ofParts.AsSpan(i * 2 * channels, 2 * channels), batch[i].Rows);
            }

            batch.Clear();
            rows = 0;
        }
    }

    private IEnumerable<Part> Parts(ReadOnlyMemory<float> recording, int number)
    {
        Conv1dShape shape = convolution.Shape;
        int all = shape.OutputLength(recording.Length);
        for (int first = 0; first < all; first += _rowsOfPart)
        {
            int count = Math.Min(_rowsOfPart, all - first);
            yield return new Part(number, recording.Slice(first * shape.Stride, (count - 1) * shape.Stride + shape.Kernel), count);
        }
    }

    private float[] Moments(Inference run, List<Part> parts)
    {
        int channels = convolution.Shape.OutputChannels;
        long mark = run.Mark();
        Sequences inputs = run.Sequences([.. parts.Select(part => part.Samples.Length)]), outputs = run.Sequences(inputs, convolution.Shape);
        Tensor x = run.Allocate(outputs.Rows, channels), moments = run.Allocate(parts.Count, 2 * channels, ElementType.F32);
        run.Conv1d(FeatureExtractor.Upload(run, [.. parts.Select(part => part.Samples)], inputs), inputs, convolution, null, Activation.None, x, outputs);
        run.ChannelMoments(x, outputs, moments);
        var values = new float[parts.Count * 2 * channels];
        run.Download(moments, values);
        run.Release(mark);
        return values;
    }

    private readonly record struct Part(int Recording, ReadOnlyMemory<float> Samples, int Rows);

    /// <summary>Means and sums of squares that grow by parts (Chan et al. 1983).</summary>
    private sealed class JoinedMoments(int channels)
    {
        private readonly double[] _means = new double[channels], _squares = new double[channels];
        private double _rows;

        public void Add(ReadOnlySpan<float> moments, int rows)
        {
            double all = _rows + rows;
            for (int i = 0; i < channels; i++)
            {
                double distance = moments[i] - _means[i];
                _means[i] += distance * rows / all;
                _squares[i] += moments[channels + i] * (double)rows + distance * distance * _rows * rows / all;
            }

            _rows = all;
        }

        public float[] ToArray() => [.. _means.Select(mean => (float)mean), .. _squares.Select(sum => (float)(sum / _rows))];
    }
}
