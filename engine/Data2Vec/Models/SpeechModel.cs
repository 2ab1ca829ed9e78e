using Data2Vec.Audio;
using Data2Vec.Batching;

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

    /// <summary>What the labels of the CTC head stand for, for decoders; null without a head.</summary>
    public CtcLabels? Ctc => Labels is { } labels ? Config.Ctc ?? CtcLabels.Letters(labels) : null;

    /// <summary>Transcribes recordings by the most probable label of each frame. Long ones are cut into windows, see <see cref="RecordingWindows"/>.</summary>
    /// <param name="recordings">The recordings.</param>
    /// <param name="cancellationToken">Checked before each recording and layer.</param>
    /// <returns>A text for each recording.</returns>
    /// <exception cref="InvalidDataException">A recording is too short, or its samples are not finite.</exception>
    /// <exception cref="InvalidOperationException">The model has no CTC head.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public string[] Transcribe(IReadOnlyList<Waveform> recordings, CancellationToken cancellationToken = default) =>
        Texts(TranscribeWithTimes(recordings, null, cancellationToken));

    /// <summary>Transcribes one recording by the most probable label of each frame.</summary>
    /// <returns>The text.</returns>
    /// <inheritdoc cref="Transcribe(IReadOnlyList{Waveform}, CancellationToken)"/>
    public string Transcribe(Waveform recording, CancellationToken cancellationToken = default) => Transcribe([recording], cancellationToken)[0];

    /// <summary>Transcribes recordings, in batches with those of other asynchronous calls.</summary>
    /// <param name="recordings">The recordings. They must not change before the task ends.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work unless another call shares it.</param>
    /// <exception cref="QueueFullException">More rows wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="Transcribe(IReadOnlyList{Waveform}, CancellationToken)"/>
    public async Task<string[]> TranscribeAsync(IReadOnlyList<Waveform> recordings, CancellationToken cancellationToken = default) =>
        Texts(await TranscribeWithTimesAsync(recordings, null, cancellationToken).ConfigureAwait(false));

    /// <summary>Transcribes one recording, in a batch with those of other asynchronous calls.</summary>
    /// <returns>The text.</returns>
    /// <inheritdoc cref="TranscribeAsync(IReadOnlyList{Waveform}, CancellationToken)"/>
    public async Task<string> TranscribeAsync(Waveform recording, CancellationToken cancellationToken = default) =>
        (await TranscribeAsync([recording], cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Transcribes recordings with the times of their words.</summary>
    /// <param name="recordings">The recordings.</param>
    /// <param name="options">How long recordings are handled, and how words are found.</param>
    /// <param name="cancellationToken">Checked before each recording and layer.</param>
    /// <returns>A transcript for each recording.</returns>
    /// <exception cref="ArgumentException">An option is out of range, or the decoder's labels are not those of the model.</exception>
    /// <exception cref="InvalidDataException">A recording is too short, too long for the policy, or its samples are not finite.</exception>
    /// <inheritdoc cref="Transcribe(IReadOnlyList{Waveform}, CancellationToken)" path="/exception"/>
    public Transcript[] TranscribeWithTimes(
        IReadOnlyList<Waveform> recordings, TranscribeOptions? options = null, CancellationToken cancellationToken = default)
    {
        TranscriptionPlan plan = Plan(recordings, options ?? new TranscribeOptions(), cancellationToken);
        return plan.Read(Scores(plan.Parts, options?.MaxRows, cancellationToken));
    }

    /// <summary>Transcribes one recording with the times of its words.</summary>
    /// <returns>The transcript.</returns>
    /// <inheritdoc cref="TranscribeWithTimes(IReadOnlyList{Waveform}, TranscribeOptions?, CancellationToken)"/>
    public Transcript TranscribeWithTimes(Waveform recording, TranscribeOptions? options = null, CancellationToken cancellationToken = default) =>
        TranscribeWithTimes([recording], options, cancellationToken)[0];

    /// <summary>Transcribes recordings with the times of their words, in batches with those of other asynchronous calls.</summary>
    /// <param name="recordings">The recordings. They must not change before the task ends.</param>
    /// <param name="options">How long recordings are handled, and how words are found.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work unless another call shares it.</param>
    /// <exception cref="QueueFullException">More rows wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="TranscribeWithTimes(IReadOnlyList{Waveform}, TranscribeOptions?, CancellationToken)"/>
    public async Task<Transcript[]> TranscribeWithTimesAsync(
        IReadOnlyList<Waveform> recordings, TranscribeOptions? options = null, CancellationToken cancellationToken = default)
    {
        TranscriptionPlan plan = await Task.Run(() => Measured(() => Plan(recordings, options ?? new TranscribeOptions(), cancellationToken)), cancellationToken)
            .WaitAsync(cancellationToken).ConfigureAwait(false);
        return plan.Read(await ScoresAsync(plan.Parts, options?.MaxRows, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Transcribes one recording with the times of its words, in a batch with those of other asynchronous calls.</summary>
    /// <returns>The transcript.</returns>
    /// <inheritdoc cref="TranscribeWithTimesAsync(IReadOnlyList{Waveform}, TranscribeOptions?, CancellationToken)"/>
    public async Task<Transcript> TranscribeWithTimesAsync(
        Waveform recording, TranscribeOptions? options = null, CancellationToken cancellationToken = default) =>
        (await TranscribeWithTimesAsync([recording], options, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>
    /// Transcribes a recording while it is read. A recording of any length takes about the memory of one of 30 s, and for each second the outputs of 50 frames.
    /// </summary>
    /// <param name="recording">The recording.</param>
    /// <param name="options">How long recordings are handled, and how words are found.</param>
    /// <param name="cancellationToken">Checked before each block and layer.</param>
    /// <returns>The transcript, which is that of the whole recording in memory.</returns>
    /// <exception cref="IOException">The recording cannot be read.</exception>
    /// <inheritdoc cref="TranscribeWithTimes(IReadOnlyList{Waveform}, TranscribeOptions?, CancellationToken)" path="/exception"/>
    public Transcript TranscribeWithTimes(AudioSource recording, TranscribeOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recording);
        return new SourceReader(this, RowsAtOnce, cancellationToken).Transcribe(recording, options ?? new TranscribeOptions());
    }

    /// <summary>Starts to transcribe sound as it comes, for example from a microphone.</summary>
    /// <param name="sampleRate">The sample rate in Hz.</param>
    /// <param name="options">The windows, and how words are found.</param>
    /// <exception cref="ArgumentException">An option is out of range, or the decoder's labels are not those of the model.</exception>
    /// <exception cref="InvalidDataException">The sample rate is too low for speech.</exception>
    /// <exception cref="InvalidOperationException">The model has no CTC head.</exception>
    public LiveTranscription StartLive(int sampleRate, LiveTranscriptionOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampleRate);
        return new LiveTranscription(this, sampleRate, options ?? new LiveTranscriptionOptions());
    }

    /// <summary>Embeds a recording while it is read. A recording of any length takes about the memory of one of 30 s, and the vectors of its windows.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="options">Which vectors to compute.</param>
    /// <param name="cancellationToken">Checked before each block and layer.</param>
    /// <exception cref="IOException">The recording cannot be read.</exception>
    /// <returns>What <c>Embed</c> returns for the whole recording in memory.</returns>
    /// <inheritdoc cref="EncoderModel{TInput, TElement}.Embed(TInput, EmbeddingOptions?, CancellationToken)" path="/exception"/>
    public float[] Embed(AudioSource recording, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        Embed(recording, options ?? new EmbeddingOptions(), allLayers: false, cancellationToken);

    /// <summary>Embeds a recording by every layer while it is read. <see cref="EmbeddingOptions.Layer"/> is ignored.</summary>
    /// <returns><see cref="Data2VecModel.Layers"/> + 1 entries.</returns>
    /// <inheritdoc cref="Embed(AudioSource, EmbeddingOptions?, CancellationToken)"/>
    public float[][] EmbedLayers(AudioSource recording, EmbeddingOptions? options = null, CancellationToken cancellationToken = default) =>
        Layered(Embed(recording, options ?? new EmbeddingOptions(), allLayers: true, cancellationToken));

    /// <summary>Transcribes prepared recordings, which are passed to the encoder unprocessed.</summary>
    /// <param name="recordings">Samples at <see cref="SampleRate"/>, normalized if <see cref="AudioConfig.Normalize"/> says so.</param>
    /// <param name="cancellationToken">Checked before each recording and layer.</param>
    /// <inheritdoc cref="Transcribe(IReadOnlyList{Waveform}, CancellationToken)"/>
    public string[] TranscribePrepared(IReadOnlyList<ReadOnlyMemory<float>> recordings, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recordings);
        TranscriptBuilder builder = Builder(null);
        return [.. Scores(recordings, cancellationToken).Select(logits => builder.Decode(logits).Text)];
    }

    /// <summary>Transcribes one prepared recording, which is passed to the encoder unprocessed.</summary>
    /// <returns>The text.</returns>
    /// <inheritdoc cref="TranscribePrepared(IReadOnlyList{ReadOnlyMemory{float}}, CancellationToken)"/>
    public string TranscribePrepared(ReadOnlyMemory<float> recording, CancellationToken cancellationToken = default) =>
        TranscribePrepared([recording], cancellationToken)[0];

    /// <summary>Transcribes one prepared recording, which is passed to the encoder whole and unprocessed, with the times of its words.</summary>
    /// <param name="recording">Samples at <see cref="SampleRate"/>, normalized if <see cref="AudioConfig.Normalize"/> says so.</param>
    /// <param name="options">How words are found.</param>
    /// <param name="cancellationToken">Checked before each layer.</param>
    /// <returns>The transcript.</returns>
    /// <inheritdoc cref="TranscribeWithTimes(IReadOnlyList{Waveform}, TranscribeOptions?, CancellationToken)" path="/exception"/>
    public Transcript TranscribePreparedWithTimes(
        ReadOnlyMemory<float> recording, TranscribeOptions? options = null, CancellationToken cancellationToken = default)
    {
        TranscriptBuilder builder = Builder(options?.Decoder);
        return builder.Transcript([builder.Segment(Scores([recording], cancellationToken)[0], 0, recording.Length)], recording.Length);
    }

    /// <summary>Transcribes prepared recordings, in batches with those of other asynchronous calls.</summary>
    /// <param name="recordings">As for <c>TranscribePrepared</c>. They are copied before the method returns.</param>
    /// <param name="cancellationToken">Ends the task at once, and the work unless another call shares it.</param>
    /// <exception cref="QueueFullException">More rows wait than <see cref="ModelOptions.MaxQueuedRows"/> allows.</exception>
    /// <inheritdoc cref="Transcribe(IReadOnlyList{Waveform}, CancellationToken)"/>
    public async Task<string[]> TranscribePreparedAsync(IReadOnlyList<ReadOnlyMemory<float>> recordings, CancellationToken cancellationToken = default)
    {
        TranscriptBuilder builder = Builder(null);
        return [.. (await ScoresAsync(Copy(recordings).Parts, null, cancellationToken).ConfigureAwait(false)).Select(logits => builder.Decode(logits).Text)];
    }

    /// <summary>The parts of one recording, which can be made before the batch that they are in.</summary>
    internal TranscriptionPlan PlanOf(Waveform recording, TranscribeOptions options, CancellationToken cancellationToken) => Plan([recording], options, cancellationToken);

    /// <summary>The reader of a model's outputs.</summary>
    /// <param name="decoder">Finds the words; null for the most probable labels.</param>
    /// <exception cref="ArgumentException">The decoder's labels are not those of the model.</exception>
    /// <exception cref="InvalidOperationException">The model has no CTC head.</exception>
    internal TranscriptBuilder Builder(CtcDecoder? decoder)
    {
        CtcLabels labels = Ctc ?? throw new InvalidOperationException("The model has no CTC head: it gives vectors, not text.");
        return decoder is null || decoder.Labels.Texts.Count == labels.Texts.Count
            ? new TranscriptBuilder(Config, decoder ?? new GreedyCtcDecoder(labels))
            : throw new ArgumentException($"The decoder has {decoder.Labels.Texts.Count} labels, and the model {labels.Texts.Count}.", nameof(decoder));
    }

    private protected override PreparedInputs<float> Prepare(IReadOnlyList<Waveform> inputs, InputOptions options, CancellationToken cancellationToken)
    {
        var shape = new WindowShape(Config, options);
        float[][] samples = Samples(inputs, cancellationToken);
        IReadOnlyList<RecordingWindow>[] windows = [.. samples.Select((recording, i) => Named(samples, i, () => shape.Windows(recording.Length)))];
        var parts = new WindowList(Config, [.. samples.Zip(windows).SelectMany(pair => pair.Second.Select(window => (pair.First, window)))]);
        return new PreparedInputs<float>(parts, [.. windows.Select(Weights)], windows);
    }

    /// <summary>The rows of a recording that is read that go through the model at once: they keep the device busy, and take the memory of the longest whole recording.</summary>
    private int RowsAtOnce => Store.ConcurrentInferences > 1
        ? Store.PreferredBatchRows * Store.ConcurrentInferences
        : Config.Frames((int)(RecordingWindows.Default.LongestWhole!.Value.TotalSeconds * SampleRate));

    private static string[] Texts(Transcript[] transcripts) => [.. transcripts.Select(transcript => transcript.Text)];

    private static double[] Weights(IReadOnlyList<RecordingWindow> windows)
    {
        double total = windows.Sum(window => (double)window.Rows);
        return windows.Count == 1 ? [1] : [.. windows.Select(window => window.Rows / total)];
    }

    private static T Named<T>(float[][] samples, int i, Func<T> work) => samples.Length > 1 ? FileErrors.Named($"input {i}", work) : work();

    /// <summary>The samples of recordings at the model's rate. A recording that will be cut is checked here, so that errors do not name its windows.</summary>
    private float[][] Samples(IReadOnlyList<Waveform> inputs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var samples = new float[inputs.Count][];
        for (int i = 0; i < samples.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            samples[i] = (inputs[i] ?? throw new ArgumentNullException(nameof(inputs), $"Input {i} is null.")).Resample(SampleRate).Samples;
            Named(samples, i, () => CountRows(samples[i]));
        }

        return samples;
    }

    private TranscriptionPlan Plan(IReadOnlyList<Waveform> recordings, TranscribeOptions options, CancellationToken cancellationToken)
    {
        TranscriptBuilder builder = Builder(options.Decoder);
        var shape = new WindowShape(Config, options);
        float[][] samples = Samples(recordings, cancellationToken);
        return new TranscriptionPlan(Config, builder, samples, [.. samples.Select((recording, i) => options.Silence is { } silence
            ? SilenceSplitter.Split(recording, silence, Config)
            : [Named(samples, i, () => shape.Windows(recording.Length))])]);
    }

    private float[] Embed(AudioSource recording, EmbeddingOptions options, bool allLayers, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(recording);
        Output output = OutputOf(options) with { AllLayers = allLayers };
        var windows = new List<RecordingWindow>();
        var results = new List<float[]>();
        var run = new RecordingRun(Config, RowsAtOnce, parts => Run(parts, output, cancellationToken), (window, result) =>
        {
            windows.Add(window);
            results.Add(result);
        });
        new SourceReader(this, RowsAtOnce, cancellationToken).Cut(recording, options, run);
        return Finish(new PreparedInputs<float>([], [Weights(windows)], [windows]), [.. results], output, options)[0];
    }
}
