using System.Buffers.Binary;

namespace Data2Vec.Tests.Vision;

/// <summary>Damages files as transfers and attackers do: flipped bits, other bytes, forged lengths, cuts, and parts of other files.</summary>
internal static class Mutation
{
    private static readonly uint[] s_numbers = [0, 1, 2, 3, 7, 8, 15, 16, 31, 64, 127, 128, 255, 256, 4095, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, uint.MaxValue];

    /// <summary>Makes a damaged copy of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="other">Another file, whose parts are mixed in.</param>
    /// <param name="random">Decides everything.</param>
    public static byte[] Apply(byte[] file, byte[] other, Random random)
    {
        byte[] damaged = [.. file];
        for (int changes = random.Next(1, 5); changes > 0 && damaged.Length > 8; changes--)
        {
            // Headers decide more than pixels do, so half of the changes are there.
            int at = random.Next(random.Next(2) == 0 ? Math.Min(damaged.Length, 128) : damaged.Length);
            switch (random.Next(7))
            {
                case 0:
                    damaged[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    damaged[at] = (byte)s_numbers[random.Next(13)];
                    break;
                case 2:
                    damaged[at] = (byte)random.Next(256);
                    break;
                case 3:
                    Forge(damaged.AsSpan(at), random);
                    break;
                case 4:
                    damaged = random.Next(4) == 0 ? damaged[..at] : damaged;
                    break;
                case 5:
                    // Bytes move, are repeated, or go.
                    int from = random.Next(damaged.Length), count = random.Next(Math.Min(damaged.Length - from, 64) + 1);
                    damaged = [.. damaged[..at], .. damaged[from..(from + count)], .. damaged[Math.Min(at + random.Next(2) * count, damaged.Length)..]];
                    break;
                default:
                    int start = random.Next(other.Length), length = random.Next(Math.Min(other.Length - start, 64) + 1);
                    damaged = [.. damaged[..at], .. other[start..(start + length)], .. damaged[Math.Min(at + length, damaged.Length)..]];
                    break;
            }
        }

        if (file[0] == 0x89 && random.Next(4) > 0)
        {
            RepairPngChecksums(damaged);
        }

        return damaged;
    }

    /// <summary>Corrects the checksums of a PNG, so that damage reaches the code behind them.</summary>
    public static void RepairPngChecksums(byte[] png)
    {
        for (long at = 8; at + 12 <= png.Length;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan((int)at));
            if (at + 12 + length > png.Length)
            {
                return;
            }

            uint checksum = Crc32(png.AsSpan((int)at + 4, (int)length + 4));
            BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan((int)(at + 8 + length)), checksum);
            at += 12 + length;
        }
    }

    private static void Forge(Span<byte> target, Random random)
    {
        uint number = s_numbers[random.Next(s_numbers.Length)];
        bool isBig = random.Next(2) == 0;
        if (target.Length >= 4 && random.Next(2) == 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(target, isBig ? BinaryPrimitives.ReverseEndianness(number) : number);
        }
        else if (target.Length >= 2)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(target, isBig ? BinaryPrimitives.ReverseEndianness((ushort)number) : (ushort)number);
        }
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        uint remainder = uint.MaxValue;
        foreach (byte value in bytes)
        {
            remainder ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                remainder = (remainder >> 1) ^ ((remainder & 1) * 0xEDB88320);
            }
        }

        return ~remainder;
    }
}
