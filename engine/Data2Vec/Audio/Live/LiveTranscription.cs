using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Audio;

/// <summary>
/// Transcribes sound as it comes, in memory that does not grow. The sound is cut into windows like a long recording. When a window is complete, its words become
/// final; meanwhile the window so far gives a tentative text. Not thread-safe. After a cancelled call the session can go on, with the samples of that call.
/// </summary>
public sealed class LiveTranscription
{
    private readonly SpeechModel _model;
    private readonly StreamingResampler _resampler;
    private readonly WindowCutter _cutter;
    private readonly FinalWords _words;
    private readonly List<(RecordingWindow Window, float[] Samples)> _waiting = []; // more than those of this call if the last one was cancelled
    private readonly List<TranscriptUpdate> _updates = []; // those of a cancelled call come with the next one
    private readonly double _interval; // in samples at the model's rate
    private long _samples, _tentativeAt;
    private string _tentative = "";
    private bool _isComplete;

    internal LiveTranscription(SpeechModel model, int sampleRate, LiveTranscriptionOptions options)
    {
        if (options.UpdateInterval != Timeout.InfiniteTimeSpan)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.UpdateInterval, TimeSpan.Zero, nameof(options));
        }

        _model = model;
        _words = new FinalWords(model.Builder(options.Decoder), model.Config);
        _cutter = new WindowCutter(new WindowShape(model.Config, new TranscribeOptions { Windows = options.Windows with { LongestWhole = null } }));
        _resampler = Waveform.ResamplerFor(sampleRate, model.SampleRate).Start();
        SampleRate = sampleRate;
        _interval = options.UpdateInterval == Timeout.InfiniteTimeSpan ? double.PositiveInfinity : options.UpdateInterval.TotalSeconds * model.SampleRate;
    }

    /// <summary>The sample rate of the sound in Hz.</summary>
    public int SampleRate { get; }

    /// <summary>The length of the sound so far.</summary>
    public TimeSpan Duration => _words.Time(_samples);

    /// <summary>Takes sound.</summary>
    /// <param name="samples">The next samples, of any number; full scale is -1 to 1.</param>
    /// <param name="cancellationToken">Checked before each layer.</param>
    /// <returns>What is new: final texts, then perhaps a tentative one.</returns>
    /// <exception cref="InvalidDataException">The samples are not finite.</exception>
    /// <exception cref="InvalidOperationException">The session is complete.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public IReadOnlyList<TranscriptUpdate> Append(ReadOnlySpan<float> samples, CancellationToken cancellationToken = default)
    {
        RequireGoingOn();
        if (!samples.IsEmpty && !TensorPrimitives.IsFiniteAll(samples))
        {
            throw new InvalidDataException("the samples are not finite numbers");
        }

        Take(_resampler.Append(samples), cancellationToken);
        AddTentative(cancellationToken);
        return TakeUpdates();
    }

    /// <summary>Ends the session.</summary>
    /// <param name="cancellationToken">Checked before each layer.</param>
    /// <returns>The final text of the rest.</returns>
    /// <inheritdoc cref="Append" path="/exception"/>
    public IReadOnlyList<TranscriptUpdate> Complete(CancellationToken cancellationToken = default)
    {
        RequireGoingOn();
        Take(_resampler.Complete(), cancellationToken);
        if (_cutter.PendingWindow is { Count: > 0 } last)
        {
            _words.Append(last, Run([_cutter.Pending.ToArray()], cancellationToken)[0]);
        }

        Add(_words.TakeAll());
        _isComplete = true;
        return TakeUpdates();
    }

    private TranscriptUpdate[] TakeUpdates()
    {
        TranscriptUpdate[] updates = [.. _updates];
        _updates.Clear();
        return updates;
    }

    private void Take(ReadOnlySpan<float> samples, CancellationToken cancellationToken)
    {
        _samples += samples.Length;
        _cutter.Append(samples, (window, part) => _waiting.Add((window, part.ToArray())));
        if (_waiting.Count == 0)
        {
            return;
        }

        float[][] logits = Run([.. _waiting.Select(window => window.Samples)], cancellationToken);
        for (int i = 0; i < logits.Length; i++)
        {
            _words.Append(_waiting[i].Window, logits[i]);
            Add(_words.Take());
        }

        _waiting.Clear();
    }

    private void AddTentative(CancellationToken cancellationToken)
    {
        RecordingWindow window = _cutter.PendingWindow;
        if (_samples - _tentativeAt < _interval || window.Count <= 0)
        {
            return;
        }

        _tentativeAt = _samples;
        TranscriptUpdate update = _words.Tentative(window, Run([_cutter.Pending.ToArray()], cancellationToken)[0]);
        if (update.Text != _tentative)
        {
            _tentative = update.Text;
            _updates.Add(update);
        }
    }

    private void Add(TranscriptUpdate? final)
    {
        if (final is not null)
        {
            _updates.Add(final);
            _tentative = "";
        }
    }

    private float[][] Run(float[][] parts, CancellationToken cancellationToken) => _model.Scores(
        [.. parts.Select(part => (ReadOnlyMemory<float>)(_model.Config.Normalize ? Normalization.PerUtterance(part) : part))], cancellationToken);

    private void RequireGoingOn()
    {
        if (_isComplete)
        {
            throw new InvalidOperationException("The session is complete; start another one.");
        }
    }
}
