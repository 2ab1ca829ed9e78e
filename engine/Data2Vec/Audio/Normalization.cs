namespace Data2Vec.Audio;

/// <summary>What is done to a waveform before a speech model hears it.</summary>
public static class Normalization
{
    private const double Epsilon = 1e-5; // torch.nn.functional.layer_norm's default

    /// <summary>
    /// Shifts and scales a whole utterance to mean 0 and variance 1 (the biased variance, plus 1e-5 under the root):
    /// what fairseq does to a waveform where <c>task.normalize</c> is set, by <c>F.layer_norm(wav, wav.shape)</c> in
    /// <c>fairseq.data.audio.raw_audio_dataset.RawAudioDataset.postprocess</c>. Sums are taken in double precision.
    /// </summary>
    /// <param name="samples">One channel of an utterance, at 16 kHz.</param>
    /// <returns>As many samples.</returns>
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
