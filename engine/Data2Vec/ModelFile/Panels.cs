using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Data2Vec.Kernels;

namespace Data2Vec.ModelFile;

/// <summary>
/// Brings weights from PyTorch's row-major order into <see cref="WeightLayout.Panels"/> and back. A weight is
/// <c>[outputs, channels, taps…]</c>; a linear layer's has one tap. Its elements are floats, or the 16 bits of a bf16, or bytes.
/// </summary>
internal static class Panels
{
    // Inputs taken at a time while transposing: one cache line of each row, and the lines they go to stay in the cache.
    private const int Block = 16;

    /// <summary>Writes a weight in panels. It takes memory for two panels, whatever the size of the weight.</summary>
    /// <param name="shape">The weight's shape: at least two numbers.</param>
    /// <param name="groups">The groups, which divide the outputs.</param>
    /// <param name="read">Gives the elements in row-major order, from one of them on.</param>
    /// <param name="write">Takes the panels' bytes, one panel after another.</param>
    public static void Pack<T>(IReadOnlyList<int> shape, int groups, Action<long, Span<T>> read, Action<ReadOnlySpan<byte>> write)
        where T : unmanaged
    {
        (int outputs, int channels, int taps) = Matrix(shape);
        int size = checked(channels * taps);
        int depth = checked(Units<T>(channels) * taps);
        int groupOutputs = outputs / groups;
        int widest = Math.Min(PanelLayout.Width, PanelLayout.PaddedOutputs(groupOutputs));
        T[] rows = new T[checked(widest * size)];
        T[] panel = new T[checked(widest * depth * PerUnit<T>())];
        for (int group = 0; group < groups; group++)
        {
            for (int first = 0; first < groupOutputs; first += PanelLayout.Width)
            {
                int width = PanelLayout.PanelWidth(groupOutputs, first);
                int present = Math.Min(width, groupOutputs - first);
                long start = ((long)group * groupOutputs + first) * size;
                read(start, rows.AsSpan(0, present * size));
                Span<T> packed = panel.AsSpan(0, width * depth * PerUnit<T>());
                packed.Clear();
                Transpose(rows, packed, present, width, channels, taps);
                write(MemoryMarshal.AsBytes(packed));
            }
        }
    }

    /// <summary>Brings a weight in panels into row-major order.</summary>
    /// <param name="shape">The weight's shape: at least two numbers.</param>
    /// <param name="groups">The groups, which divide the outputs.</param>
    /// <param name="panels">The panels.</param>
    /// <param name="rows">What to fill: as many elements as the shape has.</param>
    public static void Unpack<T>(IReadOnlyList<int> shape, int groups, ReadOnlySpan<T> panels, Span<T> rows)
        where T : unmanaged
    {
        (int outputs, int channels, int taps) = Matrix(shape);
        int size = checked(channels * taps);
        int units = Units<T>(channels), perUnit = PerUnit<T>();
        for (int output = 0; output < outputs; output++)
        {
            long start = PanelLayout.Offset(outputs, checked(units * taps), groups, output, 0);
            int groupOutputs = outputs / groups;
            int first = output % groupOutputs / PanelLayout.Width * PanelLayout.Width;
            int width = PanelLayout.PanelWidth(groupOutputs, first);
            Span<T> row = rows.Slice(output * size, size);
            for (int tap = 0; tap < taps; tap++)
            {
                for (int channel = 0; channel < channels; channel++)
                {
                    long unit = start + (long)(tap * units + channel / perUnit) * width;
                    row[channel * taps + tap] = panels[checked((int)(unit * perUnit + channel % perUnit))];
                }
            }
        }
    }

    // rows[row][channel][tap] -> packed[tap][unit of the channel][row][place in the unit]
    private static void Transpose<T>(
        ReadOnlySpan<T> rows, Span<T> packed, int present, int width, int channels, int taps)
        where T : unmanaged
    {
        int size = channels * taps, units = Units<T>(channels), perUnit = PerUnit<T>();
        Span<int> targets = stackalloc int[Block];
        for (int start = 0; start < size; start += Block)
        {
            int count = Math.Min(Block, size - start);
            for (int i = 0; i < count; i++)
            {
                (int channel, int tap) = Math.DivRem(start + i, taps);
                targets[i] = (tap * units + channel / perUnit) * width * perUnit + channel % perUnit;
            }

            for (int row = 0; row < present; row++)
            {
                ReadOnlySpan<T> source = rows.Slice(row * size + start, count);
                for (int i = 0; i < source.Length; i++)
                {
                    packed[targets[i] + row * perUnit] = source[i];
                }
            }
        }
    }

    private static int PerUnit<T>() => sizeof(float) / Unsafe.SizeOf<T>();

    private static int Units<T>(int channels) => (channels - 1) / PerUnit<T>() + 1;

    private static (int Outputs, int Channels, int Taps) Matrix(IReadOnlyList<int> shape)
    {
        if (shape.Count < 2)
        {
            throw new ArgumentException("a weight in panels has at least two dimensions", nameof(shape));
        }

        int taps = 1;
        for (int i = 2; i < shape.Count; i++)
        {
            taps = checked(taps * shape[i]);
        }

        return (shape[0], shape[1], taps);
    }
}
