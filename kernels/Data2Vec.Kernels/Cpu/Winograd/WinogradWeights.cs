using System.Numerics;
using System.Runtime.CompilerServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>The weights of convolutions by Winograd's algorithm, see <see cref="WinogradTransform"/>: each position is a tap of a panel.</summary>
internal static unsafe class WinogradWeights
{
    private const int Kernel = WinogradTransform.Kernel, Inputs = WinogradTransform.Inputs, Positions = WinogradTransform.Positions;

    /// <summary>With fewer channels, the transforms cost more than the multiplications that they save.</summary>
    private const int LeastChannels = 32;

    /// <summary>Whether a convolution runs by this algorithm. Only its shape decides, so that no result depends on the batch.</summary>
    public static bool Suits(Conv2dShape shape) =>
        shape is { Kernel: Kernel, Stride: 1, Padding: 0 or 1, InputChannels: >= LeastChannels, OutputChannels: >= LeastChannels };

    /// <summary>Where the transformed weights lie.</summary>
    public static PanelLayout Layout(Conv2dShape shape) => new(ElementType.F32, shape.OutputChannels, shape.InputChannels, Positions);

    /// <summary>Transforms and packs the weights of a panel, in double precision and rounded once.</summary>
    /// <param name="weight">The weights <c>[outputs, channels, 3, 3]</c>.</param>
    /// <param name="layout">Where they go.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="destination">The address of the panel.</param>
    public static void PackPanel(WeightData weight, PanelLayout layout, int panel, float* destination)
    {
        (int first, int count) = layout.PanelOutputs(panel);
        int size = weight.RowSize, width = layout.PanelWidth(panel);
        var rows = new float[checked(count * size)];
        for (int output = 0; output < count; output++)
        {
            weight.ReadRow(first + output, rows.AsSpan(output * size, size));
        }

        Transform(rows, size, width, destination, layout.Depth / Positions);
    }

    /// <summary>Transforms rows of <c>[channels, 3, 3]</c> to <c>[6, 6, channels, outputs]</c>, the outputs side by side in vectors.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transform(ReadOnlySpan<float> rows, int size, int width, float* to, int channels)
    {
        const int Width = PanelLayout.Width;
        double* kernels = stackalloc double[Kernel * Kernel * Width], lines = stackalloc double[Inputs * Kernel * Width], all = stackalloc double[Positions * Width];
        new Span<double>(kernels, Kernel * Kernel * Width).Clear();
        for (int channel = 0; channel < channels; channel++, to += width)
        {
            for (int row = 0, output = 0; row < rows.Length; row += size, output++)
            {
                ReadOnlySpan<float> kernel = rows.Slice(row + channel * Kernel * Kernel, Kernel * Kernel);
                for (int i = 0; i < kernel.Length; i++)
                {
                    kernels[i * Width + output] = kernel[i];
                }
            }

            for (int column = 0; column < Kernel; column++)
            {
                Transform(kernels + column * Width, Kernel * Width, lines + column * Width, Kernel * Width, width);
            }

            for (int line = 0; line < Inputs; line++)
            {
                Transform(lines + line * Kernel * Width, Width, all + line * Inputs * Width, Width, width);
            }

            for (int position = 0; position < Positions; position++)
            {
                double* values = all + position * Width;
                float* rounded = to + (nint)position * channels * width;
                for (int output = 0; output < width; output += Vector<float>.Count)
                {
                    Vector.Store(Vector.Narrow(Vector.Load(values + output), Vector.Load(values + output + Vector<double>.Count)), rounded + output);
                }
            }
        }
    }

    /// <summary>
    /// Transforms along one dimension: the values of the polynomial of three weights at the points, each divided by the product of the point's distances to
    /// the other points.
    /// </summary>
    /// <param name="from">The weights, vectors of outputs.</param>
    /// <param name="fromStride">From a weight to the next.</param>
    /// <param name="to">Receives the values.</param>
    /// <param name="toStride">From a value to the next.</param>
    /// <param name="count">The number of outputs.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transform(double* from, int fromStride, double* to, int toStride, int count)
    {
        const double A = WinogradTransform.A, B = WinogradTransform.B, A2 = A * A, B2 = B * B, FactorA = 0.5 / (A2 * (A2 - B2)), FactorB = 0.5 / (B2 * (B2 - A2));
        for (int i = 0; i < count; i += Vector<double>.Count)
        {
            Vector<double> g0 = Vector.Load(from + i), g1 = Vector.Load(from + fromStride + i), g2 = Vector.Load(from + 2 * fromStride + i);
            Vector.Store(g0 * (1 / (A2 * B2)), to + i);
            Vector<double> even = (g0 + g2 * A2) * FactorA, odd = g1 * (A * FactorA);
            Vector.Store(even + odd, to + toStride + i);
            Vector.Store(even - odd, to + 2 * toStride + i);
            even = (g0 + g2 * B2) * FactorB;
            odd = g1 * (B * FactorB);
            Vector.Store(even + odd, to + 3 * toStride + i);
            Vector.Store(even - odd, to + 4 * toStride + i);
            Vector.Store(g2, to + 5 * toStride + i);
        }
    }
}
