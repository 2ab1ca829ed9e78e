namespace Data2Vec.Audio;

/// <summary>Runs the parts of a recording through a model while the recording is read: few parts are in memory at a time.</summary>
/// <param name="config">The model.</param>
/// <param name="rowsAtOnce">The rows that keep the device busy.</param>
/// <param name="run">Runs parts.</param>
/// <param name="receive">Receives what the model gives for each part, in order.</param>
internal sealed class RecordingRun(
    AudioConfig config, int rowsAtOnce, Func<IReadOnlyList<ReadOnlyMemory<float>>, float[][]> run, Action<RecordingWindow, float[]> receive)
{
    private readonly List<(RecordingWindow Window, float[] Samples)> _waiting = [];
    private int _rows;

    /// <summary>Takes a part.</summary>
    public void Add(RecordingWindow window, ReadOnlySpan<float> samples)
    {
        if (_rows + window.Rows > rowsAtOnce)
        {
            Flush();
        }

        _waiting.Add((window, config.Normalize ? Normalization.PerUtterance(samples) : samples.ToArray()));
        _rows += window.Rows;
    }

    /// <summary>Runs the parts that wait.</summary>
    public void Flush()
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        float[][] results = run([.. _waiting.Select(part => (ReadOnlyMemory<float>)part.Samples)]);
        for (int i = 0; i < results.Length; i++)
        {
            receive(_waiting[i].Window, results[i]);
        }

        _waiting.Clear();
        _rows = 0;
    }
}
