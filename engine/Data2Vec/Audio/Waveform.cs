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
        : new Waveform(ResamplerFor(SampleRate, sampleRate).Resample(Samples), sampleRate);

    /// <summary>The conversion between two rates.</summary>
    /// <exception cref="InvalidDataException">The recording's rate is too low.</exception>
    internal static Resampler ResamplerFor(int recorded, int sampleRate) => recorded >= LowestRate || recorded == sampleRate
        ? new Resampler(recorded, sampleRate)
        : throw new InvalidDataException($"a sample rate of {recorded} Hz is too low for speech; at least {LowestRate} Hz are required");
}

/// <summary>Normalizes waveforms for speech models.</summary>
public static class Normalization
{
    private const double Epsilon = 1e-5; // torch.nn.functional.layer_norm's default

    /// <summary>
    /// Shifts and scales an utterance to mean 0 and variance 1 (biased variance plus 1e-5). fairseq does the same for models with
    /// <c>task.normalize</c>: <c>F.layer_norm(wav, wav.shape)</c> in <c>RawAudioDataset.postprocess</c>. Sums use double precision.
    /// </summary>
    /// <param name="samples">The samples of one utterance at 16 kHz.</param>
    /// <returns>The normalized samples.</returns>
    public static float[] PerUtterance(ReadOnlySpan<float> samples)
    {
        float[] normalized = new float[samples.Length];
        PerUtterance(samples, normalized);
        return normalized;
    }

    /// <summary>Normalizes samples into memory of the same length.</summary>
    internal static void PerUtterance(ReadOnlySpan<float> samples, Span<float> normalized)
    {
        double sum = 0;
        foreach (float sample in samples)
        {
            sum += sample;
        }

        double mean = sum / samples.Length;
        double squares = 0;
        foreach (float sample in samples)
        {
            squares += (sample - mean) * (sample - mean);
        }

        double scale = 1 / Math.Sqrt(squares / samples.Length + Epsilon);
        for (int i = 0; i < normalized.Length; i++)
        {
            normalized[i] = (float)((samples[i] - mean) * scale);
        }
    }
}
