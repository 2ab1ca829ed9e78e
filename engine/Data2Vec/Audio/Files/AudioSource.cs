namespace Data2Vec.Audio;

/// <summary>A recording that is read in blocks, so that one of any length takes little memory. It is read once.</summary>
public abstract class AudioSource
{
    /// <summary>A file. It is opened when it is read.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="options">Further decoders, warnings and limits.</param>
    public static AudioSource FromFile(string path, AudioReadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new Source(receive =>
        {
            using FileStream stream = File.OpenRead(path);
            FileErrors.Named(path, () =>
            {
                AudioFile.ReadBlocks(stream, receive, options);
                return true;
            });
        });
    }

    /// <summary>A file from the current position of a stream, for example of a pipe. The stream is left open.</summary>
    /// <param name="stream">The stream, which need not be seekable.</param>
    /// <param name="options">Further decoders, warnings and limits.</param>
    public static AudioSource FromStream(Stream stream, AudioReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new Source(receive => AudioFile.ReadBlocks(stream, receive, options));
    }

    /// <summary>Samples in blocks.</summary>
    /// <param name="blocks">The samples; full scale is -1 to 1.</param>
    /// <param name="sampleRate">The sample rate in Hz.</param>
    public static AudioSource FromSamples(IEnumerable<ReadOnlyMemory<float>> blocks, int sampleRate)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampleRate);
        return new Source(receive =>
        {
            foreach (ReadOnlyMemory<float> block in blocks)
            {
                receive(block.Span, sampleRate);
            }
        });
    }

    /// <summary>Reads the recording to its end.</summary>
    /// <param name="receive">Receives the samples. What it throws ends the reading.</param>
    /// <exception cref="InvalidDataException">The file is damaged, is no recording, or is in an unsupported format.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public abstract void Read(AudioBlockReceiver receive);

    /// <summary>Reads the recording at another sample rate.</summary>
    internal void Read(int sampleRate, Action<ReadOnlySpan<float>> receive)
    {
        StreamingResampler? resampler = null;
        Read((samples, rate) =>
        {
            resampler ??= Waveform.ResamplerFor(rate, sampleRate).Start();
            receive(resampler.Append(samples));
        });
        if (resampler is not null)
        {
            receive(resampler.Complete());
        }
    }

    private sealed class Source(Action<AudioBlockReceiver> read) : AudioSource
    {
        public override void Read(AudioBlockReceiver receive)
        {
            ArgumentNullException.ThrowIfNull(receive);
            read(receive);
        }
    }
}
