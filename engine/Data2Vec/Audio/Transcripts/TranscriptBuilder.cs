using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Audio;

/// <summary>Turns the outputs of a model into texts with times.</summary>
/// <param name="config">The model.</param>
/// <param name="decoder">Finds the words.</param>
internal sealed class TranscriptBuilder(AudioConfig config, CtcDecoder decoder)
{
    /// <summary>The labels of the outputs.</summary>
    public CtcLabels Labels => decoder.Labels;

    /// <summary>Decodes the outputs of frames that follow on one another.</summary>
    /// <exception cref="InvalidDataException">An output is not finite.</exception>
    public CtcTranscript Decode(ReadOnlySpan<float> logits) => logits.IsEmpty || TensorPrimitives.IsFiniteAll(logits)
        ? decoder.Decode(logits)[0]
        : throw new InvalidDataException("the model's scores are not finite numbers");

    /// <summary>Decodes a part of a recording.</summary>
    /// <param name="logits"><c>[frames, labels]</c>.</param>
    /// <param name="start">The number of its first sample.</param>
    /// <param name="samples">The number of its samples.</param>
    public TranscriptSegment Segment(ReadOnlySpan<float> logits, long start, long samples)
    {
        CtcTranscript found = Decode(logits);
        return new TranscriptSegment(Time(start), Time(start + samples), found.Text, [.. found.Words.Select(word => Word(word, start))]);
    }

    /// <summary>A word of a part that starts at a sample.</summary>
    public TranscriptWord Word(CtcWord word, long start) => new(
        word.Text, Time(start + (long)word.StartFrame * config.SamplesPerFrame), Time(start + (long)word.EndFrame * config.SamplesPerFrame), word.Confidence);

    /// <summary>A transcript of parts.</summary>
    public Transcript Transcript(IReadOnlyList<TranscriptSegment> segments, long samples) =>
        new(string.Join(' ', segments.Select(segment => segment.Text).Where(text => text.Length > 0)), Time(samples), segments);

    /// <summary>The time of a sample at the model's rate.</summary>
    public TimeSpan Time(long samples) => TimeSpan.FromTicks((long)((Int128)samples * TimeSpan.TicksPerSecond / config.SampleRate));
}
