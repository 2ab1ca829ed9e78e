using System.Globalization;

namespace Data2Vec.Audio;

/// <summary>Collects the samples that an <see cref="AudioDecoder"/> decodes, and averages the channels.</summary>
public sealed class WaveformBuilder
{
    private const uint MaxSampleRate = 100_000_000;

    // Averaging two unrelated channels halves their power, and lossy codecs leave a little of channels that cancel out.
    private const double CancelledPower = 1e-3;

    // What a file removes at its end is the rest of an encoder's last block, a few thousand samples.
    private const int HeldBack = 1 << 16;
    private const int BlockSamples = 1 << 14;

    private readonly Action<string>? _warning;
    private readonly Action<ReadOnlySpan<float>>? _receive;
    private readonly SampleBuffer _mono;
    private double _power;
    private double _monoPower;

    /// <summary>Starts a recording.</summary>
    /// <param name="options">Limits and warnings.</param>
    /// <param name="receive">Receives the samples in blocks; null to keep them for <see cref="ToWaveform"/>.</param>
    internal WaveformBuilder(AudioReadOptions options, AudioBlockReceiver? receive = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxSamples, nameof(options.MaxSamples));
        (_warning, _mono) = (options.Warning, new SampleBuffer(options.MaxSamples));
        _receive = receive is null ? null : samples => receive(samples, SampleRate);
    }

    /// <summary>The number of channels, or 0 before <see cref="Begin"/>.</summary>
    public int Channels { get; private set; }

    /// <summary>The sample rate in Hz, or 0 before <see cref="Begin"/>.</summary>
    public int SampleRate { get; private set; }

    /// <summary>The number of samples in each channel so far.</summary>
    public int Count => _mono.Count;

    /// <summary>Whether nothing is removed from the end, so that samples are received as they come.</summary>
    internal bool IsEndKnown { get; set; }

    /// <summary>
    /// Tells the form of the samples that follow. A file that consists of several recordings may call this again with another number of channels.
    /// </summary>
    /// <param name="channels">The number of channels.</param>
    /// <param name="sampleRate">The sample rate in Hz.</param>
    /// <param name="presentFrames">
    /// The number of samples per channel that are known to be present, or 0. Memory is allocated for them, so this must not come from a header unchecked.
    /// </param>
    /// <exception cref="InvalidDataException">A number is out of range, or the sample rate changes.</exception>
    public void Begin(int channels, long sampleRate, long presentFrames = 0)
    {
        if (channels <= 0)
        {
            throw new InvalidDataException($"the header declares {channels} channels; the file is damaged");
        }

        if (sampleRate is <= 0 or > MaxSampleRate)
        {
            throw new InvalidDataException($"a sample rate of {sampleRate} Hz is not supported; the range is 1 to {MaxSampleRate} Hz");
        }

        if (SampleRate != 0 && SampleRate != sampleRate)
        {
            throw new InvalidDataException($"the sample rate changes from {SampleRate} Hz to {sampleRate} Hz within the file; {AudioFormatDetector.Conversion}");
        }

        (Channels, SampleRate) = (channels, (int)sampleRate);
        if (_receive is null)
        {
            _mono.Reserve(presentFrames);
        }
        else
        {
            _mono.Require(presentFrames);
        }
    }

    /// <summary>Tells how many samples the file says that there are, so that a recording that is too long is refused before it is decoded. No memory is allocated for them.</summary>
    /// <param name="frames">The number of samples per channel.</param>
    /// <exception cref="InvalidDataException">The recording is longer than <see cref="AudioReadOptions.MaxSamples"/>.</exception>
    public void Announce(long frames) => _mono.Require(frames);

    /// <summary>Appends samples.</summary>
    /// <param name="interleaved">The samples, channel after channel for each point in time; full scale is -1 to 1. The length is a multiple of the channels.</param>
    /// <exception cref="InvalidDataException">A sample is not finite, or the recording is longer than <see cref="AudioReadOptions.MaxSamples"/>.</exception>
    public void Append(ReadOnlySpan<float> interleaved)
    {
        CheckFinite(interleaved);
        MixDown(interleaved, _mono.Append(interleaved.Length / Channels));
        int ready = IsEndKnown ? _mono.Kept : _mono.Kept - HeldBack;
        if (_receive is not null && ready >= (IsEndKnown ? 1 : BlockSamples))
        {
            _mono.Take(ready, _receive);
        }
    }

    /// <summary>Removes samples from the end.</summary>
    /// <param name="count">The number of samples in each channel.</param>
    public void RemoveEnd(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        if (count > _mono.Kept)
        {
            Warn($"the file says that its last {count} samples do not count; {count - _mono.Kept} of them were used, as the positions in the file are known at its end only");
        }

        _mono.RemoveEnd(Math.Min(count, _mono.Kept));
    }

    /// <summary>Tells of something unusual that does not keep the file from being read.</summary>
    /// <param name="message">A sentence that begins in lower case and has no full stop, such as <c>the channels cancel out</c>.</param>
    public void Warn(string message) => _warning?.Invoke(message);

    /// <summary>Ends the recording.</summary>
    internal Waveform ToWaveform()
    {
        WarnOfCancelledChannels();
        return new Waveform(_mono.ToArray(), SampleRate);
    }

    /// <summary>Ends a recording whose samples are received in blocks.</summary>
    internal void Complete()
    {
        WarnOfCancelledChannels();
        if (_mono.Kept > 0)
        {
            _mono.Take(_mono.Kept, _receive!);
        }
    }

    private void WarnOfCancelledChannels()
    {
        if (_monoPower < CancelledPower * _power)
        {
            Warn("the channels cancel out: their average is almost silent, because one is the negative of the other; keep one channel: "
                + "ffmpeg -i INPUT -ar 16000 -af \"pan=mono|c0=c0\" OUTPUT.wav");
        }
    }

    private void CheckFinite(ReadOnlySpan<float> samples)
    {
        for (int i = 0; i < samples.Length; i++)
        {
            if (!float.IsFinite(samples[i]))
            {
                int frame = Count + i / Channels;
                throw new InvalidDataException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"sample {frame} ({(double)frame / SampleRate:F3} s) of channel {i % Channels + 1} is not a finite number; repair the recording or export it again"));
            }
        }
    }

    private void MixDown(ReadOnlySpan<float> samples, Span<float> mono)
    {
        if (Channels == 1)
        {
            samples.CopyTo(mono);
            return;
        }

        for (int frame = 0; frame < mono.Length; frame++)
        {
            double sum = 0, squares = 0;
            foreach (float sample in samples.Slice(frame * Channels, Channels))
            {
                sum += sample;
                squares += (double)sample * sample;
            }

            double mean = sum / Channels;
            mono[frame] = (float)mean;
            _monoPower += mean * mean;
            _power += squares / Channels;
        }
    }
}
