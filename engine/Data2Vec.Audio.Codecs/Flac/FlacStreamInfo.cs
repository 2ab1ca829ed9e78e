namespace Data2Vec.Audio.Codecs;

/// <summary>The metadata block STREAMINFO (RFC 9639, section 8.2).</summary>
/// <param name="SampleRate">The sample rate in Hz.</param>
/// <param name="Channels">The number of channels.</param>
/// <param name="Bits">The bits of a sample.</param>
/// <param name="Samples">The number of samples in each channel, or 0 if it is unknown.</param>
/// <param name="Md5">The MD5 of the samples, or zeros if it is unknown.</param>
internal sealed record FlacStreamInfo(int SampleRate, int Channels, int Bits, long Samples, byte[] Md5)
{
    private const int Length = 34;
    private const int Type = 0;
    private const int InvalidType = 127;

    /// <summary>Reads the beginning of a file: the signature and all metadata blocks.</summary>
    public static FlacStreamInfo Read(FlacReader reader)
    {
        if (reader.Read(32) != 0x664C6143) // fLaC
        {
            throw new InvalidDataException("the file does not begin with 'fLaC'; it is damaged");
        }

        FlacStreamInfo? info = null;
        for (bool isLast = false; !isLast;)
        {
            isLast = reader.Read(1) != 0;
            int type = (int)reader.Read(7), length = (int)reader.Read(24);
            if (type == InvalidType || type == Type != info is null || (type == Type && length != Length))
            {
                throw new InvalidDataException(info is null
                    ? "the file does not begin with a STREAMINFO block; it is damaged"
                    : $"a metadata block of type {type} stands where none may stand; the file is damaged");
            }

            if (type == Type)
            {
                info = ReadBlock(reader);
            }
            else
            {
                reader.SkipBytes(length);
            }
        }

        return info!;
    }

    private static FlacStreamInfo ReadBlock(FlacReader reader)
    {
        reader.SkipBytes(10); // the smallest and largest blocks and frames
        int sampleRate = (int)reader.Read(20), channels = (int)reader.Read(3) + 1, bits = (int)reader.Read(5) + 1;
        long samples = (long)reader.Read(4) << 32 | reader.Read(32);
        byte[] md5 = new byte[16];
        reader.ReadBytes(md5);
        return bits >= 4
            ? new FlacStreamInfo(sampleRate, channels, bits, samples, md5)
            : throw new InvalidDataException($"the header declares {bits} bits; the file is damaged");
    }
}
