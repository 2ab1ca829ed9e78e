namespace Data2Vec.Vision.Images;

/// <summary>The header of a lossy frame: quantization, filter and probabilities (RFC 6386, section 9).</summary>
internal sealed class LossyHeader
{
    private const int Segments = 4, StartLength = 10, BlockKinds = 4 * 8 * 3, Probabilities = 11;

    private readonly int[] _segmentQuantizers = new int[Segments], _segmentLevels = new int[Segments];
    private readonly int _level, _sharpness, _referenceDelta, _modeDelta;
    private readonly bool _hasSegments, _isAbsolute, _hasDeltas;

    /// <summary>Reads the header at the start of compressed pixels.</summary>
    /// <exception cref="InvalidDataException">The header is damaged.</exception>
    public LossyHeader(ReadOnlyMemory<byte> pixels)
    {
        int start = pixels.Span[0] | pixels.Span[1] << 8 | pixels.Span[2] << 16, firstLength = start >> 5;
        bool isKeyFrame = (start & 1) == 0, isShown = (start & 0x10) != 0;
        if (!isKeyFrame || !isShown || (start >> 1 & 7) > 3)
        {
            throw ImageErrors.Damaged(ImageFormat.WebP);
        }

        if (firstLength > pixels.Length - StartLength)
        {
            throw ImageErrors.Truncated(ImageFormat.WebP);
        }

        Modes = new LossyBitReader(pixels, StartLength, firstLength);
        Modes.ReadNumber(2); // color space and clamping
        _hasSegments = Modes.ReadFlag();
        if (_hasSegments)
        {
            HasSegmentMap = Modes.ReadFlag();
            if (Modes.ReadFlag())
            {
                _isAbsolute = Modes.ReadFlag();
                ReadAll(_segmentQuantizers, () => Modes.ReadOptional(7));
                ReadAll(_segmentLevels, () => Modes.ReadOptional(6));
            }

            if (HasSegmentMap)
            {
                ReadAll(SegmentProbabilities, () => Modes.ReadFlag() ? Modes.ReadNumber(8) : 255);
            }
        }

        IsSimpleFilter = Modes.ReadFlag();
        (_level, _sharpness) = (Modes.ReadNumber(6), Modes.ReadNumber(3));
        _hasDeltas = Modes.ReadFlag();
        if (_hasDeltas && Modes.ReadFlag())
        {
            // Of four deltas for references and four for modes, key frames use the first.
            int[] deltas = new int[8];
            ReadAll(deltas, () => Modes.ReadOptional(6));
            (_referenceDelta, _modeDelta) = (deltas[0], deltas[4]);
        }

        int parts = 1 << Modes.ReadNumber(2);
        Quantizers = ReadQuantizers();
        Modes.ReadFlag(); // whether later frames keep the probabilities
        for (int i = 0; i < Coefficients.Length; i++)
        {
            bool isChanged = Modes.Read(LossyTables.CoefficientUpdates[i]) == 1;
            Coefficients[i] = isChanged ? (byte)Modes.ReadNumber(8) : LossyTables.Coefficients[i];
        }

        SkipProbability = Modes.ReadFlag() ? Modes.ReadNumber(8) : -1;
        CoefficientParts = FindParts(pixels, StartLength + firstLength, parts);
    }

    /// <summary>The first part, which continues with the modes of macroblocks.</summary>
    public LossyBitReader Modes { get; }

    /// <summary>The parts with coefficients. Rows of macroblocks take turns.</summary>
    public LossyBitReader[] CoefficientParts { get; }

    /// <summary>Whether each macroblock names its segment.</summary>
    public bool HasSegmentMap { get; }

    /// <summary>The probabilities of the segment's bits.</summary>
    public int[] SegmentProbabilities { get; } = new int[3];

    /// <summary>The probability that a macroblock has coefficients, or -1 if all have.</summary>
    public int SkipProbability { get; }

    /// <summary>The steps of each segment.</summary>
    public LossyQuantizer[] Quantizers { get; }

    /// <summary>The probabilities of coefficients, <c>[kind, band, context, 11]</c>.</summary>
    public byte[] Coefficients { get; } = new byte[BlockKinds * Probabilities];

    /// <summary>Whether the filter is the simple one, which leaves chroma as it is.</summary>
    public bool IsSimpleFilter { get; }

    /// <summary>The strength of the filter for a macroblock.</summary>
    public LossyFilterStrength FindFilter(int segment, bool hasBlockModes)
    {
        int level = _hasSegments ? _segmentLevels[segment] + (_isAbsolute ? 0 : _level) : _level;
        if (_hasDeltas)
        {
            level += _referenceDelta + (hasBlockModes ? _modeDelta : 0);
        }

        level = _level == 0 ? 0 : Math.Clamp(level, 0, 63);
        int inner = _sharpness > 4 ? level >> 2 : _sharpness > 0 ? level >> 1 : level;
        inner = Math.Max(_sharpness > 0 ? Math.Min(inner, 9 - _sharpness) : inner, 1);
        return new LossyFilterStrength(level == 0 ? 0 : 2 * level + inner, inner, level >= 40 ? 2 : level >= 15 ? 1 : 0);
    }

    private LossyQuantizer[] ReadQuantizers()
    {
        int quantizer = Modes.ReadNumber(7);
        int[] deltas = new int[5];
        ReadAll(deltas, () => Modes.ReadOptional(4));
        return [.. _segmentQuantizers.Select(own => LossyQuantizer.Create(_hasSegments ? own + (_isAbsolute ? 0 : quantizer) : quantizer, deltas))];
    }

    private static LossyBitReader[] FindParts(ReadOnlyMemory<byte> pixels, int position, int count)
    {
        var parts = new LossyBitReader[count];
        int sizes = position;
        position += 3 * (count - 1);
        for (int i = 0; i < count; i++, sizes += 3)
        {
            if (position >= pixels.Length)
            {
                throw ImageErrors.Truncated(ImageFormat.WebP);
            }

            int length = i == count - 1 ? int.MaxValue : pixels.Span[sizes] | pixels.Span[sizes + 1] << 8 | pixels.Span[sizes + 2] << 16;
            length = Math.Min(length, pixels.Length - position);
            parts[i] = new LossyBitReader(pixels, position, length);
            position += length;
        }

        return parts;
    }

    private static void ReadAll(int[] values, Func<int> read)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = read();
        }
    }
}

/// <summary>The limits of the filter: between macroblocks, within a block's side, and for high variance. A limit of 0 filters nothing.</summary>
internal readonly record struct LossyFilterStrength(int Limit, int InnerLimit, int HighVariance);

/// <summary>The steps of DC and AC coefficients: of luma, of luma's DC coefficients, and of chroma.</summary>
internal readonly record struct LossyQuantizer(int LumaDc, int LumaAc, int SecondDc, int SecondAc, int ChromaDc, int ChromaAc)
{
    /// <summary>Looks up the steps.</summary>
    /// <param name="quantizer">The quantizer of the segment.</param>
    /// <param name="deltas">What is added to it for luma's DC, the second DC and AC, and the chroma's DC and AC.</param>
    public static LossyQuantizer Create(int quantizer, ReadOnlySpan<int> deltas)
    {
        static int Dc(int q, int max = 127) => LossyTables.DcSteps[Math.Clamp(q, 0, max)];
        static int Ac(int q) => LossyTables.AcSteps[Math.Clamp(q, 0, 127)];
        return new(Dc(quantizer + deltas[0]), Ac(quantizer), Dc(quantizer + deltas[1]) * 2, Math.Max(Ac(quantizer + deltas[2]) * 101581 >> 16, 8),
            Dc(quantizer + deltas[3], 117), Ac(quantizer + deltas[4]));
    }
}
