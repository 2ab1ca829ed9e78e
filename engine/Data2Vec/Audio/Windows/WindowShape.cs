namespace Data2Vec.Audio;

/// <summary>
/// The windows of a model, in frames. Window k begins at frame k * <see cref="Step"/>. Of its frames count those from the left stride to the right one, so that the
/// windows together have the frames of the whole recording.
/// </summary>
internal sealed class WindowShape
{
    private readonly AudioConfig _config;
    private readonly int _samplesPerFrame, _left, _right;
    private readonly long _longestWhole;
    private readonly TimeSpan _refused = TimeSpan.MaxValue;

    /// <summary>Fits windows to a model.</summary>
    /// <param name="config">The model.</param>
    /// <param name="options">The windows that the caller wants.</param>
    /// <exception cref="ArgumentException">They do not fit.</exception>
    public WindowShape(AudioConfig config, InputOptions options)
    {
        RecordingWindows windows = options.Windows ?? RecordingWindows.Default;
        LongRecordingPolicy policy = options.LongRecordings ?? LongRecordingPolicy.Chunk;
        if (!Enum.IsDefined(policy))
        {
            throw new ArgumentOutOfRangeException(nameof(options), policy, "The policy for long recordings is unknown.");
        }

        (_config, _samplesPerFrame) = (config, config.SamplesPerFrame);
        int frames = Frames(windows.Length);
        Samples = frames * _samplesPerFrame;
        _left = Frames(windows.Stride);

        // The last samples of a window are too few for a frame: those of the published models give a frame less than their length in frames.
        _right = Math.Max(_left, frames - config.Frames(Samples));
        Step = frames - _left - _right;
        if (Step < 1)
        {
            throw new ArgumentException(
                $"Windows of {windows.Length.TotalSeconds:0.###} s are too short for strides of {windows.Stride.TotalSeconds:0.###} s on both sides: make the windows longer, or the strides shorter.",
                nameof(options));
        }

        TimeSpan longest = windows.LongestWhole ?? windows.Length;
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, TimeSpan.Zero, nameof(options));
        _longestWhole = policy == LongRecordingPolicy.Whole ? long.MaxValue : Math.Max(Samples, (long)(longest.TotalSeconds * config.SampleRate));
        _refused = policy == LongRecordingPolicy.Error ? longest : _refused;

        int Frames(TimeSpan time)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero, nameof(options));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(time, TimeSpan.FromHours(1), nameof(options));
            return checked((int)Math.Round(time.TotalSeconds * config.SampleRate / _samplesPerFrame));
        }
    }

    /// <summary>The samples of a window.</summary>
    public int Samples { get; }

    /// <summary>The frames from the start of a window to the start of the next.</summary>
    public int Step { get; }

    /// <summary>The samples from the start of a window to the start of the next.</summary>
    public int StepSamples => Step * _samplesPerFrame;

    /// <summary>Whether a recording of at least so many samples is cut.</summary>
    /// <exception cref="InvalidDataException">Long recordings are refused.</exception>
    public bool Cuts(long samples) => samples > _longestWhole
        && (_refused == TimeSpan.MaxValue
            ? true
            : throw new InvalidDataException($"the recording is longer than {_refused.TotalSeconds:0.###} s, and long recordings are refused; split it, or let it be cut into windows"));

    /// <summary>All windows of a recording; one if it is not cut.</summary>
    public IReadOnlyList<RecordingWindow> Windows(int samples)
    {
        var windows = new List<RecordingWindow>();
        long start = 0;
        if (Cuts(samples))
        {
            for (; start + Samples < samples; start += StepSamples)
            {
                windows.Add(Window(start));
            }
        }

        RecordingWindow last = LastWindow(start, (int)(samples - start));
        if (start == 0 || last.Count > 0)
        {
            windows.Add(last);
        }

        return windows;
    }

    /// <summary>A window that is not the last one.</summary>
    public RecordingWindow Window(long start)
    {
        int rows = _config.Frames(Samples);
        return new RecordingWindow(start, Samples, First(start), Step + _left, rows);
    }

    /// <summary>The last window, which has no right stride. Perhaps no row of it counts.</summary>
    public RecordingWindow LastWindow(long start, int samples)
    {
        int rows = _config.Frames(samples);
        return new RecordingWindow(start, samples, First(start), rows, rows);
    }

    /// <summary>A part of a recording all of whose rows count.</summary>
    public static RecordingWindow Whole(AudioConfig config, long start, int samples)
    {
        int rows = config.Frames(samples);
        return new RecordingWindow(start, samples, 0, rows, rows);
    }

    private int First(long start) => start == 0 ? 0 : _left;
}
