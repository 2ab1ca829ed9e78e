using Data2Vec.Audio;
using Data2Vec.IO;

namespace Data2Vec.Cli;

/// <summary>A recording as a model is given it.</summary>
/// <param name="Path">The file.</param>
/// <param name="Samples">The samples at the model's rate.</param>
/// <param name="IsRaw">Whether they are the model's very input, which is not to be normalized.</param>
internal sealed record AudioInput(string Path, float[] Samples, bool IsRaw)
{
    /// <summary>Below this no speech is left, and a header could make hours of a few bytes.</summary>
    private const int LowestRate = 1000;

    /// <summary>Reads a <c>.npy</c> file of samples as they are, or a WAV file, resampled where need be.</summary>
    /// <exception cref="InvalidDataException">It is neither; the message names the file.</exception>
    public static AudioInput Load(string path, int sampleRate)
    {
        Files.RequireFile(path);
        if (!path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase))
        {
            Waveform recording = WavFile.Load(path);
            if (recording.SampleRate < LowestRate)
                throw new InvalidDataException($"{path}: a sample rate of {recording.SampleRate} Hz is too low for speech; {LowestRate} Hz is the least");
            try
            {
                return new AudioInput(path, recording.Resample(sampleRate).Samples, false);
            }
            catch (ArgumentException error)
            {
                throw new InvalidDataException($"{path}: {error.Message}", error);
            }
        }

        NpyArray array = NpyFile.Read(path);
        if (array.Type != NpyType.F32 || array.Shape is not ([_] or [1, _]))
            throw new InvalidDataException(
                $"{path}: {array.Type} [{string.Join(", ", array.Shape)}] is no waveform; one is f32 [samples] or [1, samples]");
        return new AudioInput(path, array.Floats(), true);
    }

    /// <summary>Runs a model and lets its complaints name the file.</summary>
    public T Run<T>(Func<ReadOnlyMemory<float>, T> model)
    {
        try
        {
            return model(Samples);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{Path}: {error.Message}", error);
        }
    }
}
