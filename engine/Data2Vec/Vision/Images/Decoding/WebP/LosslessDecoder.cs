namespace Data2Vec.Vision.Images;

/// <summary>
/// Decodes lossless WebP (VP8L): pixels of 32 bits, alpha in the upper 8, then red, green and blue. The same code compresses the alpha of
/// lossy images.
/// </summary>
internal ref struct LosslessDecoder
{
    private const int Literals = 256, LengthCodes = 24, DistanceCodes = 40, MaxCacheBits = 11;

    private LosslessBitReader _reader;

    private LosslessDecoder(ReadOnlySpan<byte> data) => _reader = new LosslessBitReader(data);

    /// <summary>Decodes an image whose header of five bytes gave the size.</summary>
    /// <exception cref="InvalidDataException">The data is damaged.</exception>
    public static uint[] Decode(ReadOnlySpan<byte> data, int width, int height) => new LosslessDecoder(data).DecodeImage(width, height);

    private uint[] DecodeImage(int width, int height)
    {
        // The encoder's last transform is the decoder's first.
        Stack<LosslessTransform> transforms = [];
        int codedWidth = width, kinds = 0;
        while (_reader.Read(1) == 1)
        {
            var kind = (LosslessTransformKind)_reader.Read(2);
            if ((kinds & (1 << (int)kind)) != 0)
            {
                throw ImageErrors.Damaged(ImageFormat.WebP);
            }

            kinds |= 1 << (int)kind;
            int bits = 0;
            uint[] data = [];
            switch (kind)
            {
                case LosslessTransformKind.Predictor or LosslessTransformKind.CrossColor:
                    bits = (int)_reader.Read(3) + 2;
                    data = DecodePixels(Blocks(codedWidth, bits), Blocks(height, bits), hasGroups: false);
                    break;
                case LosslessTransformKind.Palette:
                    int colors = (int)_reader.Read(8) + 1;
                    data = DecodePixels(colors, 1, hasGroups: false);
                    for (int i = 1; i < colors; i++)
                    {
                        data[i] = LosslessTransform.Add(data[i], data[i - 1]);
                    }

                    bits = colors <= 2 ? 3 : colors <= 4 ? 2 : colors <= 16 ? 1 : 0;
                    break;
                default:
                    break;
            }

            transforms.Push(new LosslessTransform(kind, codedWidth, height, bits, data));
            codedWidth = kind == LosslessTransformKind.Palette ? Blocks(codedWidth, bits) : codedWidth;
        }

        uint[] pixels = DecodePixels(codedWidth, height, hasGroups: true);
        foreach (LosslessTransform transform in transforms)
        {
            pixels = transform.Invert(pixels);
        }

        return pixels;
    }

    /// <summary>Decodes the pixels of an image, or of one that controls a transform or the groups of another.</summary>
    private uint[] DecodePixels(int width, int height, bool hasGroups)
    {
        int cacheBits = _reader.Read(1) == 1 ? (int)_reader.Read(4) : 0;
        if (cacheBits > MaxCacheBits)
        {
            throw ImageErrors.Damaged(ImageFormat.WebP);
        }

        int groupBits = 0;
        uint[] groupPixels = [];
        if (hasGroups && _reader.Read(1) == 1)
        {
            groupBits = (int)_reader.Read(3) + 2;
            groupPixels = DecodePixels(Blocks(width, groupBits), Blocks(height, groupBits), hasGroups: false);
        }

        LosslessPrefixCode[]?[] groups = ReadGroups(groupPixels, cacheBits);
        uint[] cache = new uint[cacheBits > 0 ? 1 << cacheBits : 0];
        uint[] pixels = new uint[checked(width * height)];
        int groupsPerRow = Blocks(width, groupBits), last = 0, groupMask = (1 << groupBits) - 1;
        LosslessPrefixCode[] codes = groups[0] ?? [];
        for (int at = 0, x = 0, y = 0; at < pixels.Length;)
        {
            if (groupPixels.Length > 0 && ((x & groupMask) == 0 || at != last))
            {
                codes = groups[Group(groupPixels[(y >> groupBits) * groupsPerRow + (x >> groupBits)])]!;
            }

            int symbol = codes[0].Decode(ref _reader), start = at;
            if (symbol < Literals)
            {
                uint red = (uint)codes[1].Decode(ref _reader), blue = (uint)codes[2].Decode(ref _reader), alpha = (uint)codes[3].Decode(ref _reader);
                pixels[at++] = alpha << 24 | red << 16 | (uint)symbol << 8 | blue;
            }
            else if (symbol < Literals + LengthCodes)
            {
                int length = ReadLong(symbol - Literals);
                long distance = LosslessDistances.Find(ReadLong(codes[4].Decode(ref _reader)), width);
                if (distance > at || length > pixels.Length - at)
                {
                    throw ImageErrors.Damaged(ImageFormat.WebP);
                }

                // The pixels may overlap those that are written, so they are copied one by one.
                for (int from = at - (int)distance, end = at + length; at < end; at++, from++)
                {
                    pixels[at] = pixels[from];
                }
            }
            else
            {
                pixels[at++] = cache[symbol - Literals - LengthCodes];
            }

            for (int i = start; i < at && cacheBits > 0; i++)
            {
                cache[(int)(pixels[i] * 0x1E35A7BD >> (32 - cacheBits))] = pixels[i];
            }

            last = start + 1;
            x += at - start;
            if (x >= width)
            {
                y += x / width;
                x %= width;
            }
        }

        return pixels;
    }

    /// <summary>Reads the prefix codes of all groups, and keeps those that pixels use.</summary>
    private LosslessPrefixCode[]?[] ReadGroups(uint[] groupPixels, int cacheBits)
    {
        int greens = Literals + LengthCodes + (cacheBits > 0 ? 1 << cacheBits : 0), count = 1;
        bool[] isUsed = [true];
        if (groupPixels.Length > 0)
        {
            count = groupPixels.Max(Group) + 1;
            isUsed = new bool[count];
            foreach (uint pixel in groupPixels)
            {
                isUsed[Group(pixel)] = true;
            }
        }

        var groups = new LosslessPrefixCode[]?[count];
        ReadOnlySpan<int> symbols = [greens, 256, 256, 256, DistanceCodes];
        for (int group = 0; group < count; group++)
        {
            var codes = new LosslessPrefixCode[symbols.Length];
            for (int i = 0; i < codes.Length; i++)
            {
                codes[i] = LosslessPrefixCode.Read(ref _reader, symbols[i]);
            }

            groups[group] = isUsed[group] ? codes : null;
        }

        return groups;
    }

    /// <summary>Reads the rest of a length or distance, which begins with a code for its size.</summary>
    private int ReadLong(int code)
    {
        if (code < 4)
        {
            return code + 1;
        }

        int bits = (code - 2) >> 1;
        return ((2 + (code & 1)) << bits) + (int)_reader.Read(bits) + 1;
    }

    private static int Group(uint pixel) => (int)(pixel >> 8) & 0xFFFF;

    private static int Blocks(int size, int bits) => (size + (1 << bits) - 1) >> bits;
}
