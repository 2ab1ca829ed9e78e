using System.Buffers.Binary;

namespace Data2Vec.Vision.Images;

/// <summary>The frame header of a JPEG: its size, its kind and its components.</summary>
internal sealed class JpegFrame
{
    /// <summary>Reads a frame header.</summary>
    /// <param name="code">The marker's code.</param>
    /// <param name="segment">The segment behind the marker and its length.</param>
    /// <exception cref="InvalidDataException">The frame is damaged or of an unsupported kind.</exception>
    public JpegFrame(int code, ReadOnlySpan<byte> segment)
    {
        string? kind = code switch
        {
            0xC0 or 0xC1 or 0xC2 => null,
            0xC9 or 0xCA => "arithmetic coding",
            0xC3 => "lossless coding",
            _ => "a hierarchical or lossless kind of coding",
        };
        if (kind is null && segment.Length >= 6 && segment[0] != 8)
        {
            kind = $"{segment[0]}-bit samples";
        }

        if (kind is not null)
        {
            throw ImageErrors.Unsupported(ImageFormat.Jpeg, kind);
        }

        if (segment.Length < 6 || segment.Length < 6 + 3 * segment[5])
        {
            throw ImageErrors.Damaged(ImageFormat.Jpeg);
        }

        IsProgressive = code == 0xC2;
        Height = BinaryPrimitives.ReadUInt16BigEndian(segment[1..]);
        Width = BinaryPrimitives.ReadUInt16BigEndian(segment[3..]);
        int count = segment[5];
        if (count is not (1 or 3 or 4))
        {
            throw ImageErrors.Unsupported(ImageFormat.Jpeg, $"{count} color components");
        }

        ReadOnlySpan<byte> fields = segment.Slice(6, 3 * count);
        for (int i = 0; i < count; i++)
        {
            (int horizontal, int vertical) = (fields[i * 3 + 1] >> 4, fields[i * 3 + 1] & 15);
            if (horizontal is < 1 or > 4 || vertical is < 1 or > 4 || fields[i * 3 + 2] > 3)
            {
                throw ImageErrors.Damaged(ImageFormat.Jpeg);
            }

            (MaxHorizontal, MaxVertical) = (Math.Max(MaxHorizontal, horizontal), Math.Max(MaxVertical, vertical));
        }

        UnitsPerRow = (Width + MaxHorizontal * 8 - 1) / (MaxHorizontal * 8);
        UnitRows = (Height + MaxVertical * 8 - 1) / (MaxVertical * 8);
        Components = new JpegComponent[count];
        for (int i = 0; i < count; i++)
        {
            (int horizontal, int vertical) = (fields[i * 3 + 1] >> 4, fields[i * 3 + 1] & 15);
            if (MaxHorizontal % horizontal != 0 || MaxVertical % vertical != 0)
            {
                throw ImageErrors.Unsupported(ImageFormat.Jpeg, "sampling factors that do not divide one another");
            }

            Components[i] = new JpegComponent(this, fields[i * 3], horizontal, vertical, fields[i * 3 + 2]);
        }
    }

    /// <summary>Whether scans refine coefficients step by step.</summary>
    public bool IsProgressive { get; }

    /// <summary>The width in pixels.</summary>
    public int Width { get; }

    /// <summary>The height in pixels.</summary>
    public int Height { get; }

    /// <summary>The largest horizontal sampling factor.</summary>
    public int MaxHorizontal { get; }

    /// <summary>The largest vertical sampling factor.</summary>
    public int MaxVertical { get; }

    /// <summary>The coded units across. A unit has the blocks of all components for an area of the image.</summary>
    public int UnitsPerRow { get; }

    /// <summary>The coded units down.</summary>
    public int UnitRows { get; }

    /// <summary>The components: 1, 3 or 4.</summary>
    public JpegComponent[] Components { get; }

    /// <summary>Whether scans have sent every component with all bits.</summary>
    public bool IsComplete => Components.All(component => component.IsComplete);

    /// <summary>The fewest bits that code all blocks: each has at least one code, and in a sequential frame two.</summary>
    public long MinBits => Components.Sum(component => (long)component.BlocksPerRow * component.BlockRows) * (IsProgressive ? 1 : 2);

    /// <summary>Allocates samples, or coefficients for a progressive frame.</summary>
    public void Allocate()
    {
        foreach (JpegComponent component in Components)
        {
            int length = checked(component.PaddedBlocksPerRow * component.PaddedBlockRows * JpegComponent.BlockLength);
            if (IsProgressive)
            {
                component.Coefficients = new short[length];
            }
            else
            {
                component.Samples = new byte[length];
            }
        }
    }
}
