using System.Numerics;

namespace Data2Vec.Audio.Codecs;

/// <summary>
/// Checks the setup header (Vorbis I, section 4.2.4) before NVorbis reads it. NVorbis trusts the sizes of codebooks: a few bytes could ask for gigabytes, or for a
/// loop without end. And it decodes noise if channels have residues of their own (types 0 and 1) and one of them is silent.
/// </summary>
internal static class VorbisSetup
{
    private const int SignatureBytes = 7;
    private const uint CodebookSync = 0x564342; // BCV

    // All books of an encoder's setup have some 100,000 numbers.
    private const int MaxEntries = 1 << 17;
    private const int MaxNumbers = 1 << 22;

    private const uint JointResidue = 2;

    /// <summary>Reads codebooks, floors and residues without keeping them.</summary>
    /// <exception cref="InvalidDataException">The header is damaged, a codebook is too large, or channels have residues of their own.</exception>
    public static void Check(byte[] setup, int channels)
    {
        if (!setup.AsSpan().StartsWith("\u0005vorbis"u8))
        {
            throw Damaged("is missing");
        }

        var bits = new BitReader(setup, SignatureBytes);
        int books = (int)bits.Read(8) + 1, entries = 0;
        long numbers = 0;
        for (int book = 0; book < books; book++)
        {
            if (bits.Read(24) != CodebookSync)
            {
                throw Damaged("has a codebook without its sync code");
            }

            int bookDimensions = (int)bits.Read(16), bookEntries = (int)bits.Read(24);
            entries += bookEntries;
            numbers += (long)bookDimensions * bookEntries;
            if (entries > MaxEntries || numbers > MaxNumbers || bookEntries == 0)
            {
                throw Damaged("has codebooks of an unlikely size");
            }

            SkipLengths(bits, bookEntries);
            SkipLookup(bits, bookDimensions, bookEntries);
        }

        Repeat(bits.Read(6) + 1, () => bits.Read(16)); // times, which are not used
        Repeat(bits.Read(6) + 1, () => SkipFloor(bits));
        Repeat(bits.Read(6) + 1, () =>
        {
            if (SkipResidue(bits) != JointResidue && channels > 1)
            {
                throw new InvalidDataException("Vorbis without coupled channels is not supported; convert it: ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav");
            }
        });
    }

    private static void Repeat(uint count, Action action)
    {
        for (uint i = 0; i < count; i++)
        {
            action();
        }
    }

    private static void SkipFloor(BitReader bits)
    {
        if (bits.Read(16) == 0)
        {
            bits.Read(8 + 16);
            bits.Read(16 + 6 + 8);
            Repeat(bits.Read(4) + 1, () => bits.Read(8));
            return;
        }

        uint[] classes = new uint[bits.Read(5)];
        for (int i = 0; i < classes.Length; i++)
        {
            classes[i] = bits.Read(4);
        }

        uint[] dimensions = new uint[classes.Length == 0 ? 0 : classes.Max() + 1];
        for (int i = 0; i < dimensions.Length; i++)
        {
            dimensions[i] = bits.Read(3) + 1;
            int subclasses = (int)bits.Read(2);
            bits.Read(subclasses == 0 ? 0 : 8);
            Repeat(1u << subclasses, () => bits.Read(8));
        }

        bits.Read(2);
        int width = (int)bits.Read(4);
        foreach (uint partition in classes)
        {
            Repeat(dimensions[partition], () => bits.Read(width));
        }
    }

    /// <summary>Returns the type.</summary>
    private static uint SkipResidue(BitReader bits)
    {
        uint type = bits.Read(16);
        Repeat(3, () => bits.Read(24));
        uint classifications = bits.Read(6) + 1;
        bits.Read(8);
        int books = 0;
        Repeat(classifications, () =>
        {
            books += BitOperations.PopCount(bits.Read(3));
            books += bits.Read(1) == 0 ? 0 : BitOperations.PopCount(bits.Read(5));
        });
        Repeat((uint)books, () => bits.Read(8));
        return type;
    }

    private static void SkipLengths(BitReader bits, int entries)
    {
        if (bits.Read(1) != 0)
        {
            uint length = bits.Read(5) + 1;
            for (int entry = 0; entry < entries; length++)
            {
                entry += (int)bits.Read(BitLength(entries - entry));
                if (length > 32 || entry > entries)
                {
                    throw Damaged("has code words that are too long");
                }
            }

            return;
        }

        bool isSparse = bits.Read(1) != 0;
        for (int entry = 0; entry < entries; entry++)
        {
            if (!isSparse || bits.Read(1) != 0)
            {
                bits.Read(5);
            }
        }
    }

    private static void SkipLookup(BitReader bits, int dimensions, int entries)
    {
        int type = (int)bits.Read(4);
        if (type == 0)
        {
            return;
        }

        if (type > 2 || dimensions == 0)
        {
            throw Damaged($"has a codebook of the reserved type {type}");
        }

        bits.Read(32);
        bits.Read(32);
        int width = (int)bits.Read(4) + 1;
        bits.Read(1);
        int count = type == 1 ? Root(entries, dimensions) : dimensions * entries;
        for (int i = 0; i < count; i++)
        {
            bits.Read(width);
        }
    }

    /// <summary>The largest number whose power of <paramref name="dimensions"/> is at most <paramref name="entries"/>.</summary>
    private static int Root(int entries, int dimensions)
    {
        int root = (int)Math.Floor(Math.Exp(Math.Log(entries) / dimensions));
        return Math.Floor(Math.Pow(root + 1, dimensions)) <= entries ? root + 1 : root;
    }

    private static int BitLength(int value) => 32 - BitOperations.LeadingZeroCount((uint)value);

    private static InvalidDataException Damaged(string what) => new($"the Vorbis setup {what}; the file is damaged");

    /// <summary>Reads bits, least significant first.</summary>
    private sealed class BitReader(byte[] bytes, int start)
    {
        private long _bit = 8L * start;

        public uint Read(int count)
        {
            if (_bit + count > 8L * bytes.Length)
            {
                throw Damaged("ends too early");
            }

            uint value = 0;
            for (int i = 0; i < count; i++, _bit++)
            {
                value |= (uint)(bytes[_bit >> 3] >> (int)(_bit & 7) & 1) << i;
            }

            return value;
        }
    }
}
