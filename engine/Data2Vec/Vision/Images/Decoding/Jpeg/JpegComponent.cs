namespace Data2Vec.Vision.Images;

/// <summary>One component of a JPEG frame: its sampling, its samples, and for a progressive frame its coefficients.</summary>
internal sealed class JpegComponent
{
    /// <summary>The number of samples of a block.</summary>
    public const int BlockLength = 64;

    /// <summary>The state of a coefficient that no scan has sent.</summary>
    public const sbyte Unsent = -1;

    /// <summary>Computes sizes from the frame's.</summary>
    public JpegComponent(JpegFrame frame, byte id, int horizontal, int vertical, int table)
    {
        (Id, Horizontal, Vertical, QuantizationTable) = (id, horizontal, vertical, table);
        Width = Ceiling(frame.Width * horizontal, frame.MaxHorizontal);
        Height = Ceiling(frame.Height * vertical, frame.MaxVertical);
        BlocksPerRow = Ceiling(Width, 8);
        BlockRows = Ceiling(Height, 8);
        PaddedBlocksPerRow = frame.UnitsPerRow * horizontal;
        PaddedBlockRows = frame.UnitRows * vertical;
        BitPositions.AsSpan().Fill(Unsent);
    }

    /// <summary>The number by which scans name the component.</summary>
    public byte Id { get; }

    /// <summary>The sampling factors, 1 to 4: the blocks of the component in a coded unit of the frame.</summary>
    public int Horizontal { get; }

    /// <inheritdoc cref="Horizontal"/>
    public int Vertical { get; }

    /// <summary>The number of the quantization table, 0 to 3.</summary>
    public int QuantizationTable { get; }

    /// <summary>The samples across that belong to the image.</summary>
    public int Width { get; }

    /// <summary>The samples down that belong to the image.</summary>
    public int Height { get; }

    /// <summary>The blocks across that hold <see cref="Width"/> samples.</summary>
    public int BlocksPerRow { get; }

    /// <summary>The blocks down that hold <see cref="Height"/> samples.</summary>
    public int BlockRows { get; }

    /// <summary>The blocks across, with those that complete coded units of the frame.</summary>
    public int PaddedBlocksPerRow { get; }

    /// <summary>The blocks down, with those that complete coded units of the frame.</summary>
    public int PaddedBlockRows { get; }

    /// <summary>The samples of a row in <see cref="Samples"/>.</summary>
    public int Stride => PaddedBlocksPerRow * 8;

    /// <summary>The samples, <c>[PaddedBlockRows * 8, Stride]</c>.</summary>
    public byte[] Samples { get; set; } = [];

    /// <summary>The coefficients of a progressive frame, block by block, in the order of rows.</summary>
    public short[] Coefficients { get; set; } = [];

    /// <summary>For each coefficient in the order of scans, the lowest bit that has been sent, or <see cref="Unsent"/>.</summary>
    public sbyte[] BitPositions { get; } = new sbyte[BlockLength];

    /// <summary>The quantization table as it was when the component's first scan began, in the order of rows.</summary>
    public ushort[]? Quantization { get; set; }

    /// <summary>Whether scans have sent the component with all bits.</summary>
    public bool IsComplete => BitPositions.AsSpan().IndexOfAnyExcept((sbyte)0) < 0;

    /// <summary>The coefficients of a block.</summary>
    public Span<short> Block(int row, int column) => Coefficients.AsSpan((row * PaddedBlocksPerRow + column) * BlockLength, BlockLength);

    /// <summary>Computes the samples of a block from its coefficients.</summary>
    public void Transform(ReadOnlySpan<short> block, int row, int column) =>
        InverseDct.Transform(block, Quantization, Samples.AsSpan(row * 8 * Stride + column * 8), Stride);

    /// <summary>Computes all samples from the coefficients, which are released.</summary>
    public void TransformAll()
    {
        Samples = GC.AllocateUninitializedArray<byte>(PaddedBlockRows * 8 * Stride);
        for (int row = 0; row < PaddedBlockRows; row++)
        {
            for (int column = 0; column < PaddedBlocksPerRow; column++)
            {
                Transform(Block(row, column), row, column);
            }
        }

        Coefficients = [];
    }

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;
}
