namespace Data2Vec.Audio;

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
        float[] normalized = new float[samples.Length];
        for (int i = 0; i < normalized.Length; i++)
        {
            normalized[i] = (float)((samples[i] - mean) * scale);
        }

        return normalized;
    }
}
