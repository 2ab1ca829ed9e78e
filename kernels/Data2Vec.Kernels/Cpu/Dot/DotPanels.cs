using System.Numerics.Tensors;

namespace Data2Vec.Kernels.Cpu.Dot;

/// <summary>Weights as panels of 32-bit units: two bf16 or four bytes that follow one another along the depth.</summary>
internal static unsafe class DotPanels
{
    /// <summary>Whether weights can be used so: a convolution's channels fill whole units; the products of a linear layer are padded.</summary>
    public static ElementType? TypeFor(WeightData weight, int channels, int taps)
    {
        if (weight.Layout != WeightLayout.Rows)
        {
            return null;
        }

        return weight.Type switch
        {
            ElementType.BF16 when taps == 1 || channels % 2 == 0 => ElementType.BF16,
            ElementType.I8 when taps == 1 => ElementType.I8,

            // Whole numbers of a byte are exact in bf16; the rows that taps lie in have no scale in common, as bytes would need.
            ElementType.I8 when channels % 2 == 0 => ElementType.BF16,
            _ => null,
        };
    }

    /// <summary>Numbers in a unit.</summary>
    public static int PerUnit(ElementType type) => type == ElementType.BF16 ? 2 : 4;

    /// <summary>Units that numbers take.</summary>
    public static int Units(ElementType type, int numbers) => (numbers + PerUnit(type) - 1) / PerUnit(type);

    /// <summary>Fills one panel.</summary>
    /// <param name="weight">The weights.</param>
    /// <param name="type">The format of the units.</param>
    /// <param name="firstRow">The row of the weights that is the panel's first column.</param>
    /// <param name="rows">The columns of the panel that are used.</param>
    /// <param name="width">All columns of the panel.</param>
    /// <param name="channels">Numbers of a tap.</param>
    /// <param name="taps">Taps.</param>
    /// <param name="panel">The panel, zeros.</param>
    /// <param name="columnSums">For bytes, receives 128 times the sum of each column's weights: what an offset of 128 on the left adds.</param>
    public static void Fill(WeightData weight, ElementType type, int firstRow, int rows, int width, int channels, int taps, byte* panel, int* columnSums)
    {
        int perUnit = PerUnit(type), unitsPerTap = Units(type, channels), size = channels * taps;
        var numbers = new float[size];
        for (int column = 0; column < rows; column++)
        {
            ReadUnscaled(weight, firstRow + column, numbers);
            int sum = 0;
            for (int tap = 0; tap < taps; tap++)
            {
                for (int channel = 0; channel < channels; channel++)
                {
                    float number = numbers[channel * taps + tap];
                    long unit = (long)(tap * unitsPerTap + channel / perUnit) * width + column;
                    if (type == ElementType.BF16)
                    {
                        ((ushort*)panel)[2 * unit + channel % 2] = (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16);
                    }
                    else
                    {
                        ((sbyte*)panel)[4 * unit + channel % 4] = (sbyte)number;
                        sum += (int)number;
                    }
                }
            }

            if (columnSums != null)
            {
                columnSums[column] = 128 * sum;
            }
        }
    }

    private static void ReadUnscaled(WeightData weight, int row, float[] numbers)
    {
        if (weight.Type == ElementType.I8)
        {
            TensorPrimitives.ConvertTruncating(weight.Int8Row(row), numbers);
        }
        else
        {
            weight.ReadRow(row, numbers);
        }
    }
}
