namespace Data2Vec.Audio;

/// <summary>
/// A buffer that grows with the samples actually read, so that a forged length in a header allocates nothing. Samples can be taken from its beginning; what a file
/// may remove from its end stays.
/// </summary>
/// <param name="limit">The most samples, those taken included.</param>
internal sealed class SampleBuffer(int limit)
{
    private const int FirstLength = 1 << 14;
    private float[] _samples = [];
    private int _taken;

    /// <summary>The number of all samples so far.</summary>
    public int Count { get; private set; }

    /// <summary>The number of samples in the buffer.</summary>
    public int Kept => Count - _taken;

    /// <summary>Makes room for samples that are known to be present.</summary>
    public void Reserve(long count)
    {
        Require(count);
        if (count > _samples.Length - Kept)
        {
            Array.Resize(ref _samples, Kept + (int)count);
        }
    }

    /// <summary>Requires that samples do not exceed the limit.</summary>
    public void Require(long count)
    {
        if (count > limit - Count)
        {
            throw SizeLimits.Error(
                $"the recording has more than {limit} samples, the limit of {nameof(AudioReadOptions)}.{nameof(AudioReadOptions.MaxSamples)}; split it, or raise the limit");
        }
    }

    /// <summary>Appends <paramref name="count"/> samples and returns them for the caller to fill.</summary>
    public Span<float> Append(int count)
    {
        Require(count);
        if (count > _samples.Length - Kept)
        {
            long wanted = Math.Max(Kept + (long)count, Math.Max(FirstLength, 2L * _samples.Length));
            Array.Resize(ref _samples, (int)Math.Min(wanted, Math.Min(limit, Array.MaxLength)));
        }

        Count += count;
        return _samples.AsSpan(Kept - count, count);
    }

    /// <summary>Hands over samples from the beginning, and forgets them.</summary>
    public void Take(int count, Action<ReadOnlySpan<float>> receive)
    {
        receive(_samples.AsSpan(0, count));
        _samples.AsSpan(count, Kept - count).CopyTo(_samples);
        _taken += count;
    }

    public void RemoveEnd(int count) => Count -= count;

    public float[] ToArray()
    {
        Array.Resize(ref _samples, Kept);
        return _samples;
    }
}
