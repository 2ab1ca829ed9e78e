namespace Data2Vec.Audio;

/// <summary>One channel of sound.</summary>
/// <param name="Samples">The samples, full scale being -1 to 1, at <paramref name="SampleRate"/>.</param>
/// <param name="SampleRate">Samples in a second, in Hz.</param>
public sealed record Waveform(float[] Samples, int SampleRate)
{
    /// <summary>How long the sound lasts.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)Samples.Length / SampleRate);

    /// <summary>The same sound at another sample rate; this very waveform where it has that rate already.</summary>
    /// <param name="sampleRate">The rate wanted, in Hz; data2vec's speech models listen at 16 kHz.</param>
    /// <exception cref="ArgumentException">The result would not fit an array.</exception>
    public Waveform Resample(int sampleRate = Resampler.ModelRate) => sampleRate == SampleRate
        ? this
        : new Waveform(new Resampler(SampleRate, sampleRate).Resample(Samples), sampleRate);
}
