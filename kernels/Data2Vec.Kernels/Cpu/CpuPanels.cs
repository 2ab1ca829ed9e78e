using System.Numerics.Tensors;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Weights as panels, in the format that a matrix product runs in.</summary>
internal static unsafe class CpuPanels
{
    /// <summary>
    /// The format of the processor's dot products that weights can be used in: a convolution's channels fill whole units; the products
    /// of a linear layer are padded.
    /// </summary>
    public static ElementType? DotTypeFor(WeightData weight, int channels) => weight.Type switch
    {
        ElementType.BF16 when weight.Shape.Count == 2 || channels % 2 == 0 => ElementType.BF16,
        ElementType.I8 when weight.Shape.Count == 2 => ElementType.I8,

        // Whole numbers of a byte are exact in bf16; the rows that taps lie in have no scale in common, as bytes would need.
        ElementType.I8 when channels % 2 == 0 => ElementType.BF16,
        _ => null,
    };

    /// <summary>Fills one panel. Panels of bf16 or bytes take the whole numbers of bytes, without their scale.</summary>
    /// <param name="weight">The weights.</param>
    /// <param name="type">The format of the panel.</param>
    /// <param name="firstRow">The row of the weights that is the panel's first column.</param>
    /// <param name="rows">The columns of the panel that are used.</param>
    /// <param name="width">All columns of the panel.</param>
    /// <param name="channels">Numbers of a tap.</param>
    /// <param name="taps">Taps.</param>
    /// <param name="panel">The panel, zeros.</param>
    public static void Fill(WeightData weight, ElementType type, int firstRow, int rows, int width, int channels, int taps, void* panel)
    {
        int perUnit = PanelLayout.PerUnit(type), unitsPerTap = PanelLayout.Units(type, channels);
        var numbers = new float[channels * taps];
        var bytes = new sbyte[numbers.Length];
        for (int column = 0; column < rows; column++)
        {
            if (weight.Type == ElementType.I8 && type != ElementType.F32)
            {
                weight.ReadStored<sbyte>(firstRow + column, bytes);
                TensorPrimitives.ConvertTruncating<sbyte, float>(bytes, numbers);
            }
            else
            {
                weight.ReadRow(firstRow + column, numbers);
            }

            for (int channel = 0; channel < channels; channel++)
            {
                for (int tap = 0; tap < taps; tap++)
                {
                    float number = numbers[channel * taps + tap];
                    long unit = (long)(tap * unitsPerTap + channel / perUnit) * width + column;
                    switch (type)
                    {
                        case ElementType.F32:
                            ((float*)panel)[unit] = number;
                            break;
                        case ElementType.BF16:
                            ((ushort*)panel)[2 * unit + channel % 2] = (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16);
                            break;
                        default:
                            ((sbyte*)panel)[4 * unit + channel % 4] = (sbyte)number;
                            break;
                    }
                }
            }
        }
    }

    /// <summary>128 times the sum of each column of a panel of bytes: what an offset of 128 on the left adds.</summary>
    public static void SumColumns(sbyte* panel, int units, int width, Span<int> sums)
    {
        sums.Clear();
        for (int unit = 0; unit < units; unit++)
        {
            for (int column = 0; column < sums.Length; column++)
            {
                sbyte* four = panel + 4 * ((long)unit * width + column);
                sums[column] += 128 * (four[0] + four[1] + four[2] + four[3]);
            }
        }
    }
}
