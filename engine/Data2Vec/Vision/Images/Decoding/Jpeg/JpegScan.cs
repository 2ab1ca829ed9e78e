namespace Data2Vec.Vision.Images;

/// <summary>Decodes one scan of a frame: the blocks of some components, or some of the bits of their coefficients.</summary>
internal ref struct JpegScan
{
    /// <summary>The places of coefficients in the order of rows, by their order in scans.</summary>
    public static ReadOnlySpan<byte> ZigZag =>
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    private readonly JpegFrame _frame;
    private readonly Part[] _parts;
    private readonly int _first, _last, _high, _low, _restartInterval;
    private readonly short[] _block = new short[JpegComponent.BlockLength];
    private JpegBitReader _reader;
    private int _endOfBand; // the blocks that follow without further coefficients in the band

    /// <summary>Prepares a scan.</summary>
    /// <param name="frame">The frame, with samples or coefficients allocated.</param>
    /// <param name="parts">The components and their tables.</param>
    /// <param name="first">The first coefficient.</param>
    /// <param name="last">The last coefficient.</param>
    /// <param name="high">The lowest bit that an earlier scan has sent, or 0 in a first scan.</param>
    /// <param name="low">The lowest bit that this scan sends.</param>
    /// <param name="restartInterval">The coded units between restarts, or 0.</param>
    /// <param name="file">The file.</param>
    /// <param name="position">Where the scan's data begins in the file.</param>
    public JpegScan(JpegFrame frame, Part[] parts, int first, int last, int high, int low, int restartInterval, ReadOnlySpan<byte> file, int position)
    {
        (_frame, _parts, _first, _last, _high, _low, _restartInterval) = (frame, parts, first, last, high, low, restartInterval);
        _reader = new JpegBitReader(file, position);
    }

    /// <summary>Decodes the scan and gives the position behind it.</summary>
    /// <exception cref="InvalidDataException">The data ends early, or is damaged.</exception>
    public int Decode()
    {
        // A scan of one component has only the blocks that the image needs. Other scans have all blocks of each coded unit.
        bool isInterleaved = _parts.Length > 1;
        int columns = isInterleaved ? _frame.UnitsPerRow : _parts[0].Component.BlocksPerRow;
        int rows = isInterleaved ? _frame.UnitRows : _parts[0].Component.BlockRows;
        int untilRestart = _restartInterval, restarts = 0;
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++, untilRestart--)
            {
                if (_restartInterval > 0 && untilRestart == 0)
                {
                    _reader.Restart(restarts++);
                    untilRestart = _restartInterval;
                    _endOfBand = 0;
                    foreach (Part part in _parts)
                    {
                        part.Dc = 0;
                    }
                }

                foreach (Part part in _parts)
                {
                    (int across, int down) = isInterleaved ? (part.Component.Horizontal, part.Component.Vertical) : (1, 1);
                    for (int y = 0; y < down; y++)
                    {
                        for (int x = 0; x < across; x++)
                        {
                            DecodeBlock(part, row * down + y, column * across + x);
                        }
                    }
                }
            }
        }

        return _reader.Position;
    }

    private void DecodeBlock(Part part, int row, int column)
    {
        if (!_frame.IsProgressive)
        {
            _block.AsSpan().Clear();
            DecodeSequential(part, _block);
            part.Component.Transform(_block, row, column);
            return;
        }

        Span<short> block = part.Component.Block(row, column);
        switch (_first == 0, _high == 0)
        {
            case (true, true):
                part.Dc += _reader.ReadSigned(_reader.Decode(part.DcTable!));
                block[0] = (short)(part.Dc << _low);
                break;
            case (true, false):
                block[0] |= (short)(_reader.Read(1) << _low);
                break;
            case (false, true):
                DecodeBand(part, block);
                break;
            default:
                RefineBand(part, block);
                break;
        }
    }

    private void DecodeSequential(Part part, Span<short> block)
    {
        part.Dc += _reader.ReadSigned(_reader.Decode(part.DcTable!));
        block[0] = (short)part.Dc;
        for (int k = 1; k < JpegComponent.BlockLength; k++)
        {
            int symbol = _reader.Decode(part.AcTable!), bits = symbol & 15;
            k += symbol >> 4;
            if (bits > 0)
            {
                block[Place(k)] = (short)_reader.ReadSigned(bits);
            }
            else if (symbol != 0xF0)
            {
                return;
            }
        }
    }

    /// <summary>Decodes the upper bits of a band of coefficients.</summary>
    private void DecodeBand(Part part, Span<short> block)
    {
        if (_endOfBand > 0)
        {
            _endOfBand--;
            return;
        }

        for (int k = _first; k <= _last; k++)
        {
            int symbol = _reader.Decode(part.AcTable!), run = symbol >> 4, bits = symbol & 15;
            if (bits == 0 && run < 15)
            {
                _endOfBand = (1 << run) + _reader.Read(run) - 1;
                return;
            }

            k += run;
            if (bits > 0)
            {
                block[Place(k)] = (short)(_reader.ReadSigned(bits) << _low);
            }
        }
    }

    /// <summary>Decodes one more bit of a band of coefficients.</summary>
    private void RefineBand(Part part, Span<short> block)
    {
        int k = _first;
        short positive = (short)(1 << _low), negative = (short)(-1 << _low);
        if (_endOfBand == 0)
        {
            for (; k <= _last; k++)
            {
                int symbol = _reader.Decode(part.AcTable!), run = symbol >> 4;
                short added = 0;
                if ((symbol & 15) != 0)
                {
                    added = _reader.Read(1) != 0 ? positive : negative;
                }
                else if (run < 15)
                {
                    _endOfBand = (1 << run) + _reader.Read(run);
                    break;
                }

                // The run counts coefficients that are still 0. Each of the others has a bit.
                for (; k <= _last; k++)
                {
                    ref short coefficient = ref block[ZigZag[k]];
                    if (coefficient != 0)
                    {
                        Refine(ref coefficient, positive, negative);
                    }
                    else if (--run < 0)
                    {
                        break;
                    }
                }

                if (added != 0)
                {
                    block[Place(k)] = added;
                }
            }
        }

        if (_endOfBand > 0)
        {
            for (; k <= _last; k++)
            {
                ref short coefficient = ref block[ZigZag[k]];
                if (coefficient != 0)
                {
                    Refine(ref coefficient, positive, negative);
                }
            }

            _endOfBand--;
        }
    }

    private void Refine(ref short coefficient, short positive, short negative)
    {
        if (_reader.Read(1) != 0 && (coefficient & positive) == 0)
        {
            coefficient += coefficient >= 0 ? positive : negative;
        }
    }

    private readonly int Place(int k) => k <= _last ? ZigZag[k] : throw ImageErrors.Damaged(ImageFormat.Jpeg);

    /// <summary>A component of the scan, with its tables and its last DC coefficient.</summary>
    internal sealed class Part(JpegComponent component, JpegHuffmanTable? dcTable, JpegHuffmanTable? acTable)
    {
        public JpegComponent Component { get; } = component;

        public JpegHuffmanTable? DcTable { get; } = dcTable;

        public JpegHuffmanTable? AcTable { get; } = acTable;

        public int Dc { get; set; }
    }
}
