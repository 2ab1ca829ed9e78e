using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// Fills panels with transposed weights, a panel a task: the panels of the inputs along the outputs. Of a convolution they hold the taps that read an
/// input row with a residue by the stride, last tap first, in the order of the output rows that read it.
/// </summary>
internal readonly unsafe struct TransposedPanels(PanelMatrix source, PanelMatrix transposed, int stride, int residue) : IJob
{
    /// <summary>The floats of a cache line.</summary>
    private const int Line = 16;

    public int Tasks => transposed.PanelCount;

    /// <summary>The transposed weights, once all tasks have run.</summary>
    public PanelMatrix Result => transposed;

    /// <summary>Prepares memory for transposed weights.</summary>
    /// <param name="matrix">The weights.</param>
    /// <param name="stride">The stride of a convolution; otherwise 1.</param>
    /// <param name="residue">The residue of the input rows by the stride.</param>
    /// <param name="allocate">Allocates some bytes.</param>
    public static TransposedPanels Create(PanelMatrix matrix, int stride, int residue, Func<long, nint> allocate)
    {
        if (matrix.Storage != ElementType.F32)
        {
            throw new NotSupportedException($"Gradients need weights in f32, not in {matrix.Storage}.");
        }

        var layout = new PanelLayout(ElementType.F32, matrix.Depth * matrix.Groups, matrix.GroupOutputs, 1, matrix.Groups);
        int taps = Taps(matrix, stride, residue), biases = layout.Outputs + PanelLayout.Width;
        float* data = (float*)allocate(Math.Max(1, layout.WordCount * taps) * sizeof(float)), bias = (float*)allocate((long)biases * sizeof(float));
        new Span<float>(bias, biases).Clear();
        var panels = (float**)allocate((long)layout.Panels * sizeof(float*));
        for (int panel = 0; panel < layout.Panels; panel++)
        {
            panels[panel] = data + layout.PanelOffset(panel) * taps;
            (_, int count) = layout.PanelOutputs(panel);
            if (count < layout.PanelWidth(panel))
            {
                // Absent columns are zeros.
                NativeMemory.Clear(panels[panel], (nuint)((long)layout.PanelWidth(panel) * layout.Depth * taps * sizeof(float)));
            }
        }

        var transposed = new PanelMatrix
        {
            Type = ProductType.Floats,
            Storage = ElementType.F32,
            Panels = panels,
            PanelsPerGroup = layout.PanelsPerGroup,
            GroupOutputs = layout.GroupOutputs,
            Groups = layout.Groups,
            Taps = taps,
            Depth = layout.Depth,
            Bias = bias,
        };
        return new TransposedPanels(matrix, transposed, stride, residue);
    }

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
                long offset = ((long)tap * source.Depth + first) * sourceWidth;
                if (panel + 1 < source.PanelsPerGroup)
                {
                    Prefetch(source.Panels[from + 1] + offset, inputs * sourceWidth);
                }

                Transposition.Run(source.Panels[from] + offset, sourceWidth, inputs, outputs, to, width);
                to += outputs * width;
            }
        }
    }

    /// <summary>Loads a part of the next panel: it is far from this one.</summary>
    private static void Prefetch(float* next, int count)
    {
        for (int i = 0; Sse.IsSupported && i < count; i += Line)
        {
            Sse.Prefetch0(next + i);
        }
    }
}
