using Data2Vec.Audio;
using Data2Vec.Kernels;

namespace Data2Vec;

/// <content>Speech.</content>
public sealed partial class Data2VecModel
{
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
    /// <param name="cancellation">Looked at before each layer.</param>
    /// <returns>For each recording one vector, or its <c>[frames, features]</c> where no pooling is asked for.</returns>
    /// <exception cref="InvalidDataException">A recording is too short.</exception>
    /// <exception cref="InvalidOperationException">It is not a speech model.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public float[][] EmbedAudio(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, EmbeddingOptions? options = null, bool normalizeInput = true,
        CancellationToken cancellation = default)
    {
        options ??= new EmbeddingOptions();
        return Finish(Embed(Recordings, Prepare(waveforms, normalizeInput), options, cancellation), options);
    }

    /// <summary>Embeds one recording.</summary>
    /// <inheritdoc cref="EmbedAudio(IReadOnlyList{ReadOnlyMemory{float}}, EmbeddingOptions?, bool, CancellationToken)"/>
    public float[] EmbedAudio(
        ReadOnlyMemory<float> waveform, EmbeddingOptions? options = null, bool normalizeInput = true,
        CancellationToken cancellation = default) => EmbedAudio([waveform], options, normalizeInput, cancellation)[0];

    /// <summary>Embeds recordings, in batches with those of other asynchronous calls.</summary>
    /// <param name="waveforms">
    /// Samples of one channel at <see cref="SampleRate"/>, each long enough for one frame; they must not change before the task ends.
    /// </param>
    /// <param name="options">Which vectors are wanted.</param>
    /// <param name="normalizeInput">Whether the samples are normalized as the model wants them; off where that is done already.</param>
    /// <param name="cancellation">Ends the task at once, and the work where no other call shares it.</param>
    /// <exception cref="QueueFullException">More inputs wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="EmbedAudio(IReadOnlyList{ReadOnlyMemory{float}}, EmbeddingOptions?, bool, CancellationToken)"/>
    public async Task<float[][]> EmbedAudioAsync(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, EmbeddingOptions? options = null, bool normalizeInput = true,
        CancellationToken cancellation = default) =>
        (await EmbedAudioCountedAsync(waveforms, options, normalizeInput, cancellation).ConfigureAwait(false)).Vectors;

    /// <summary>Embeds one recording, in a batch with those of other asynchronous calls.</summary>
    /// <inheritdoc cref="EmbedAudioAsync(IReadOnlyList{ReadOnlyMemory{float}}, EmbeddingOptions?, bool, CancellationToken)"/>
    public async Task<float[]> EmbedAudioAsync(
        ReadOnlyMemory<float> waveform, EmbeddingOptions? options = null, bool normalizeInput = true,
        CancellationToken cancellation = default) =>
        (await EmbedAudioAsync([waveform], options, normalizeInput, cancellation).ConfigureAwait(false))[0];

    /// <summary>Embeds one recording by what enters the first layer and by every layer's output.</summary>
    /// <returns><see cref="Layers"/> + 1 entries.</returns>
    /// <inheritdoc cref="EmbedAudio(IReadOnlyList{ReadOnlyMemory{float}}, EmbeddingOptions?, bool, CancellationToken)"/>
    public float[][] EmbedAudioLayers(
        ReadOnlyMemory<float> waveform, EmbeddingOptions? options = null, bool normalizeInput = true,
        CancellationToken cancellation = default)
    {
        options ??= new EmbeddingOptions();
        IReadOnlyList<ReadOnlyMemory<float>> inputs = Prepare([waveform], normalizeInput);
        return Finish([.. EmbedLayers(Recordings, inputs, options, cancellation).Select(layer => layer[0])], options);
    }

    /// <summary>Writes down what is spoken, by the likeliest label of each frame.</summary>
    /// <exception cref="InvalidOperationException">The model has no CTC head.</exception>
    /// <inheritdoc cref="EmbedAudio(IReadOnlyList{ReadOnlyMemory{float}}, EmbeddingOptions?, bool, CancellationToken)"/>
    public string[] Transcribe(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, bool normalizeInput = true, CancellationToken cancellation = default)
    {
        IReadOnlyList<string> labels = Recordings.Config.Labels
            ?? throw new InvalidOperationException("The model has no CTC head: it gives vectors, not text.");
        return [.. LogitsOfAudio(waveforms, normalizeInput, cancellation).Select(logits => logits.All(float.IsFinite)
            ? CtcDecoder.Greedy(logits, labels)
            : throw new InvalidDataException("the model gives numbers that are not finite"))];
    }

    /// <summary>Writes down what is spoken on another thread, as an inference of its own.</summary>
    /// <inheritdoc cref="Transcribe"/>
    public Task<string[]> TranscribeAsync(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, bool normalizeInput = true, CancellationToken cancellation = default) =>
        Task.Run(() => Transcribe(waveforms, normalizeInput, cancellation), cancellation);

    /// <summary>The frames that a recording becomes.</summary>
    /// <exception cref="InvalidDataException">It is too short.</exception>
    internal int Frames(ReadOnlySpan<float> waveform) => Recordings.Rows(waveform);

    /// <summary>The vectors of recordings, and how many frames went through the model for them.</summary>
    internal async Task<EmbeddedInputs> EmbedAudioCountedAsync(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, EmbeddingOptions? options, bool normalizeInput, CancellationToken cancellation)
    {
        options ??= new EmbeddingOptions();
        ReadOnlyMemory<float>[] inputs = await Task.Run(() => Prepare(waveforms, normalizeInput), cancellation).ConfigureAwait(false);
        EmbeddedInputs embedded = await EmbedAsync(Recordings, inputs, options, cancellation).ConfigureAwait(false);
        return embedded with { Vectors = Finish(embedded.Vectors, options) };
    }

    /// <summary>The CTC head's scores, <c>[frames, labels]</c> for each recording.</summary>
    internal float[][] LogitsOfAudio(
        IReadOnlyList<ReadOnlyMemory<float>> waveforms, bool normalizeInput = true, CancellationToken cancellation = default)
    {
        AudioEncoder encoder = Recordings;
        return RunInParts(encoder, Prepare(waveforms, normalizeInput), (run, part, frames) =>
        {
            Tensor x = encoder.Forward(run, part, frames, null, null, cancellation);
            return RowPooling.Pool(run, encoder.Logits(run, x), frames, Pooling.None, 0);
        });
    }

    /// <summary>Shows the activations at every point of the encoder for samples that are normalized already.</summary>
    internal void Observe(ReadOnlyMemory<float> waveform, Action<string, float[]> observe) => Observe(Recordings, waveform, observe);

    private ReadOnlyMemory<float>[] Prepare(IReadOnlyList<ReadOnlyMemory<float>> waveforms, bool normalize)
    {
        ArgumentNullException.ThrowIfNull(waveforms);
        AudioEncoder encoder = Recordings;
        var inputs = new ReadOnlyMemory<float>[waveforms.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            encoder.Rows(waveforms[i].Span);
            inputs[i] = normalize && encoder.Config.Normalize ? Normalization.PerUtterance(waveforms[i].Span) : waveforms[i];
        }

        return inputs;
    }
}
