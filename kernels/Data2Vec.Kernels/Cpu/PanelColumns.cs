using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Data2Vec.Kernels.Cpu;

/// <summary>What products of integers need to know of the columns of a panel, each of which is an output of the weights.</summary>
internal static unsafe class PanelColumns
{
    /// <summary>Computes the factors from the numbers of each column to integers of 16 bits, and the scales back.</summary>
    /// <param name="layout">The layout of the weights.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="words">The words of the panel.</param>
    /// <param name="factors">Receives the factor of each column.</param>
    /// <param name="scales">Receives the scale of each column.</param>
    public static void Scale(PanelLayout layout, int panel, float* words, float* factors, float* scales)
    {
        int width = layout.PanelWidth(panel), count = layout.PanelOutputs(panel).Count;
        float* measured = stackalloc float[4 * PanelLayout.Width];
        float* largest = measured, squares = largest + PanelLayout.Width, largestOfPart = squares + PanelLayout.Width, squaresOfPart = largestOfPart + PanelLayout.Width;
        new Span<float>(measured, 4 * PanelLayout.Width).Clear();
        for (int word = 0, part; word < layout.Depth; word += part)
        {
            // No sum is over more than this.
            part = Math.Min(PanelMatrix.DepthBlock, layout.WordsPerTap - word % layout.WordsPerTap);
            PanelWidening<Simd512, Vector512<float>>.Measure(layout.Type, words + (nint)word * width, width, part, largestOfPart, squaresOfPart);
            for (int column = 0; column < count; column++)
            {
                largest[column] = MathF.Max(largest[column], largestOfPart[column]);
                squares[column] = MathF.Max(squares[column], squaresOfPart[column]);
            }
        }

        for (int column = 0; column < count; column++)
        {
            factors[column] = ShortScale.Factor(largest[column], squares[column], ShortScale.ColumnLimit);
            scales[column] = ShortScale.Of(factors[column]);
        }
    }

    /// <summary>Sums the bytes of each column.</summary>
    /// <param name="layout">The layout of the weights.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="bytes">The bytes of the panel.</param>
    /// <param name="sums">Receives the sum of each column.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(PanelLayout layout, int panel, sbyte* bytes, int* sums)
    {
        int width = layout.PanelWidth(panel), count = layout.PanelOutputs(panel).Count;
        new Span<int>(sums, count).Clear();
        for (int word = 0; word < layout.Depth; word++, bytes += 4 * width)
        {
            for (int column = 0; column < count; column++)
            {
                sbyte* four = bytes + 4 * column;
                sums[column] += four[0] + four[1] + four[2] + four[3];
            }
        }
    }
}
