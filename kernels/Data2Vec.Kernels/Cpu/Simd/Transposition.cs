using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Transposes matrices of floats.</summary>
internal static unsafe class Transposition
{
    private const int Side = 4;

    /// <summary>Copies row <c>r</c> and column <c>c</c> of the source to row <c>c</c> and column <c>r</c> of the destination.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* source, nint sourceStride, int rows, int columns, float* destination, nint destinationStride)
    {
        int row = 0;
        for (; Sse.IsSupported && row + Side <= rows; row += Side)
        {
            float* from = source + row * sourceStride, to = destination + row;
            int column = 0;
            for (; column + Side <= columns; column += Side, from += Side)
            {
                Vector128<float> a = Vector128.Load(from), b = Vector128.Load(from + sourceStride);
                Vector128<float> c = Vector128.Load(from + 2 * sourceStride), d = Vector128.Load(from + 3 * sourceStride);
                Vector128<float> abLow = Sse.UnpackLow(a, b), abHigh = Sse.UnpackHigh(a, b), cdLow = Sse.UnpackLow(c, d), cdHigh = Sse.UnpackHigh(c, d);
                Sse.MoveLowToHigh(abLow, cdLow).Store(to);
                Sse.MoveHighToLow(cdLow, abLow).Store(to + destinationStride);
                Sse.MoveLowToHigh(abHigh, cdHigh).Store(to + 2 * destinationStride);
                Sse.MoveHighToLow(cdHigh, abHigh).Store(to + 3 * destinationStride);
                to += Side * destinationStride;
            }

            Rest(from, sourceStride, Side, columns - column, to, destinationStride);
        }

        Rest(source + row * sourceStride, sourceStride, rows - row, columns, destination + row, destinationStride);
    }

    private static void Rest(float* source, nint sourceStride, int rows, int columns, float* destination, nint destinationStride)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                destination[column * destinationStride + row] = source[row * sourceStride + column];
            }
        }
    }
}
