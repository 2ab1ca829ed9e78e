namespace Data2Vec.Audio;

/// <summary>Cuts a recording into windows while it comes. What is not in a window yet is at most what one window needs.</summary>
/// <param name="shape">The windows.</param>
internal sealed class WindowCutter(WindowShape shape)
{
    private float[] _samples = [];
    private int _count;
    private long _start; // of the first sample, and of the next window
    private bool _isCut;

    /// <summary>The samples since the start of the next window.</summary>
    public ReadOnlySpan<float> Pending => _samples.AsSpan(0, _count);

    /// <summary>The window that the samples so far are, if the recording ends here.</summary>
    public RecordingWindow PendingWindow => shape.LastWindow(_start, _count);

    /// <summary>Takes samples at the model's rate.</summary>
    /// <param name="samples">The next samples.</param>
    /// <param name="cut">Receives the windows that are complete. One is complete when a sample after it shows that it is not the last.</param>
    public void Append(ReadOnlySpan<float> samples, Action<RecordingWindow, ReadOnlySpan<float>> cut)
    {
        while (!samples.IsEmpty)
        {
            int taken = Math.Min(samples.Length, Math.Max(shape.Samples, 1 << 14));
            AppendBlock(samples[..taken], cut);
            samples = samples[taken..];
        }
    }

    private void AppendBlock(ReadOnlySpan<float> samples, Action<RecordingWindow, ReadOnlySpan<float>> cut)
    {
        if (_count + samples.Length > _samples.Length)
        {
            Array.Resize(ref _samples, (int)Math.Min(Math.Max(_count + (long)samples.Length, 2L * _samples.Length), Array.MaxLength));
        }

        samples.CopyTo(_samples.AsSpan(_count));
        _count += samples.Length;
        _isCut = _isCut || shape.Cuts(_count);
        int passed = 0;
        for (; _isCut && _count - passed > shape.Samples; passed += shape.StepSamples, _start += shape.StepSamples)
        {
            cut(shape.Window(_start), _samples.AsSpan(passed, shape.Samples));
        }

        _samples.AsSpan(passed, _count - passed).CopyTo(_samples);
        _count -= passed;
    }
}
