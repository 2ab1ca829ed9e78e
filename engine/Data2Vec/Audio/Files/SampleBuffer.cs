namespace Data2Vec.Audio;

/// <summary>A buffer that grows with the samples actually read, so that a forged length in a header allocates nothing.</summary>
/// <param name="limit">The most samples.</param>
internal sealed class SampleBuffer(int limit)
{
    private const int FirstLength = 1 << 14;
    private readonly int _limit = Math.Min(limit, Array.MaxLength);
    private float[] _samples = [];

    public int Count { get; private set; }

    /// <summary>Makes room for samples that are known to be present.</summary>
    public void Reserve(long count)
    {
        if (count > _limit - Count)
        {
            throw TooMany();
        }

        if (count > _samples.Length - Count)
        {
            Array.Resize(ref _samples, Count + (int)count);
        }
    }

    /// <summary>Appends <paramref name="count"/> samples and returns them for the caller to fill.</summary>
    public Span<float> Append(int count)
    {
        if (count > _limit - Count)
        {
            throw TooMany();
        }

        if (count > _samples.Length - Count)
        {
            long wanted = Math.Max(Count + count, Math.Max(FirstLength, 2L * _samples.Length));
            Array.Resize(ref _samples, (int)Math.Min(wanted, _limit));
        }

        Count += count;
        return _samples.AsSpan(Count - count, count);
    }

    public void RemoveEnd(int count) => Count -= count;

    public float[] ToArray()
    {
        Array.Resize(ref _samples, Count);
        return _samples;
    }

    private InvalidDataException TooMany() => new(
        $"the recording has more than {_limit} samples, the limit of {nameof(AudioReadOptions)}.{nameof(AudioReadOptions.MaxSamples)}; split it, or raise the limit");
}
