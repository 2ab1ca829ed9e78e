using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Audio;

/// <summary>Runs a recording through a model while it is read.</summary>
/// <param name="model">The model.</param>
/// <param name="rowsAtOnce">The rows that keep the device busy.</param>
/// <param name="cancellation">Checked before each block and layer.</param>
internal sealed class SourceReader(SpeechModel model, int rowsAtOnce, CancellationToken cancellation)
{
    /// <summary>Transcribes a recording.</summary>
    public Transcript Transcribe(AudioSource recording, TranscribeOptions options)
    {
        TranscriptBuilder builder = model.Builder(options.Decoder);
        var segments = new List<TranscriptSegment>();
        if (options.Silence is { } silence)
        {
            var alone = new RecordingRun(model.Config, rowsAtOnce, Scores, (part, scores) => segments.Add(builder.Segment(scores, part.Start, part.Length)));
            return builder.Transcript(segments, Split(recording, silence, alone));
        }

        using var logits = new RowBuffer();
        var run = new RecordingRun(model.Config, rowsAtOnce, Scores, (window, scores) => logits.Append(window.Kept(scores)));
        long samples = Cut(recording, options, run);
        return builder.Transcript([builder.Segment(logits.Numbers, 0, samples)], samples);
    }

    /// <summary>Runs the windows of a recording.</summary>
    /// <returns>The number of samples at the model's rate.</returns>
    public long Cut(AudioSource recording, InputOptions options, RecordingRun run)
    {
        var cutter = new WindowCutter(new WindowShape(model.Config, options));
        Read(recording, samples => cutter.Append(samples, run.Add));
        RecordingWindow last = cutter.PendingWindow;
        if (last.Start == 0 || last.Count > 0)
        {
            model.CountRows(cutter.Pending);
            run.Add(last, cutter.Pending);
        }

        run.Flush();
        return last.Start + last.Length;
    }

    private long Split(AudioSource recording, SilenceSplitting silence, RecordingRun run)
    {
        var splitter = new SilenceSplitter(silence, model.Config, (start, samples) => run.Add(WindowShape.Whole(model.Config, start, samples.Length), samples));
        Read(recording, splitter.Append);
        if (splitter.Count < model.Config.SamplesFor(1))
        {
            model.CountRows(new float[splitter.Count]); // says that this is too short
        }

        splitter.Complete();
        run.Flush();
        return splitter.Count;
    }

    private void Read(AudioSource recording, Action<ReadOnlySpan<float>> receive) => recording.Read(model.SampleRate, samples =>
    {
        cancellation.ThrowIfCancellationRequested();
        receive(samples.IsEmpty || TensorPrimitives.IsFiniteAll(samples) ? samples : throw new InvalidDataException("a recording has samples that are not finite numbers"));
    });

    private float[][] Scores(IReadOnlyList<ReadOnlyMemory<float>> parts) => model.Scores(parts, cancellation);
}
