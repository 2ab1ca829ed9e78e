namespace Data2Vec.Audio;

/// <summary>Samples read so far, growing as they come: a file's claims about its length cost nothing.</summary>
internal sealed class SampleBuffer
{
    private const int FirstLength = 1 << 14;
    private float[] _samples;
    private int _count;

    /// <summary>An empty buffer.</summary>
    /// <param name="present">How many samples are known to be there; 0 where that is not known.</param>
    /// <exception cref="InvalidDataException">There are more samples than an array holds.</exception>
    public SampleBuffer(long present) => _samples = present <= Array.MaxLength ? new float[present] : throw TooMany();

    /// <summary>Room for <paramref name="count"/> more samples, to be filled by the caller.</summary>
    /// <exception cref="InvalidDataException">There are more samples than an array holds.</exception>
    public Span<float> Append(int count)
    {
        if (count > Array.MaxLength - _count)
        {
            throw TooMany();
        }

        if (count > _samples.Length - _count)
        {
            long wanted = Math.Max(_count + count, Math.Max(FirstLength, 2L * _samples.Length));
            Array.Resize(ref _samples, (int)Math.Min(wanted, Array.MaxLength));
        }

        _count += count;
        return _samples.AsSpan(_count - count, count);
    }

    /// <summary>All samples, in an array of just that length.</summary>
    public float[] ToArray()
    {
        if (_samples.Length != _count)
        {
            Array.Resize(ref _samples, _count);
        }

        return _samples;
    }

    private static InvalidDataException TooMany() =>
        new($"more than {Array.MaxLength} samples in one file are not supported; cut it into parts");
}
