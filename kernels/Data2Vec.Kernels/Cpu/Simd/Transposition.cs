using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Transposes matrices of floats.</summary>
internal static unsafe class Transposition
{
    private const int Side = 4;

    private static bool HasBlocks => Sse.IsSupported || AdvSimd.Arm64.IsSupported;

    /// <summary>Copies row <c>r</c> and column <c>c</c> of the source to row <c>c</c> and column <c>r</c> of the destination.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float* source, nint sourceStride, int rows, int columns, float* destination, nint destinationStride)
    {
        int row = 0;
        for (; HasBlocks && row + Side <= rows; row += Side)
        {
            float* from = source + row * sourceStride, to = destination + row;
            int column = 0;
            for (; column + Side <= columns; column += Side, from += Side)
            {
                Vector128<float> a = Vector128.Load(from), b = Vector128.Load(from + sourceStride);
                Vector128<float> c = Vector128.Load(from + 2 * sourceStride), d = Vector128.Load(from + 3 * sourceStride);
                Vector128<float> acLow = ZipLow(a, c), bdLow = ZipLow(b, d), acHigh = ZipHigh(a, c), bdHigh = ZipHigh(b, d);
                ZipLow(acLow, bdLow).Store(to);
                ZipHigh(acLow, bdLow).Store(to + destinationStride);
                ZipLow(acHigh, bdHigh).Store(to + 2 * destinationStride);
                ZipHigh(acHigh, bdHigh).Store(to + 3 * destinationStride);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) => Sse.IsSupported ? Sse.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) => Sse.IsSupported ? Sse.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);
}
