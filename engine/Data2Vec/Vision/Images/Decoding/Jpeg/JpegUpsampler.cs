namespace Data2Vec.Vision.Images;

/// <summary>
/// Brings a component to the resolution of its image. Components of half resolution are interpolated with weights 3/4 and 1/4, as libjpeg
/// does by default ("fancy upsampling"). Samples of other resolutions are repeated.
/// </summary>
internal sealed class JpegUpsampler
{
    private const int Narrow = 2; // libjpeg repeats the samples of components this narrow

    private readonly JpegComponent _component;
    private readonly int _across, _down;
    private readonly bool _interpolatesAcross, _interpolatesDown;
    private readonly byte[] _row;
    private readonly int[] _sums;

    /// <summary>Prepares rows.</summary>
    /// <param name="component">The component, with its samples.</param>
    /// <param name="across">The pixels across for each sample.</param>
    /// <param name="down">The pixels down for each sample.</param>
    public JpegUpsampler(JpegComponent component, int across, int down)
    {
        (_component, _across, _down) = (component, across, down);
        _interpolatesAcross = across == 2 && down <= 2 && component.Width > Narrow;
        _interpolatesDown = down == 2 && (across == 1 || _interpolatesAcross);
        _row = new byte[component.Width * across];
        _sums = new int[_interpolatesDown ? component.Width : 0];
    }

    /// <summary>A row of the image. It is valid until the next call.</summary>
    public ReadOnlySpan<byte> Row(int y)
    {
        int at = y / _down;
        ReadOnlySpan<byte> near = Stored(at);
        if (_interpolatesDown)
        {
            // The other row is the one above for an even row, and the one below for an odd row.
            ReadOnlySpan<byte> far = Stored(Math.Clamp((y & 1) == 0 ? at - 1 : at + 1, 0, _component.Height - 1));
            return _interpolatesAcross ? InterpolateBoth(near, far) : InterpolateDown(near, far, (y & 1) == 0 ? 1 : 2);
        }

        if (_across == 1)
        {
            return near;
        }

        if (_interpolatesAcross)
        {
            return InterpolateAcross(near);
        }

        for (int x = 0; x < near.Length; x++)
        {
            _row.AsSpan(x * _across, _across).Fill(near[x]);
        }

        return _row;
    }

    private ReadOnlySpan<byte> Stored(int y) => _component.Samples.AsSpan(y * _component.Stride, _component.Width);

    private ReadOnlySpan<byte> InterpolateDown(ReadOnlySpan<byte> near, ReadOnlySpan<byte> far, int rounding)
    {
        Span<byte> row = _row;
        for (int x = 0; x < near.Length; x++)
        {
            row[x] = (byte)((near[x] * 3 + far[x] + rounding) >> 2);
        }

        return row;
    }

    private ReadOnlySpan<byte> InterpolateAcross(ReadOnlySpan<byte> samples)
    {
        Span<byte> row = _row.AsSpan(0, samples.Length * 2);
        row[0] = samples[0];
        row[^1] = samples[^1];
        for (int x = 1; x < samples.Length; x++)
        {
            row[2 * x - 1] = (byte)((samples[x - 1] * 3 + samples[x] + 2) >> 2);
            row[2 * x] = (byte)((samples[x] * 3 + samples[x - 1] + 1) >> 2);
        }

        return row;
    }

    private ReadOnlySpan<byte> InterpolateBoth(ReadOnlySpan<byte> near, ReadOnlySpan<byte> far)
    {
        Span<int> sums = _sums.AsSpan(0, near.Length);
        Span<byte> row = _row.AsSpan(0, near.Length * 2);
        for (int x = 0; x < sums.Length; x++)
        {
            sums[x] = near[x] * 3 + far[x];
        }

        row[0] = (byte)((sums[0] * 4 + 8) >> 4);
        row[^1] = (byte)((sums[^1] * 4 + 7) >> 4);
        for (int x = 1; x < sums.Length; x++)
        {
            row[2 * x - 1] = (byte)((sums[x - 1] * 3 + sums[x] + 7) >> 4);
            row[2 * x] = (byte)((sums[x] * 3 + sums[x - 1] + 8) >> 4);
        }

        return row;
    }
}
