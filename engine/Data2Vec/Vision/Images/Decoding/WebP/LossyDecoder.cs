namespace Data2Vec.Vision.Images;

/// <summary>Decodes the pixels of lossy WebP: a key frame of VP8 (RFC 6386).</summary>
internal sealed class LossyDecoder
{
    private const int BlockLength = 16, ProbabilitiesPerBand = 3 * 11, ProbabilitiesPerKind = 8 * ProbabilitiesPerBand;
    private const int LumaAfterSecond = 0, Second = 1, ChromaKind = 2, Luma = 3;

    private readonly LossyHeader _header;
    private readonly int _unitsPerRow, _unitRows;
    private readonly LossyPlane _luma, _blue, _red;
    private readonly byte[] _modesAbove; // of blocks
    private readonly byte[] _modesBefore = new byte[4];

    // Whether the blocks above and to the left have coefficients: four of luma, two of each chroma, and luma's DC coefficients.
    private readonly byte[][] _above;
    private readonly byte[] _before = new byte[9];
    private readonly byte[] _modes = new byte[BlockLength];
    private readonly short[] _coefficients = new short[24 * BlockLength];
    private readonly LossyFilterStrength[] _filters;
    private readonly bool[] _filtersInside;

    private LossyDecoder(ReadOnlyMemory<byte> pixels, int width, int height)
    {
        _header = new LossyHeader(pixels);
        (_unitsPerRow, _unitRows) = ((width + 15) / 16, (height + 15) / 16);
        _luma = new LossyPlane(_unitsPerRow * 16, _unitRows * 16);
        _blue = new LossyPlane(_unitsPerRow * 8, _unitRows * 8);
        _red = new LossyPlane(_unitsPerRow * 8, _unitRows * 8);
        _modesAbove = new byte[_unitsPerRow * 4];
        _above = [.. Enumerable.Range(0, _unitsPerRow).Select(_ => new byte[9])];
        _filters = new LossyFilterStrength[_unitsPerRow * _unitRows];
        _filtersInside = new bool[_filters.Length];
    }

    /// <summary>Decodes a frame.</summary>
    /// <param name="pixels">The compressed pixels with their header.</param>
    /// <param name="width">The width that the header gives.</param>
    /// <param name="height">The height that the header gives.</param>
    /// <exception cref="InvalidDataException">The data is damaged.</exception>
    public static LossyColors Decode(ReadOnlyMemory<byte> pixels, int width, int height)
    {
        LossyDecoder decoder = new(pixels, width, height);
        decoder.DecodeUnits();
        decoder.Filter();
        return new LossyColors(decoder._luma, decoder._blue, decoder._red, width, height);
    }

    private void DecodeUnits()
    {
        for (int row = 0; row < _unitRows; row++)
        {
            LossyBitReader coefficients = _header.CoefficientParts[row % _header.CoefficientParts.Length];
            Array.Clear(_modesBefore);
            Array.Clear(_before);
            for (int column = 0; column < _unitsPerRow; column++)
            {
                DecodeUnit(coefficients, column, row);
            }

            if (_header.Modes.IsPastEnd || coefficients.IsPastEnd)
            {
                throw ImageErrors.Truncated(ImageFormat.WebP);
            }
        }
    }

    private void DecodeUnit(LossyBitReader coefficients, int column, int row)
    {
        LossyBitReader modes = _header.Modes;
        int segment = 0;
        if (_header.HasSegmentMap)
        {
            int[] probabilities = _header.SegmentProbabilities;
            segment = modes.Read(probabilities[0]) == 0 ? modes.Read(probabilities[1]) : 2 + modes.Read(probabilities[2]);
        }

        bool isSkipped = _header.SkipProbability >= 0 && modes.Read(_header.SkipProbability) == 1;
        bool hasBlockModes = modes.Read(145) == 0;
        int mode = ReadLumaModes(modes, hasBlockModes, column);
        int chromaMode = modes.Read(142) == 0 ? LossyPlane.Dc
            : modes.Read(114) == 0 ? LossyPlane.Vertical
            : modes.Read(183) == 1 ? LossyPlane.TrueMotion : LossyPlane.Horizontal;

        Array.Clear(_coefficients);
        byte[] above = _above[column];
        if (isSkipped)
        {
            // Luma's DC coefficients have their own block only in macroblocks without modes of blocks.
            int kept = hasBlockModes ? 8 : 9;
            above.AsSpan(0, kept).Clear();
            _before.AsSpan(0, kept).Clear();
        }
        else
        {
            ReadCoefficients(coefficients, _header.Quantizers[segment], hasBlockModes, above);
        }

        bool hasCoefficients = _coefficients.AsSpan().IndexOfAnyExcept((short)0) >= 0;
        _filters[row * _unitsPerRow + column] = _header.FindFilter(segment, hasBlockModes);
        _filtersInside[row * _unitsPerRow + column] = hasBlockModes || hasCoefficients;
        Reconstruct(column, row, hasBlockModes, mode, chromaMode);
    }

    private int ReadLumaModes(LossyBitReader reader, bool hasBlockModes, int column)
    {
        Span<byte> above = _modesAbove.AsSpan(column * 4, 4);
        if (!hasBlockModes)
        {
            int mode = reader.Read(156) == 1
                ? reader.Read(128) == 1 ? LossyPlane.TrueMotion : LossyPlane.Horizontal
                : reader.Read(163) == 1 ? LossyPlane.Vertical : LossyPlane.Dc;
            above.Fill((byte)mode);
            _modesBefore.AsSpan().Fill((byte)mode);
            return mode;
        }

        // A tree: two branches for each node, modes as negative numbers.
        ReadOnlySpan<sbyte> tree = [0, 1, -1, 2, -2, 3, 4, 6, -3, 5, -4, -5, -6, 7, -7, 8, -8, -9];
        for (int y = 0; y < 4; y++)
        {
            int before = _modesBefore[y];
            for (int x = 0; x < 4; x++)
            {
                ReadOnlySpan<byte> probabilities = LossyTables.BlockModes.Slice((above[x] * 10 + before) * 9, 9);
                int node = tree[reader.Read(probabilities[0])];
                while (node > 0)
                {
                    node = tree[2 * node + reader.Read(probabilities[node])];
                }

                before = -node;
                above[x] = _modes[y * 4 + x] = (byte)before;
            }

            _modesBefore[y] = (byte)before;
        }

        return 0;
    }

    private void ReadCoefficients(LossyBitReader reader, LossyQuantizer steps, bool hasBlockModes, byte[] above)
    {
        int first = 0, kind = Luma;
        if (!hasBlockModes)
        {
            Span<short> second = stackalloc short[BlockLength];
            int count = ReadBlock(reader, Second, above[8] + _before[8], 0, steps.SecondDc, steps.SecondAc, second);
            above[8] = _before[8] = (byte)(count > 0 ? 1 : 0);
            InvertSecond(second);
            (first, kind) = (1, LumaAfterSecond);
        }

        for (int y = 0; y < 4; y++)
        {
            for (int x = 0; x < 4; x++)
            {
                Span<short> block = _coefficients.AsSpan((y * 4 + x) * BlockLength, BlockLength);
                int count = ReadBlock(reader, kind, above[x] + _before[y], first, steps.LumaDc, steps.LumaAc, block);
                above[x] = _before[y] = (byte)(count > first ? 1 : 0);
            }
        }

        for (int i = 0; i < 8; i++)
        {
            // Four blocks of each chroma component.
            int x = 4 + i / 4 * 2 + i % 2, y = 4 + i / 4 * 2 + i % 4 / 2;
            Span<short> block = _coefficients.AsSpan((16 + i) * BlockLength, BlockLength);
            int count = ReadBlock(reader, ChromaKind, above[x] + _before[y], 0, steps.ChromaDc, steps.ChromaAc, block);
            above[x] = _before[y] = (byte)(count > 0 ? 1 : 0);
        }
    }

    /// <summary>Reads the coefficients of a block. Gives the position behind the last one that is not 0.</summary>
    private int ReadBlock(LossyBitReader reader, int kind, int context, int first, int dcStep, int acStep, Span<short> block)
    {
        ReadOnlySpan<byte> bands = [0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0];
        ReadOnlySpan<byte> zigZag = [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15];
        ReadOnlySpan<byte> ofKind = _header.Coefficients.AsSpan(kind * ProbabilitiesPerKind, ProbabilitiesPerKind);
        ReadOnlySpan<byte> probabilities = ofKind[(bands[first] * ProbabilitiesPerBand + context * 11)..];
        for (int n = first; n < BlockLength; n++)
        {
            if (reader.Read(probabilities[0]) == 0)
            {
                return n;
            }

            while (reader.Read(probabilities[1]) == 0)
            {
                if (++n == BlockLength)
                {
                    return BlockLength;
                }

                probabilities = ofKind[(bands[n] * ProbabilitiesPerBand)..];
            }

            int value = reader.Read(probabilities[2]) == 0 ? 1 : ReadLarge(reader, probabilities);
            probabilities = ofKind[(bands[n + 1] * ProbabilitiesPerBand + (value == 1 ? 11 : 22))..];
            block[zigZag[n]] = (short)((reader.Read(128) == 1 ? -value : value) * (n == 0 ? dcStep : acStep));
        }

        return BlockLength;
    }

    private static int ReadLarge(LossyBitReader reader, ReadOnlySpan<byte> probabilities)
    {
        if (reader.Read(probabilities[3]) == 0)
        {
            return reader.Read(probabilities[4]) == 0 ? 2 : 3 + reader.Read(probabilities[5]);
        }

        if (reader.Read(probabilities[6]) == 0)
        {
            if (reader.Read(probabilities[7]) == 0)
            {
                return 5 + reader.Read(159);
            }

            int upper = reader.Read(165);
            return 7 + 2 * upper + reader.Read(145);
        }

        int category = reader.Read(probabilities[8]);
        category = 2 * category + reader.Read(probabilities[9 + category]);
        ReadOnlySpan<byte> extra = category switch
        {
            0 => [173, 148, 140],
            1 => [176, 155, 140, 135],
            2 => [180, 157, 141, 134, 130],
            _ => [254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129],
        };
        int value = 0;
        foreach (byte probability in extra)
        {
            value = 2 * value + reader.Read(probability);
        }

        return value + 3 + (8 << category);
    }

    /// <summary>Inverts the Walsh-Hadamard transform of luma's DC coefficients, and gives each to its block.</summary>
    private void InvertSecond(ReadOnlySpan<short> second)
    {
        Span<int> work = stackalloc int[16];
        for (int i = 0; i < 4; i++)
        {
            int a0 = second[i] + second[12 + i], a1 = second[4 + i] + second[8 + i], a2 = second[4 + i] - second[8 + i], a3 = second[i] - second[12 + i];
            (work[i], work[4 + i], work[8 + i], work[12 + i]) = (a0 + a1, a3 + a2, a0 - a1, a3 - a2);
        }

        for (int i = 0; i < 4; i++)
        {
            int dc = work[4 * i] + 3;
            int a0 = dc + work[4 * i + 3], a1 = work[4 * i + 1] + work[4 * i + 2], a2 = work[4 * i + 1] - work[4 * i + 2], a3 = dc - work[4 * i + 3];
            Span<short> row = _coefficients.AsSpan(4 * i * BlockLength);
            row[0] = (short)((a0 + a1) >> 3);
            row[BlockLength] = (short)((a3 + a2) >> 3);
            row[2 * BlockLength] = (short)((a0 - a1) >> 3);
            row[3 * BlockLength] = (short)((a3 - a2) >> 3);
        }
    }

    private void Reconstruct(int column, int row, bool hasBlockModes, int mode, int chromaMode)
    {
        int left = column * 16, top = row * 16;
        Span<byte> right = stackalloc byte[4];
        if (!hasBlockModes)
        {
            _luma.Predict(mode, left, top, 16);
        }

        for (int i = 0; i < 16; i++)
        {
            int x = left + i % 4 * 4, y = top + i / 4 * 4;
            if (hasBlockModes)
            {
                // To the right of the macroblock, only the row above it is there.
                if (i % 4 == 3)
                {
                    _luma.ReadAboveRight(left, top, right);
                }
                else
                {
                    _luma.ReadAboveRight(x - 12, y, right);
                }

                _luma.PredictBlock(_modes[i], x, y, right);
            }

            _luma.AddResidual(_coefficients.AsSpan(i * BlockLength, BlockLength), x, y);
        }

        foreach ((LossyPlane plane, int first) in ((LossyPlane, int)[])[(_blue, 16), (_red, 20)])
        {
            plane.Predict(chromaMode, column * 8, row * 8, 8);
            for (int i = 0; i < 4; i++)
            {
                plane.AddResidual(_coefficients.AsSpan((first + i) * BlockLength, BlockLength), column * 8 + i % 2 * 4, row * 8 + i / 2 * 4);
            }
        }
    }

    private void Filter()
    {
        for (int row = 0; row < _unitRows; row++)
        {
            for (int column = 0; column < _unitsPerRow; column++)
            {
                LossyFilterStrength strength = _filters[row * _unitsPerRow + column];
                if (strength.Limit == 0)
                {
                    continue;
                }

                bool isInside = _filtersInside[row * _unitsPerRow + column];
                LossyFilter.Apply(_luma, column * 16, row * 16, 16, strength, isInside, _header.IsSimpleFilter);
                if (!_header.IsSimpleFilter)
                {
                    LossyFilter.Apply(_blue, column * 8, row * 8, 8, strength, isInside, isSimple: false);
                    LossyFilter.Apply(_red, column * 8, row * 8, 8, strength, isInside, isSimple: false);
                }
            }
        }
    }
}
