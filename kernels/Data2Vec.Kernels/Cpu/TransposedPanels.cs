using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// Fills panels with transposed weights, a panel a task: the panels of the inputs along the outputs. Of a convolution they hold the taps that read an
/// input row with a residue by the stride, last tap first, in the order of the output rows that read it.
/// </summary>
internal readonly unsafe struct TransposedPanels(PanelMatrix source, PanelMatrix transposed, int stride, int residue) : IJob
{
    private const int Block = 4;

    public int Tasks => transposed.PanelCount;

    /// <summary>The number of taps that read an input row.</summary>
    public static int Taps(PanelMatrix matrix, int stride, int residue) => residue < matrix.Taps ? (matrix.Taps - 1 - residue) / stride + 1 : 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(int task)
    {
        int group = task / transposed.PanelsPerGroup;
        (int first, int inputs, int width) = transposed.Columns(task);
        first -= group * transposed.GroupOutputs;
        float* to = transposed.Panels[task];
        for (int i = transposed.Taps - 1; i >= 0; i--)
        {
            int tap = residue + i * stride;
            for (int panel = 0; panel < source.PanelsPerGroup; panel++)
            {
                int from = group * source.PanelsPerGroup + panel;
                (_, int outputs, int sourceWidth) = source.Columns(from);
                Transpose(source.Panels[from] + ((long)tap * source.Depth + first) * sourceWidth, sourceWidth, inputs, outputs, to, width);
                to += outputs * width;
            }
        }
    }

    private static void Transpose(float* from, int fromStride, int rows, int columns, float* to, int toStride)
    {
        bool hasBlocks = Sse.IsSupported || AdvSimd.Arm64.IsSupported;
        int wholeRows = hasBlocks ? rows - rows % Block : 0, wholeColumns = hasBlocks ? columns - columns % Block : 0;
        for (int column = 0; column < wholeColumns; column += Block)
        {
            for (int row = 0; row < wholeRows; row += Block)
            {
                TransposeBlock(from + row * fromStride + column, fromStride, to + column * toStride + row, toStride);
            }
        }

        for (int row = 0; row < rows; row++)
        {
            for (int column = row < wholeRows ? wholeColumns : 0; column < columns; column++)
            {
                to[column * toStride + row] = from[row * fromStride + column];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeBlock(float* from, int fromStride, float* to, int toStride)
    {
        Vector128<float> a = Vector128.Load(from), b = Vector128.Load(from + fromStride);
        Vector128<float> c = Vector128.Load(from + 2 * fromStride), d = Vector128.Load(from + 3 * fromStride);
        Vector128<double> ab = ZipLow(a, b).AsDouble(), cd = ZipLow(c, d).AsDouble();
        Vector128.Store(Vector128.Create(ab.GetLower(), cd.GetLower()).AsSingle(), to);
        Vector128.Store(Vector128.Create(ab.GetUpper(), cd.GetUpper()).AsSingle(), to + toStride);
        (ab, cd) = (ZipHigh(a, b).AsDouble(), ZipHigh(c, d).AsDouble());
        Vector128.Store(Vector128.Create(ab.GetLower(), cd.GetLower()).AsSingle(), to + 2 * toStride);
        Vector128.Store(Vector128.Create(ab.GetUpper(), cd.GetUpper()).AsSingle(), to + 3 * toStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) => Sse.IsSupported ? Sse.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) => Sse.IsSupported ? Sse.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);
}
