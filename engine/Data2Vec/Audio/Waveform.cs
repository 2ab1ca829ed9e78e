namespace Data2Vec.Audio;

/// <summary>A mono recording.</summary>
public sealed class Waveform
{
    /// <summary>
    /// The lowest sample rate that <see cref="Resample"/> accepts, in Hz. Lower rates carry no speech, and a forged header could turn
    /// a few bytes into hours of sound.
    /// </summary>
    public const int LowestRate = 1000;

    /// <summary>Wraps samples without copying them.</summary>
    /// <param name="samples">The samples; full scale is -1 to 1.</param>
    /// <param name="sampleRate">The sample rate in Hz, at least 1.</param>
    public Waveform(float[] samples, int sampleRate)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampleRate);
        (Samples, SampleRate) = (samples, sampleRate);
    }

    /// <summary>The samples; full scale is -1 to 1.</summary>
    public float[] Samples { get; }

    /// <summary>The sample rate in Hz.</summary>
    public int SampleRate { get; }

    /// <summary>The duration of the recording.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)Samples.Length / SampleRate);

    /// <summary>Converts the recording to another sample rate. Returns this instance if the rate is the same.</summary>
    /// <param name="sampleRate">The new rate in Hz. The speech models use 16 kHz.</param>
    /// <exception cref="ArgumentException">The result would not fit in an array.</exception>
    /// <exception cref="InvalidDataException">The recording's rate is below <see cref="LowestRate"/>.</exception>
    public Waveform Resample(int sampleRate = Resampler.ModelRate) => sampleRate == SampleRate
        ? this
        : SampleRate < LowestRate
        ? throw new InvalidDataException($"a sample rate of {SampleRate} Hz is too low for speech; at least {LowestRate} Hz are required")
        : new Waveform(new Resampler(SampleRate, sampleRate).Resample(Samples), sampleRate);
}
