using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Data2Vec.Kernels;

/// <summary>Converts weights from row-major order to <see cref="WeightLayout.Panels"/> and back.</summary>
public static unsafe class PanelPacking
{
    /// <summary>Elements transposed at a time: a cache line of each row, whose destinations stay in the cache.</summary>
    private const int Block = 16;

    /// <summary>Packs a whole weight in the memory of two panels.</summary>
    /// <typeparam name="T">An element: <see cref="float"/>, the bits of an f16 or bf16 as <see cref="ushort"/>, or <see cref="sbyte"/>.</typeparam>
    /// <param name="layout">The layout.</param>
    /// <param name="read">Fills a span with the elements in row-major order that start at a given one.</param>
    /// <param name="write">Receives the bytes of the panels, one panel after another.</param>
    public static void Pack<T>(PanelLayout layout, Action<long, Span<T>> read, Action<ReadOnlySpan<byte>> write)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(write);
        int size = checked(layout.Channels * layout.Taps), widest = Math.Min(PanelLayout.Width, layout.PaddedGroupOutputs);
        T[] rows = new T[checked(widest * size)], packed = new T[checked(widest * layout.Depth * layout.ElementsPerWord)];
        for (int panel = 0; panel < layout.Panels; panel++)
        {
            (int first, int count) = layout.PanelOutputs(panel);
            read((long)first * size, rows.AsSpan(0, count * size));
            Span<T> destination = packed.AsSpan(0, layout.PanelWidth(panel) * layout.Depth * layout.ElementsPerWord);
            Transpose(layout, panel, rows, destination);
            write(MemoryMarshal.AsBytes(destination));
        }
    }

    /// <summary>
    /// Packs one panel of a weight that has another layout or number format. Panels of bf16 and i8 receive the whole numbers of i8 without
    /// their scale.
    /// </summary>
    /// <param name="weight">The weight.</param>
    /// <param name="layout">The layout to pack it in.</param>
    /// <param name="panel">The panel, counted over all groups.</param>
    /// <param name="destination">The address of the panel.</param>
    public static void PackPanel(WeightData weight, PanelLayout layout, int panel, nint destination)
    {
        ArgumentNullException.ThrowIfNull(weight);
        switch (layout.Type)
        {
            case ElementType.F32:
                PackPanel<float>(weight.ReadRow, layout, panel, destination);
                break;
            case ElementType.BF16 when weight.Type == ElementType.I8:
                var bytes = new sbyte[weight.RowSize];
                var numbers = new float[weight.RowSize];
                PackPanel<ushort>(
                    (row, elements) =>
                    {
                        weight.ReadStored<sbyte>(row, bytes);
                        TensorPrimitives.ConvertTruncating<sbyte, float>(bytes, numbers);
                        NumberFormat.RoundToBFloat16(numbers, elements);
                    },
                    layout, panel, destination);
                break;
            case ElementType.F16 or ElementType.BF16:
                PackPanel<ushort>(weight.ReadStored, layout, panel, destination);
                break;
            default:
                PackPanel<sbyte>(weight.ReadStored, layout, panel, destination);
                break;
        }
    }

    /// <summary>Reads one output of a weight in panels, in row-major order.</summary>
    /// <typeparam name="T">An element: <see cref="float"/>, the bits of an f16 or bf16 as <see cref="ushort"/>, or <see cref="sbyte"/>.</typeparam>
    /// <param name="layout">The layout.</param>
    /// <param name="panels">The address of the first panel.</param>
    /// <param name="output">The output, counted over all groups.</param>
    /// <param name="row">Receives the elements <c>[channels, taps]</c>.</param>
    public static void UnpackRow<T>(PanelLayout layout, nint panels, int output, Span<T> row)
        where T : unmanaged
    {
        RequireSize<T>(layout);
        T* start = (T*)panels + layout.Offset(output, 0, 0);
        int panel = output / layout.GroupOutputs * layout.PanelsPerGroup + output % layout.GroupOutputs / PanelLayout.Width;
        int perWord = layout.ElementsPerWord, step = layout.PanelWidth(panel) * perWord;
        for (int tap = 0; tap < layout.Taps; tap++)
        {
            T* column = start + (long)tap * layout.WordsPerTap * step;
            for (int channel = 0; channel < layout.Channels; channel++)
            {
                row[channel * layout.Taps + tap] = column[(long)(channel / perWord) * step + channel % perWord];
            }
        }
    }

    private static void PackPanel<T>(Action<int, Span<T>> readRow, PanelLayout layout, int panel, nint destination)
        where T : unmanaged
    {
        (int first, int count) = layout.PanelOutputs(panel);
        int size = layout.Channels * layout.Taps;
        var rows = new T[checked(count * size)];
        for (int row = 0; row < count; row++)
        {
            readRow(first + row, rows.AsSpan(row * size, size));
        }

        Transpose(layout, panel, rows, new Span<T>((void*)destination, checked(layout.PanelWidth(panel) * layout.Depth * layout.ElementsPerWord)));
    }

    // rows[row][channel][tap] -> packed[tap][word of the channel][row][element of the word]
    private static void Transpose<T>(PanelLayout layout, int panel, ReadOnlySpan<T> rows, Span<T> packed)
        where T : unmanaged
    {
        RequireSize<T>(layout);
        packed.Clear();
        int size = layout.Channels * layout.Taps, perWord = layout.ElementsPerWord, width = layout.PanelWidth(panel), count = layout.PanelOutputs(panel).Count;
        Span<int> targets = stackalloc int[Block];
        for (int start = 0; start < size; start += Block)
        {
            int length = Math.Min(Block, size - start);
            for (int i = 0; i < length; i++)
            {
                (int channel, int tap) = Math.DivRem(start + i, layout.Taps);
                targets[i] = (tap * layout.WordsPerTap + channel / perWord) * width * perWord + channel % perWord;
            }

            for (int row = 0; row < count; row++)
            {
                ReadOnlySpan<T> source = rows.Slice(row * size + start, length);
                for (int i = 0; i < source.Length; i++)
                {
                    packed[targets[i] + row * perWord] = source[i];
                }
            }
        }
    }

    private static void RequireSize<T>(PanelLayout layout)
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() * layout.ElementsPerWord != sizeof(float))
        {
            throw new ArgumentException($"elements of {typeof(T)} are not {layout.Type}", nameof(layout));
        }
    }
}
