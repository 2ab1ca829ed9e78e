using Data2Vec.Audio;
using Data2Vec.Batching;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec;

/// <content>Speech.</content>
public sealed partial class Data2VecModel
{
    private static readonly Output s_logits = new(null, Pooling.None, IsLogits: true);

    /// <summary>Samples in a second that the model listens to, in Hz.</summary>
    /// <exception cref="InvalidOperationException">It is not a speech model.</exception>
    public int SampleRate => Recordings.Config.SampleRate;

    /// <summary>Whether the model has a CTC head.</summary>
    public bool CanTranscribe => Audio?.Labels is not null;

    private AudioEncoder Recordings => Takes<AudioEncoder>("recordings");

    /// <summary>Embeds recordings.</summary>
    /// <param name="waveforms">Samples of one channel at <see cref="SampleRate"/>, each long enough for one frame.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="normalizeInput">Whether the samples are normalized as the model wants them; off where that is done already.</param>
    /// <param name="cancellationToken">Looked at before each recording and layer.</param>
    /// <returns>For each recording one vector, or its <c>[frames, features]</c> where no pooling is asked for.</returns>
    /// <exception cref="InvalidDataException">A recording is too short, or has samples that are not finite.</exception>
    /// <exception cref="InvalidOperationException">It is not a speech model.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public float[][] EmbedAudio(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, EmbeddingOptions? options = null, bool normalizeInput = true,
        CancellationToken cancellationToken = default)
    {
        options ??= new EmbeddingOptions();
        return Finish(Embed(Recordings, Prepare(waveforms, normalizeInput, cancellationToken), options, cancellationToken), options);
    }

    /// <summary>Embeds one recording.</summary>
    /// <inheritdoc cref="EmbedAudio(IReadOnlyList{ReadOnlyMemory{float}}, EmbeddingOptions?, bool, CancellationToken)"/>
    public float[] EmbedAudio(
        ReadOnlyMemory<float> waveform, EmbeddingOptions? options = null, bool normalizeInput = true,
        CancellationToken cancellationToken = default) => EmbedAudio([waveform], options, normalizeInput, cancellationToken)[0];

    /// <summary>Embeds recordings, in batches with those of other asynchronous calls.</summary>
    /// <param name="waveforms">
    /// Samples of one channel at <see cref="SampleRate"/>, each long enough for one frame; they must not change before the task ends.
    /// </param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="normalizeInput">Whether the samples are normalized as the model wants them; off where that is done already.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work where no other call shares it.</param>
    /// <exception cref="QueueFullException">More inputs wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="EmbedAudio(IReadOnlyList{ReadOnlyMemory{float}}, EmbeddingOptions?, bool, CancellationToken)"/>
    public async Task<float[][]> EmbedAudioAsync(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, EmbeddingOptions? options = null, bool normalizeInput = true,
        CancellationToken cancellationToken = default) =>
        (await EmbedAudioCountedAsync(waveforms, options, normalizeInput, cancellationToken).ConfigureAwait(false)).Vectors;

    /// <summary>Embeds one recording, in a batch with those of other asynchronous calls.</summary>
    /// <inheritdoc cref="EmbedAudioAsync(IReadOnlyList{ReadOnlyMemory{float}}, EmbeddingOptions?, bool, CancellationToken)"/>
    public async Task<float[]> EmbedAudioAsync(
        ReadOnlyMemory<float> waveform, EmbeddingOptions? options = null, bool normalizeInput = true,
        CancellationToken cancellationToken = default) =>
        (await EmbedAudioAsync([waveform], options, normalizeInput, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Embeds one recording by what enters the first layer and by every layer's output.</summary>
    /// <returns><see cref="Layers"/> + 1 entries.</returns>
    /// <inheritdoc cref="EmbedAudio(IReadOnlyList{ReadOnlyMemory{float}}, EmbeddingOptions?, bool, CancellationToken)"/>
    public float[][] EmbedAudioLayers(
        ReadOnlyMemory<float> waveform, EmbeddingOptions? options = null, bool normalizeInput = true,
        CancellationToken cancellationToken = default)
    {
        options ??= new EmbeddingOptions();
        IReadOnlyList<ReadOnlyMemory<float>> inputs = Prepare([waveform], normalizeInput, cancellationToken);
        return Finish([.. EmbedLayers(Recordings, inputs, options, cancellationToken).Select(layer => layer[0])], options);
    }

    /// <summary>Embeds a recording of any sample rate.</summary>
    /// <param name="waveform">The recording, long enough for one frame; it is resampled where its rate is not <see cref="SampleRate"/>.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="cancellationToken">Looked at before each layer.</param>
    /// <returns>One vector, or <c>[frames, features]</c> where no pooling is asked for.</returns>
    /// <exception cref="ArgumentException">At the model's sample rate it would not fit an array.</exception>
    /// <exception cref="InvalidDataException">It is too short, of too low a rate, or has samples that are not finite.</exception>
    /// <exception cref="InvalidOperationException">It is not a speech model.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public float[] EmbedAudio(Waveform waveform, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        EmbedAudio(Samples(waveform), options, normalizeInput: true, cancellationToken);

    /// <summary>Embeds a recording of any sample rate, in a batch with those of other asynchronous calls.</summary>
    /// <param name="waveform">The recording, as for the synchronous method; it must not change before the task ends.</param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work where no other call shares it.</param>
    /// <exception cref="QueueFullException">More inputs wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="EmbedAudio(Waveform, EmbeddingOptions?, CancellationToken)"/>
    public async Task<float[]> EmbedAudioAsync(
        Waveform waveform, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        await EmbedAudioAsync(
            await OnPool(() => Samples(waveform), cancellationToken).ConfigureAwait(false),
            options, normalizeInput: true, cancellationToken).ConfigureAwait(false);

    /// <summary>Writes down what is spoken, by the likeliest label of each frame.</summary>
    /// <returns>A text for each recording.</returns>
    /// <exception cref="InvalidDataException">A recording is too short, or has samples that are not finite.</exception>
    /// <exception cref="InvalidOperationException">The model has no CTC head.</exception>
    /// <inheritdoc cref="EmbedAudio(IReadOnlyList{ReadOnlyMemory{float}}, EmbeddingOptions?, bool, CancellationToken)"/>
    public string[] Transcribe(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, bool normalizeInput = true, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<string> labels = RequireLabels();
        return Transcripts(LogitsOfAudio(waveforms, normalizeInput, cancellationToken), labels);
    }

    /// <summary>Writes down what is spoken in one recording.</summary>
    /// <returns>The text.</returns>
    /// <inheritdoc cref="Transcribe(IReadOnlyList{ReadOnlyMemory{float}}, bool, CancellationToken)"/>
    public string Transcribe(ReadOnlyMemory<float> waveform, bool normalizeInput = true, CancellationToken cancellationToken = default) =>
        Transcribe([waveform], normalizeInput, cancellationToken)[0];

    /// <summary>Writes down what is spoken in a recording of any sample rate.</summary>
    /// <returns>The text.</returns>
    /// <exception cref="InvalidOperationException">The model has no CTC head.</exception>
    /// <inheritdoc cref="EmbedAudio(Waveform, EmbeddingOptions?, CancellationToken)"/>
    public string Transcribe(Waveform waveform, CancellationToken cancellationToken = default) =>
        Transcribe(Samples(waveform), normalizeInput: true, cancellationToken);

    /// <summary>Writes down what is spoken, in batches with the recordings of other asynchronous transcriptions.</summary>
    /// <param name="waveforms">
    /// Samples of one channel at <see cref="SampleRate"/>, each long enough for one frame; they must not change before the task ends.
    /// </param>
    /// <param name="normalizeInput">Whether the samples are normalized as the model wants them; off where that is done already.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work where no other call shares it.</param>
    /// <exception cref="QueueFullException">More inputs wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="Transcribe(IReadOnlyList{ReadOnlyMemory{float}}, bool, CancellationToken)"/>
    public async Task<string[]> TranscribeAsync(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, bool normalizeInput = true, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<string> labels = RequireLabels();
        ReadOnlyMemory<float>[] inputs = await OnPool(
            () => Prepare(waveforms, normalizeInput, cancellationToken), cancellationToken).ConfigureAwait(false);
        return Transcripts((await QueueAsync(Recordings, inputs, s_logits, cancellationToken).ConfigureAwait(false)).Vectors, labels);
    }

    /// <summary>Writes down what is spoken in one recording, in a batch with those of other asynchronous transcriptions.</summary>
    /// <returns>The text.</returns>
    /// <inheritdoc cref="TranscribeAsync(IReadOnlyList{ReadOnlyMemory{float}}, bool, CancellationToken)"/>
    public async Task<string> TranscribeAsync(
        ReadOnlyMemory<float> waveform, bool normalizeInput = true, CancellationToken cancellationToken = default) =>
        (await TranscribeAsync([waveform], normalizeInput, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Writes down what is spoken in a recording of any sample rate, in a batch with those of other asynchronous transcriptions.</summary>
    /// <returns>The text.</returns>
    /// <exception cref="InvalidOperationException">The model has no CTC head.</exception>
    /// <inheritdoc cref="EmbedAudioAsync(Waveform, EmbeddingOptions?, CancellationToken)"/>
    public async Task<string> TranscribeAsync(Waveform waveform, CancellationToken cancellationToken = default) =>
        await TranscribeAsync(
            await OnPool(() => Samples(waveform), cancellationToken).ConfigureAwait(false),
            normalizeInput: true, cancellationToken).ConfigureAwait(false);

    /// <summary>The frames that a recording becomes.</summary>
    /// <exception cref="InvalidDataException">It is too short.</exception>
    internal int Frames(ReadOnlySpan<float> waveform) => Recordings.Rows(waveform);

    /// <summary>The vectors of recordings, and how many frames went through the model for them.</summary>
    internal async Task<EmbeddedInputs> EmbedAudioCountedAsync(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, EmbeddingOptions? options, bool normalizeInput, CancellationToken cancellationToken)
    {
        options ??= new EmbeddingOptions();
        ReadOnlyMemory<float>[] inputs = await OnPool(
            () => Prepare(waveforms, normalizeInput, cancellationToken), cancellationToken).ConfigureAwait(false);
        EmbeddedInputs embedded = await EmbedAsync(Recordings, inputs, options, cancellationToken).ConfigureAwait(false);
        return embedded with { Vectors = Finish(embedded.Vectors, options) };
    }

    /// <summary>The CTC head's scores, <c>[frames, labels]</c> for each recording.</summary>
    internal float[][] LogitsOfAudio(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, bool normalizeInput = true, CancellationToken cancellationToken = default) =>
        Compute(Recordings, Prepare(waveforms, normalizeInput, cancellationToken), s_logits, cancellationToken);

    /// <summary>Shows the activations at every point of the encoder for samples that are normalized already.</summary>
    internal void Observe(ReadOnlyMemory<float> waveform, Action<string, float[]> observe) => Observe(Recordings, waveform, observe);

    private static string[] Transcripts(float[][] logits, IReadOnlyList<string> labels) =>
        [.. logits.Select(scores => TensorPrimitives.IsFiniteAll(scores)
            ? CtcDecoder.Greedy(scores, labels)
            : throw new InvalidDataException("the model gives numbers that are not finite"))];

    private IReadOnlyList<string> RequireLabels() => Recordings.Config.Labels
        ?? throw new InvalidOperationException("The model has no CTC head: it gives vectors, not text.");

    private float[] Samples(Waveform waveform)
    {
        ArgumentNullException.ThrowIfNull(waveform);
        return waveform.Resample(SampleRate).Samples;
    }

    private ReadOnlyMemory<float>[] Prepare(IReadOnlyList<ReadOnlyMemory<float>> waveforms, bool normalize, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(waveforms);
        AudioEncoder encoder = Recordings;
        var inputs = new ReadOnlyMemory<float>[waveforms.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            encoder.Rows(waveforms[i].Span);
            if (!TensorPrimitives.IsFiniteAll(waveforms[i].Span))
            {
                throw new InvalidDataException($"recording {i} has samples that are not finite numbers");
            }

            inputs[i] = normalize && encoder.Config.Normalize ? Normalization.PerUtterance(waveforms[i].Span) : waveforms[i];
        }

        return inputs;
    }
}
