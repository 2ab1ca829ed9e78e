namespace Data2Vec.Audio;

/// <summary>The parts of recordings that go through a model, and how its outputs become transcripts.</summary>
/// <param name="config">The model.</param>
/// <param name="builder">Reads the outputs.</param>
/// <param name="samples">The samples of each recording.</param>
/// <param name="segments">For each recording its segments, and for each segment its windows.</param>
internal sealed class TranscriptionPlan(
    AudioConfig config, TranscriptBuilder builder, float[][] samples, IReadOnlyList<IReadOnlyList<RecordingWindow>>[] segments)
{
    /// <summary>The windows of all segments of all recordings.</summary>
    public IReadOnlyList<ReadOnlyMemory<float>> Parts { get; } = new WindowList(
        config, [.. samples.Zip(segments).SelectMany(pair => pair.Second.SelectMany(windows => windows).Select(window => (pair.First, window)))]);

    /// <summary>Makes a transcript of each recording.</summary>
    /// <param name="scores">The outputs for each part.</param>
    public Transcript[] Read(float[][] scores)
    {
        float[][] logits = new PreparedInputs<float>(Parts, null, [.. segments.SelectMany(ofRecording => ofRecording)]).Join(scores);
        var transcripts = new Transcript[samples.Length];
        int next = 0;
        for (int i = 0; i < transcripts.Length; i++)
        {
            TranscriptSegment[] found = [.. segments[i].Select(windows => builder.Segment(
                logits[next++], windows[0].Start, windows[^1].Start + windows[^1].Length - windows[0].Start))];
            transcripts[i] = builder.Transcript(found, samples[i].Length);
        }

        return transcripts;
    }
}
