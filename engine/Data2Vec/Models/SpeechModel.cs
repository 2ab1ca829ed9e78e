using Data2Vec.Audio;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec;

/// <summary>A model of speech. Recordings of any sample rate are resampled.</summary>
public sealed class SpeechModel : EncoderModel<Waveform, float>
{
    internal SpeechModel(LoadedEncoder loaded)
        : base(loaded)
    {
    }

    /// <inheritdoc/>
    public override AudioConfig Config => (AudioConfig)base.Config;

    /// <summary>The sample rate of prepared inputs, in Hz.</summary>
    public int SampleRate => Config.SampleRate;

    /// <summary>Whether the model has a CTC head.</summary>
    public bool CanTranscribe => Labels is not null;

    /// <summary>Transcribes recordings by the most probable label of each frame.</summary>
    /// <param name="recordings">The recordings.</param>
    /// <param name="cancellationToken">Checked before each recording and layer.</param>
    /// <returns>A text for each recording.</returns>
    /// <exception cref="InvalidDataException">A recording is too short, or its samples are not finite.</exception>
    /// <exception cref="InvalidOperationException">The model has no CTC head.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public string[] Transcribe(IReadOnlyList<Waveform> recordings, CancellationToken cancellationToken = default)
    {
        CtcLabels labels = RequireLabels();
        return Decode(Scores(Prepare(recordings, new EmbeddingOptions(), cancellationToken).Parts, cancellationToken), labels);
    }

    /// <summary>Transcribes one recording by the most probable label of each frame.</summary>
    /// <returns>The text.</returns>
    /// <inheritdoc cref="Transcribe(IReadOnlyList{Waveform}, CancellationToken)"/>
    public string Transcribe(Waveform recording, CancellationToken cancellationToken = default) => Transcribe([recording], cancellationToken)[0];

    /// <summary>Transcribes recordings, in batches with those of other asynchronous calls.</summary>
    /// <param name="recordings">The recordings. They must not change before the task ends.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work unless another call shares it.</param>
    /// <exception cref="QueueFullException">More rows wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="Transcribe(IReadOnlyList{Waveform}, CancellationToken)"/>
    public async Task<string[]> TranscribeAsync(IReadOnlyList<Waveform> recordings, CancellationToken cancellationToken = default)
    {
        CtcLabels labels = RequireLabels();
        PreparedInputs<float> prepared = await PrepareAsync(recordings, new EmbeddingOptions(), cancellationToken).ConfigureAwait(false);
        return Decode(await ScoresAsync(prepared.Parts, cancellationToken).ConfigureAwait(false), labels);
    }

    /// <summary>Transcribes one recording, in a batch with those of other asynchronous calls.</summary>
    /// <returns>The text.</returns>
    /// <inheritdoc cref="TranscribeAsync(IReadOnlyList{Waveform}, CancellationToken)"/>
    public async Task<string> TranscribeAsync(Waveform recording, CancellationToken cancellationToken = default) =>
        (await TranscribeAsync([recording], cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Transcribes prepared recordings, which are passed to the encoder unprocessed.</summary>
    /// <param name="recordings">Samples at <see cref="SampleRate"/>, normalized if <see cref="AudioConfig.Normalize"/> says so.</param>
    /// <param name="cancellationToken">Checked before each recording and layer.</param>
    /// <inheritdoc cref="Transcribe(IReadOnlyList{Waveform}, CancellationToken)"/>
    public string[] TranscribePrepared(IReadOnlyList<ReadOnlyMemory<float>> recordings, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recordings);
        CtcLabels labels = RequireLabels();
        return Decode(Scores(recordings, cancellationToken), labels);
    }

    /// <summary>Transcribes one prepared recording, which is passed to the encoder unprocessed.</summary>
    /// <returns>The text.</returns>
    /// <inheritdoc cref="TranscribePrepared(IReadOnlyList{ReadOnlyMemory{float}}, CancellationToken)"/>
    public string TranscribePrepared(ReadOnlyMemory<float> recording, CancellationToken cancellationToken = default) =>
        TranscribePrepared([recording], cancellationToken)[0];

    /// <summary>Transcribes prepared recordings, in batches with those of other asynchronous calls.</summary>
    /// <param name="recordings">As for <c>TranscribePrepared</c>. They are copied before the method returns.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work unless another call shares it.</param>
    /// <exception cref="QueueFullException">More rows wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="Transcribe(IReadOnlyList{Waveform}, CancellationToken)"/>
    public async Task<string[]> TranscribePreparedAsync(IReadOnlyList<ReadOnlyMemory<float>> recordings, CancellationToken cancellationToken = default)
    {
        CtcLabels labels = RequireLabels();
        return Decode(await ScoresAsync(Copy(recordings).Parts, cancellationToken).ConfigureAwait(false), labels);
    }

    private protected override PreparedInputs<float> Prepare(
        IReadOnlyList<Waveform> inputs, InputOptions options, CancellationToken cancellationToken) => PrepareEach(
        inputs,
        recording =>
        {
            // Samples that are not finite stay so when they are normalized.
            float[] samples = recording.Resample(SampleRate).Samples;
            return Config.Normalize ? Normalization.PerUtterance(samples) : samples;
        },
        cancellationToken);

    private static string[] Decode(float[][] scores, CtcLabels labels) =>
        [.. scores.Select(ofRecording => TensorPrimitives.IsFiniteAll(ofRecording)
            ? new GreedyCtcDecoder(labels).Decode(ofRecording)[0].Text
            : throw new InvalidDataException("the model's scores are not finite numbers"))];

    private CtcLabels RequireLabels() =>
        Labels is { } labels ? Config.Ctc ?? CtcLabels.Letters(labels) : throw new InvalidOperationException("The model has no CTC head: it gives vectors, not text.");
}
