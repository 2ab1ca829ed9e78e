namespace Data2Vec.Audio;

/// <summary>Runs the parts of a recording through a model while the recording is read: few parts are in memory at a time.</summary>
/// <param name="config">The model.</param>
/// <param name="rowsAtOnce">The rows that keep the device busy.</param>
/// <param name="run">Runs parts.</param>
/// <param name="receive">Receives what the model gives for each part, in order.</param>
internal sealed class RecordingRun(
    AudioConfig config, int rowsAtOnce, Func<IReadOnlyList<ReadOnlyMemory<float>>, float[][]> run, Action<RecordingWindow, float[]> receive)
{
    private readonly List<(RecordingWindow Window, ReadOnlyMemory<float> Samples)> _waiting = [];
    private readonly List<float[]> _buffers = []; // used again: large arrays would stay in memory for a while
    private int _rows;

    /// <summary>Takes a part.</summary>
    public void Add(RecordingWindow window, ReadOnlySpan<float> samples)
    {
        if (_rows + window.Rows > rowsAtOnce)
        {
            Flush();
        }

        Memory<float> part = Buffer(_waiting.Count, samples.Length);
        if (config.Normalize)
        {
            Normalization.PerUtterance(samples, part.Span);
        }
        else
        {
            samples.CopyTo(part.Span);
        }

        _waiting.Add((window, part));
        _rows += window.Rows;
    }

    private Memory<float> Buffer(int place, int length)
    {
        if (place == _buffers.Count)
        {
            _buffers.Add(new float[length]);
        }
        else if (_buffers[place].Length < length)
        {
            _buffers[place] = new float[length];
        }

        return _buffers[place].AsMemory(0, length);
    }

    /// <summary>Runs the parts that wait.</summary>
    public void Flush()
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        float[][] results = run([.. _waiting.Select(part => part.Samples)]);
        for (int i = 0; i < results.Length; i++)
        {
            receive(_waiting[i].Window, results[i]);
        }

        _waiting.Clear();
        _rows = 0;
    }
}
