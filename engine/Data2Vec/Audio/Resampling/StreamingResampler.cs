using System.Runtime.InteropServices;

namespace Data2Vec.Audio;

/// <summary>Resamples one recording that comes in blocks, in memory that does not grow with its length. Not thread-safe.</summary>
public sealed class StreamingResampler
{
    private readonly Resampler _resampler;
    private readonly List<float> _output = [];
    private float[] _input = [];
    private int _count;
    private ResamplerTime _next; // of the next output, from the first sample in _input

    internal StreamingResampler(Resampler resampler) => _resampler = resampler;

    /// <summary>Resamples a block.</summary>
    /// <param name="samples">The next samples of the recording at the input rate.</param>
    /// <returns>The samples at the output rate that can be computed now; valid until the next call.</returns>
    public ReadOnlySpan<float> Append(ReadOnlySpan<float> samples)
    {
        if (_resampler.IsIdentity)
        {
            return samples;
        }

        if (_count + samples.Length > _input.Length)
        {
            Array.Resize(ref _input, Math.Max(_count + samples.Length, 2 * _input.Length));
        }

        samples.CopyTo(_input.AsSpan(_count));
        _count += samples.Length;
        return Resample(isEnd: false);
    }

    /// <summary>Ends the recording.</summary>
    /// <returns>The last samples at the output rate.</returns>
    public ReadOnlySpan<float> Complete() => _resampler.IsIdentity ? [] : Resample(isEnd: true);

    private Span<float> Resample(bool isEnd)
    {
        _output.Clear();
        _resampler.Resample(_input.AsSpan(0, _count), isEnd, ref _next, _output);

        // A large step may pass samples that have not come yet.
        int passed = Math.Min(_count, _resampler.Unneeded(_next));
        _input.AsSpan(passed, _count - passed).CopyTo(_input);
        (_count, _next) = (_count - passed, _next with { Sample = _next.Sample - passed });
        return CollectionsMarshal.AsSpan(_output);
    }
}
