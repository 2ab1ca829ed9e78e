namespace Data2Vec.Audio;

/// <summary>One channel of sound.</summary>
/// <param name="Samples">The samples, full scale being -1 to 1, at <paramref name="SampleRate"/>.</param>
/// <param name="SampleRate">Samples in a second, in Hz.</param>
public sealed record Waveform(float[] Samples, int SampleRate)
{
    /// <summary>The least sample rate that is resampled, in Hz: below it no speech is left, and a header could make hours of a few bytes.</summary>
    public const int LowestRate = 1000;

    /// <summary>How long the sound lasts.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)Samples.Length / SampleRate);

    /// <summary>The same sound at another sample rate; this very waveform where it has that rate already.</summary>
    /// <param name="sampleRate">The rate wanted, in Hz; data2vec's speech models listen at 16 kHz.</param>
    /// <exception cref="ArgumentException">The result would not fit an array.</exception>
    /// <exception cref="InvalidDataException">This one's rate is below <see cref="LowestRate"/>.</exception>
    public Waveform Resample(int sampleRate = Resampler.ModelRate) => sampleRate == SampleRate
        ? this
        : SampleRate < LowestRate
        ? throw new InvalidDataException($"a sample rate of {SampleRate} Hz is too low for speech; {LowestRate} Hz is the least")
        : new Waveform(new Resampler(SampleRate, sampleRate).Resample(Samples), sampleRate);
}
