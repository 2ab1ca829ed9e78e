using Data2Vec.Kernels;

namespace Data2Vec.ModelFile;

/// <summary>
/// Brings weights from PyTorch's row-major order into <see cref="WeightLayout.Panels"/> and back. A weight is
/// <c>[outputs, channels, taps…]</c>; a linear layer's has one tap.
/// </summary>
public static class Panels
{
    // Inputs taken at a time while transposing: one cache line of each row, and the lines they go to stay in the cache.
    private const int Block = 16;

    /// <summary>Writes a weight in panels. It takes memory for two panels, whatever the size of the weight.</summary>
    /// <param name="shape">The weight's shape: at least two numbers.</param>
    /// <param name="groups">The groups, which divide the outputs.</param>
    /// <param name="read">Gives the elements in row-major order.</param>
    /// <param name="write">Takes the panels, one after another.</param>
    public static void Pack(IReadOnlyList<int> shape, int groups, ReadElements read, Action<ReadOnlySpan<float>> write)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(write);
        (int outputs, int channels, int taps) = Matrix(shape);
        int depth = checked(channels * taps);
        int groupOutputs = outputs / groups;
        int widest = Math.Min(PanelLayout.Width, PanelLayout.PaddedOutputs(groupOutputs));
        float[] rows = new float[checked(widest * depth)];
        float[] panel = new float[rows.Length];
        for (int group = 0; group < groups; group++)
        {
            for (int first = 0; first < groupOutputs; first += PanelLayout.Width)
            {
                int width = PanelLayout.PanelWidth(groupOutputs, first);
                int present = Math.Min(width, groupOutputs - first);
                long start = ((long)group * groupOutputs + first) * depth;
                read(start, rows.AsSpan(0, present * depth));
                Span<float> packed = panel.AsSpan(0, width * depth);
                if (present < width)
                    packed.Clear();
                Transpose(rows, packed, present, width, channels, taps);
                write(packed);
            }
        }
    }

    /// <summary>Brings a weight in panels into row-major order.</summary>
    /// <param name="shape">The weight's shape: at least two numbers.</param>
    /// <param name="groups">The groups, which divide the outputs.</param>
    /// <param name="panels">The panels: <see cref="PanelLayout.Elements"/> elements.</param>
    /// <param name="rows">What to fill: as many elements as the shape has.</param>
    public static void Unpack(IReadOnlyList<int> shape, int groups, ReadOnlySpan<float> panels, Span<float> rows)
    {
        (int outputs, int channels, int taps) = Matrix(shape);
        int depth = checked(channels * taps);
        for (int output = 0; output < outputs; output++)
        {
            int at = checked((int)PanelLayout.Offset(outputs, depth, groups, output, 0));
            int groupOutputs = outputs / groups;
            int first = output % groupOutputs / PanelLayout.Width * PanelLayout.Width;
            int width = PanelLayout.PanelWidth(groupOutputs, first);
            Span<float> row = rows.Slice(output * depth, depth);
            for (int tap = 0; tap < taps; tap++)
            {
                for (int channel = 0; channel < channels; channel++, at += width)
                    row[channel * taps + tap] = panels[at];
            }
        }
    }

    // rows[row][channel][tap] -> packed[tap][channel][row]
    private static void Transpose(
        ReadOnlySpan<float> rows, Span<float> packed, int present, int width, int channels, int taps)
    {
        int depth = channels * taps;
        Span<int> targets = stackalloc int[Block];
        for (int start = 0; start < depth; start += Block)
        {
            int count = Math.Min(Block, depth - start);
            for (int i = 0; i < count; i++)
            {
                (int channel, int tap) = Math.DivRem(start + i, taps);
                targets[i] = (tap * channels + channel) * width;
            }

            for (int row = 0; row < present; row++)
            {
                ReadOnlySpan<float> source = rows.Slice(row * depth + start, count);
                for (int i = 0; i < source.Length; i++)
                    packed[targets[i] + row] = source[i];
            }
        }
    }

    private static (int Outputs, int Channels, int Taps) Matrix(IReadOnlyList<int> shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Count < 2)
            throw new ArgumentException("a weight in panels has at least two dimensions", nameof(shape));
        int taps = 1;
        for (int i = 2; i < shape.Count; i++)
            taps = checked(taps * shape[i]);
        return (shape[0], shape[1], taps);
    }
}
