namespace Data2Vec.Audio;

/// <summary>A buffer that grows with the samples actually read, so that a forged length in a header allocates nothing.</summary>
internal sealed class SampleBuffer
{
    private const int FirstLength = 1 << 14;
    private float[] _samples;
    private int _count;

    /// <summary>Creates an empty buffer.</summary>
    /// <param name="present">The number of samples known to be present, or 0 if unknown.</param>
    /// <exception cref="InvalidDataException">There are more samples than fit in an array.</exception>
    public SampleBuffer(long present) => _samples = present <= Array.MaxLength ? new float[present] : throw TooMany();

    /// <summary>Appends <paramref name="count"/> samples and returns them for the caller to fill.</summary>
    /// <exception cref="InvalidDataException">There are more samples than fit in an array.</exception>
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

    /// <summary>Returns all samples in an array of exactly their number.</summary>
    public float[] ToArray()
    {
        Array.Resize(ref _samples, _count);
        return _samples;
    }

    private static InvalidDataException TooMany() =>
        new($"more than {Array.MaxLength} samples in one file are not supported; split the recording");
}
