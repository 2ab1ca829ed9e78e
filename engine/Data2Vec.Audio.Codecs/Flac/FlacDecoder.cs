using System.Security.Cryptography;

namespace Data2Vec.Audio.Codecs;

/// <summary>
/// Decodes FLAC (RFC 9639). All checksums are checked, and at the end the MD5 of the samples, so that what is returned is what was encoded.
/// </summary>
internal sealed class FlacDecoder : AudioDecoder
{
    /// <inheritdoc/>
    public override bool Recognizes(ReadOnlySpan<byte> start) => start.StartsWith("fLaC"u8);

    /// <inheritdoc/>
    public override void Decode(Stream stream, WaveformBuilder output)
    {
        var reader = new FlacReader(stream);
        FlacStreamInfo info = FlacStreamInfo.Read(reader);
        output.Begin(info.Channels, info.SampleRate);
        output.Announce(info.Samples);
        using var block = new FlacBlock(info);
        long decoded = 0;
        while (info.Samples == 0 ? FlacFrameHeader.IsNext(reader) || !IsEnd(reader) : decoded < info.Samples)
        {
            if (reader.IsAtEnd)
            {
                throw new InvalidDataException($"the file ends after {decoded} of {info.Samples} samples; it is truncated");
            }

            reader.BeginFrame();
            FlacFrameHeader header = FlacFrameHeader.Read(reader, info);
            output.Begin(header.Channels, header.SampleRate);
            block.Decode(reader, header);
            reader.AlignToByte();
            int crc = FlacChecksum.Crc16(reader.Frame);
            if (reader.Read(16) != crc)
            {
                throw new InvalidDataException($"the frame after {decoded} samples has a wrong checksum; the file is damaged");
            }

            output.Append(block.Interleave());
            decoded += header.BlockSize;
        }

        block.CheckMd5();
    }

    /// <summary>Whether the file may end here: there are no more bytes, or an ID3v1 tag follows.</summary>
    private static bool IsEnd(FlacReader reader) => reader.IsAtEnd || reader.Peek(24) == 0x544147; // TAG
}

/// <summary>The samples of a frame, and the MD5 of all frames.</summary>
/// <param name="info">The form of the samples.</param>
internal sealed class FlacBlock(FlacStreamInfo info) : IDisposable
{
    private readonly int _bytes = (info.Bits + 7) / 8;
#pragma warning disable CA5351 // FLAC's checksum is MD5; it protects from damage, not from attacks
    private readonly IncrementalHash? _md5 = info.Md5.AsSpan().ContainsAnyExcept((byte)0) ? IncrementalHash.CreateHash(HashAlgorithmName.MD5) : null;
#pragma warning restore CA5351
    private readonly long[][] _channels = [.. Enumerable.Range(0, info.Channels).Select(_ => Array.Empty<long>())];
    private float[] _interleaved = [];
    private byte[] _hashed = [];
    private int _blockSize;

    /// <summary>Decodes the subframes.</summary>
    public void Decode(FlacReader reader, FlacFrameHeader header)
    {
        _blockSize = header.BlockSize;
        for (int channel = 0; channel < _channels.Length; channel++)
        {
            if (_channels[channel].Length < _blockSize)
            {
                _channels[channel] = new long[_blockSize];
            }

            bool isSide = header.Stereo is FlacStereo.LeftSide or FlacStereo.MidSide && channel == 1 || header.Stereo is FlacStereo.SideRight && channel == 0;
            FlacSubframe.Decode(reader, header.Bits + (isSide ? 1 : 0), _channels[channel].AsSpan(0, _blockSize));
        }

        if (header.Stereo != FlacStereo.Independent)
        {
            Separate(header.Stereo, _channels[0].AsSpan(0, _blockSize), _channels[1].AsSpan(0, _blockSize));
        }
    }

    /// <summary>The samples, channel after channel for each point in time; full scale is -1 to 1.</summary>
    public ReadOnlySpan<float> Interleave()
    {
        int count = _blockSize * _channels.Length;
        if (_interleaved.Length < count)
        {
            (_interleaved, _hashed) = (new float[count], new byte[count * _bytes]);
        }

        double scale = 1.0 / (1L << info.Bits - 1);
        for (int channel = 0; channel < _channels.Length; channel++)
        {
            ReadOnlySpan<long> samples = _channels[channel].AsSpan(0, _blockSize);
            for (int i = 0, at = channel; i < samples.Length; i++, at += _channels.Length)
            {
                _interleaved[at] = (float)(samples[i] * scale);
                for (int b = 0; b < _bytes; b++)
                {
                    _hashed[at * _bytes + b] = (byte)(samples[i] >> 8 * b);
                }
            }
        }

        _md5?.AppendData(_hashed, 0, count * _bytes);
        return _interleaved.AsSpan(0, count);
    }

    /// <summary>Compares the MD5 of all samples with the one in the header.</summary>
    public void CheckMd5()
    {
        if (_md5 is not null && !_md5.GetHashAndReset().AsSpan().SequenceEqual(info.Md5))
        {
            throw new InvalidDataException("the decoded samples do not have the MD5 that the header gives; the file is damaged");
        }
    }

    public void Dispose() => _md5?.Dispose();

    private static void Separate(FlacStereo stereo, Span<long> first, Span<long> second)
    {
        for (int i = 0; i < first.Length; i++)
        {
            (first[i], second[i]) = stereo switch
            {
                FlacStereo.LeftSide => (first[i], first[i] - second[i]),
                FlacStereo.SideRight => (first[i] + second[i], second[i]),
                _ => MidSide(first[i], second[i]),
            };
        }
    }

    private static (long Left, long Right) MidSide(long mid, long side)
    {
        mid = mid << 1 | side & 1; // the sum lost its lowest bit, which is that of the difference
        return (mid + side >> 1, mid - side >> 1);
    }
}
