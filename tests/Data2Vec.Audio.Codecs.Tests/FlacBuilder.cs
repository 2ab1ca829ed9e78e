using System.Security.Cryptography;

#pragma warning disable CA5351 // FLAC uses MD5

namespace Data2Vec.Audio.Codecs.Tests;

/// <summary>Writes FLAC files of one frame with two channels: one verbatim, one of fixed order 0 with an escaped partition. Written from RFC 9639.</summary>
internal static class FlacBuilder
{
    /// <summary>Where the frame begins.</summary>
    public const int FrameAt = 4 + 4 + 34;

    private const int HeaderBytes = 6;

    public static byte[] Build(int bits, int assignment, long[] left, long[] right)
    {
        var info = new List<bool>();
        Write(info, 16, 16);
        Write(info, 65535, 16);
        Write(info, 0, 48);
        Write(info, 16000, 20);
        Write(info, 1, 3);
        Write(info, bits - 1, 5);
        Write(info, left.Length, 36);
        byte[] samples = [.. left.Zip(right).SelectMany(pair => (byte[])[.. Little(pair.First, bits), .. Little(pair.Second, bits)])];

        (long[] first, long[] second) = assignment switch
        {
            8 => (left, [.. left.Zip(right, (l, r) => l - r)]),
            9 => ([.. left.Zip(right, (l, r) => l - r)], right),
            10 => ([.. left.Zip(right, (l, r) => l + r >> 1)], [.. left.Zip(right, (l, r) => l - r)]),
            _ => (left, right),
        };
        var frame = new List<bool>();
        Write(frame, 0b11111111111110, 14);
        Write(frame, 0, 2);
        Write(frame, 6, 4); // the block size in 8 bits
        Write(frame, 0, 4); // the sample rate of STREAMINFO
        Write(frame, assignment, 4);
        Write(frame, 0, 4); // the bits of STREAMINFO
        Write(frame, 0, 8); // frame 0
        Write(frame, left.Length - 1, 8);
        Write(frame, 0, 8); // for CRC-8
        Write(frame, 0b00000010, 8); // verbatim
        foreach (long sample in first)
        {
            Write(frame, sample, assignment == 9 ? bits + 1 : bits);
        }

        int secondBits = assignment is 8 or 10 ? bits + 1 : bits;
        bool isEscaped = secondBits <= 31; // an escaped partition has five bits for the width
        Write(frame, isEscaped ? 0b00010000 : 0b00000010, 8); // fixed, order 0
        if (isEscaped)
        {
            Write(frame, 0b01_0000_11111, 11); // five-bit parameters, one partition, escape
            Write(frame, secondBits, 5);
        }

        foreach (long sample in second)
        {
            Write(frame, sample, secondBits);
        }

        frame.AddRange(new bool[-frame.Count & 7]);
        byte[] file = [.. "fLaC"u8, 0x80, 0, 0, 34, .. Bytes(info), .. MD5.HashData(samples), .. Bytes(frame), 0, 0];
        FixChecksums(file);
        return file;
    }

    public static void FixChecksums(byte[] file)
    {
        file[FrameAt + HeaderBytes] = (byte)Crc(file.AsSpan(FrameAt, HeaderBytes), 8, 0x07);
        int crc = Crc(file.AsSpan(FrameAt..^2), 16, 0x8005);
        (file[^2], file[^1]) = ((byte)(crc >> 8), (byte)crc);
    }

    private static int Crc(ReadOnlySpan<byte> bytes, int width, int polynomial)
    {
        int crc = 0;
        foreach (byte b in bytes)
        {
            for (int bit = 7; bit >= 0; bit--)
            {
                bool carry = ((crc >> width - 1 ^ b >> bit) & 1) != 0;
                crc = (crc << 1 ^ (carry ? polynomial : 0)) & (1 << width) - 1;
            }
        }

        return crc;
    }

    private static byte[] Little(long sample, int bits) => BitConverter.GetBytes(sample)[..((bits + 7) / 8)];

    private static void Write(List<bool> bits, long value, int count)
    {
        for (int bit = count - 1; bit >= 0; bit--)
        {
            bits.Add((value >> bit & 1) != 0);
        }
    }

    private static byte[] Bytes(List<bool> bits) => [.. bits.Chunk(8).Select(chunk => (byte)chunk.Aggregate(0, (value, bit) => value << 1 | (bit ? 1 : 0)))];
}
