namespace Data2Vec.Vision.Images;

/// <summary>The samples of a component, with prediction from their neighbors (RFC 6386, section 12).</summary>
/// <param name="width">The samples across, in whole macroblocks.</param>
/// <param name="height">The samples down, in whole macroblocks.</param>
internal sealed class LossyPlane(int width, int height)
{
    /// <summary>The modes of blocks, by their numbers in the tables. Macroblocks have the first four.</summary>
    public const int Dc = 0, TrueMotion = 1, Vertical = 2, Horizontal = 3;

    private const byte Above = 127, Before = 129;

    /// <summary>The samples across.</summary>
    public int Width => width;

    /// <summary>The samples.</summary>
    public byte[] Samples { get; } = new byte[checked(width * height)];

    /// <summary>Predicts a square of a macroblock.</summary>
    public void Predict(int mode, int x, int y, int size)
    {
        Span<byte> top = stackalloc byte[16], left = stackalloc byte[16];
        top = top[..size];
        left = left[..size];
        ReadEdges(x, y, top, left);
        int corner = Corner(x, y), value = 0;
        if (mode == Dc)
        {
            int sum = 0, count = 0;
            for (int i = 0; i < size; i++)
            {
                sum += (y > 0 ? top[i] : 0) + (x > 0 ? left[i] : 0);
                count += (y > 0 ? 1 : 0) + (x > 0 ? 1 : 0);
            }

            value = count == 0 ? 128 : (sum + count / 2) / count;
        }

        for (int row = 0; row < size; row++)
        {
            Span<byte> target = Samples.AsSpan((y + row) * width + x, size);
            switch (mode)
            {
                case Dc:
                    target.Fill((byte)value);
                    break;
                case Vertical:
                    top.CopyTo(target);
                    break;
                case Horizontal:
                    target.Fill(left[row]);
                    break;
                default:
                    for (int i = 0; i < size; i++)
                    {
                        target[i] = (byte)Math.Clamp(left[row] + top[i] - corner, 0, 255);
                    }

                    break;
            }
        }
    }

    /// <summary>Predicts a block of 4 x 4 samples.</summary>
    /// <param name="mode">The mode, 0 to 9.</param>
    /// <param name="x">The block's first column.</param>
    /// <param name="y">The block's first row.</param>
    /// <param name="right">The four samples to the right of those above the block.</param>
    public void PredictBlock(int mode, int x, int y, ReadOnlySpan<byte> right)
    {
        // The edge runs from the lower left over the corner (4) to the upper right.
        Span<byte> edge = stackalloc byte[13], left = stackalloc byte[4];
        ReadEdges(x, y, edge.Slice(5, 4), left);
        right.CopyTo(edge[9..]);
        for (int i = 0; i < 4; i++)
        {
            edge[3 - i] = left[i];
        }

        edge[4] = (byte)Corner(x, y);
        if (mode is Dc or TrueMotion)
        {
            int sum = 4;
            for (int i = 0; i < 4; i++)
            {
                sum += left[i] + edge[5 + i];
            }

            for (int i = 0; i < 16; i++)
            {
                this[x + i % 4, y + i / 4] = (byte)(mode == Dc ? sum >> 3 : Math.Clamp(left[i / 4] + edge[5 + i % 4] - edge[4], 0, 255));
            }

            return;
        }

        for (int row = 0; row < 4; row++)
        {
            for (int column = 0; column < 4; column++)
            {
                this[x + column, y + row] = Direct(mode, edge, row, column);
            }
        }
    }

    /// <summary>The four samples to the right of those above a macroblock. At the right border, the last one above is repeated.</summary>
    public void ReadAboveRight(int x, int y, Span<byte> right)
    {
        if (y == 0)
        {
            right.Fill(Above);
        }
        else if (x + 16 >= width)
        {
            right.Fill(this[width - 1, y - 1]);
        }
        else
        {
            Samples.AsSpan((y - 1) * width + x + 16, 4).CopyTo(right);
        }
    }

    /// <summary>Adds the inverse transform of 16 coefficients to a block.</summary>
    public void AddResidual(ReadOnlySpan<short> block, int x, int y)
    {
        Span<int> work = stackalloc int[16];
        for (int i = 0; i < 4; i++)
        {
            int a = block[i] + block[8 + i], b = block[i] - block[8 + i];
            int c = Sine(block[4 + i]) - Cosine(block[12 + i]), d = Cosine(block[4 + i]) + Sine(block[12 + i]);
            (work[4 * i], work[4 * i + 1], work[4 * i + 2], work[4 * i + 3]) = (a + d, b + c, b - c, a - d);
        }

        for (int i = 0; i < 4; i++)
        {
            int a = work[i] + 4 + work[8 + i], b = work[i] + 4 - work[8 + i];
            int c = Sine(work[4 + i]) - Cosine(work[12 + i]), d = Cosine(work[4 + i]) + Sine(work[12 + i]);
            Span<byte> row = Samples.AsSpan((y + i) * width + x, 4);
            row[0] = Clamp(row[0] + ((a + d) >> 3));
            row[1] = Clamp(row[1] + ((b + c) >> 3));
            row[2] = Clamp(row[2] + ((b - c) >> 3));
            row[3] = Clamp(row[3] + ((a - d) >> 3));
        }
    }

    private byte this[int x, int y]
    {
        get => Samples[y * width + x];
        set => Samples[y * width + x] = value;
    }

    private static int Cosine(int value) => (value * 20091 >> 16) + value;

    private static int Sine(int value) => value * 35468 >> 16;

    private static byte Clamp(int value) => (byte)Math.Clamp(value, 0, 255);

    private void ReadEdges(int x, int y, Span<byte> top, Span<byte> left)
    {
        if (y > 0)
        {
            Samples.AsSpan((y - 1) * width + x, top.Length).CopyTo(top);
        }
        else
        {
            top.Fill(Above);
        }

        for (int i = 0; i < left.Length; i++)
        {
            left[i] = x > 0 ? this[x - 1, y + i] : Before;
        }
    }

    private int Corner(int x, int y) => y == 0 ? Above : x == 0 ? Before : this[x - 1, y - 1];

    /// <summary>Predicts a sample along a direction: the average of two or three samples of the edge.</summary>
    private static byte Direct(int mode, ReadOnlySpan<byte> edge, int row, int column)
    {
        const int Corner = 4;
        switch (mode)
        {
            case Vertical:
                return Three(edge, Corner + 1 + column);
            case Horizontal:
                return row == 3 ? (byte)((edge[1] + 3 * edge[0] + 2) >> 2) : Three(edge, Corner - 1 - row);
            case 4: // down to the right
                return Three(edge, Corner + column - row);
            case 5: // down, a little to the right
                return (2 * column - row) switch
                {
                    -3 => Three(edge, Corner - 2),
                    -2 => Three(edge, Corner - 1),
                    -1 => Three(edge, Corner),
                    int place when (place & 1) == 0 => Two(edge, Corner + place / 2),
                    int place => Three(edge, Corner + (place + 1) / 2),
                };
            case 6: // down to the left
                return row + column == 6 ? (byte)((edge[11] + 3 * edge[12] + 2) >> 2) : Three(edge, Corner + 2 + row + column);
            case 7: // down, a little to the left
                if (column == 3 && row >= 2)
                {
                    return Three(edge, row == 2 ? Corner + 6 : Corner + 7);
                }

                int step = column + row / 2;
                return (row & 1) == 0 ? Two(edge, Corner + 1 + step) : Three(edge, Corner + 2 + step);
            case 8: // right, a little down
                return (2 * row - column) switch
                {
                    -3 => Three(edge, Corner + 2),
                    -2 => Three(edge, Corner + 1),
                    -1 => Three(edge, Corner),
                    int place when (place & 1) == 0 => Two(edge, Corner - 1 - place / 2),
                    int place => Three(edge, Corner - (place + 1) / 2),
                };
            default: // right, a little up
                int along = column + 2 * row;
                return along switch
                {
                    > 5 => edge[0],
                    5 => (byte)((edge[1] + 3 * edge[0] + 2) >> 2),
                    _ => (along & 1) == 0 ? Two(edge, 2 - along / 2) : Three(edge, 2 - along / 2),
                };
        }
    }

    private static byte Two(ReadOnlySpan<byte> edge, int first) => (byte)((edge[first] + edge[first + 1] + 1) >> 1);

    private static byte Three(ReadOnlySpan<byte> edge, int middle) => (byte)((edge[middle - 1] + 2 * edge[middle] + edge[middle + 1] + 2) >> 2);
}
