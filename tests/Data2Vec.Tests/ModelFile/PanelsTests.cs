using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Tests.ModelFile;

public class PanelsTests
{
    public static TheoryData<int[], int> Weights => new()
    {
        { [1, 1], 1 },
        { [16, 5], 1 },
        { [17, 5], 1 },
        { [31, 3], 1 },
        { [32, 64], 1 },
        { [33, 7], 1 },
        { [48, 16], 1 },
        { [49, 33], 1 },
        { [100, 37], 1 },
        { [5, 1, 10], 1 },
        { [40, 6, 3], 1 },
        { [64, 17, 19], 1 },
        { [96, 4, 5], 2 },
        { [144, 3, 7], 3 },
        { [16, 2, 9], 16 },
        { [70, 3, 2, 4], 1 },
        { [70, 3, 2, 4], 2 },
    };

    [Theory]
    [InlineData(1, 16)]
    [InlineData(16, 16)]
    [InlineData(17, 32)]
    [InlineData(32, 32)]
    [InlineData(33, 48)]
    [InlineData(48, 48)]
    [InlineData(49, 64)]
    [InlineData(768, 768)]
    [InlineData(1000, 1008)]
    public void Outputs_are_padded_to_whole_panels(int outputs, int padded) =>
        Assert.Equal(padded, PanelLayout.PaddedOutputs(outputs));

    [Theory]
    [MemberData(nameof(Weights))]
    public void Packing_equals_a_loop_over_the_formula(int[] shape, int groups)
    {
        float[] rows = Rising(shape);
        float[] expected = Naive(shape, groups, rows);
        Assert.Equal(expected, Pack(shape, groups, rows));
        Assert.Equal(expected.Length, PanelLayout.Size(shape[0], rows.Length / shape[0], groups));
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public void Shorter_numbers_share_units_of_32_bits(int[] shape, int groups)
    {
        ushort[] pairs = [.. Rising(shape).Select(value => (ushort)value)];
        ushort[] packed = Naive(shape, groups, pairs);
        Assert.Equal(packed, Pack(shape, groups, pairs));
        Assert.Equal(pairs, Unpack(shape, groups, packed));

        sbyte[] fours = [.. Rising(shape).Select(value => (sbyte)(value % 251 - 125))];
        sbyte[] bytes = Naive(shape, groups, fours);
        Assert.Equal(bytes, Pack(shape, groups, fours));
        Assert.Equal(fours, Unpack(shape, groups, bytes));
    }

    [Fact]
    public void The_example_of_the_specification_is_true()
    {
        int[] shape = [40, 3, 2];
        ushort[] packed = Pack(shape, 1, Enumerable.Range(0, 240).Select(i => (ushort)i).ToArray());
        Assert.Equal(768, packed.Length * sizeof(ushort));
        Assert.Equal(35 * 6 + 2 * 2 + 1, packed[716 / sizeof(ushort)]);
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public void Unpacking_gives_the_rows_back(int[] shape, int groups)
    {
        float[] rows = Rising(shape);
        Assert.Equal(rows, Unpack(shape, groups, Naive(shape, groups, rows)));
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public void Offset_finds_every_element(int[] shape, int groups)
    {
        float[] rows = Rising(shape);
        float[] panels = Naive(shape, groups, rows);
        int depth = rows.Length / shape[0];
        int taps = depth / shape[1];
        for (int i = 0; i < rows.Length; i++)
        {
            int column = i % taps * shape[1] + i % depth / taps;
            Assert.Equal(rows[i], panels[PanelLayout.Offset(shape[0], depth, groups, i / depth, column)]);
        }
    }

    [Fact]
    public void Groups_that_do_not_divide_the_outputs_are_refused() =>
        Assert.Throws<ArgumentException>(() => PanelLayout.Size(10, 4, 3));

    [Fact]
    public void Sizes_do_not_overflow() =>
        Assert.Equal((long)(1 << 20) * (1 << 20), PanelLayout.Size(1 << 20, 1 << 20));

    internal static float[] Rising(int[] shape) =>
        [.. Enumerable.Range(1, shape.Aggregate(1, (a, b) => a * b)).Select(i => (float)i)];

    /// <summary>The layout as FORMAT.md states it: one panel position after another.</summary>
    internal static T[] Naive<T>(int[] shape, int groups, T[] rows)
        where T : unmanaged
    {
        int perUnit = sizeof(float) / Unsafe.SizeOf<T>();
        int channels = shape[1];
        int depth = rows.Length / shape[0];
        int taps = depth / channels;
        int groupOutputs = shape[0] / groups;
        var result = new List<T>();
        for (int group = 0; group < groups; group++)
        {
            for (int first = 0; first < groupOutputs; first += 32)
            {
                int width = groupOutputs - first <= 16 ? 16 : 32;
                for (int tap = 0; tap < taps; tap++)
                {
                    for (int unit = 0; unit < (channels + perUnit - 1) / perUnit; unit++)
                    {
                        for (int j = 0; j < width * perUnit; j++)
                        {
                            int output = first + j / perUnit;
                            int channel = unit * perUnit + j % perUnit;
                            result.Add(output < groupOutputs && channel < channels
                                ? rows[((group * groupOutputs + output) * channels + channel) * taps + tap]
                                : default);
                        }
                    }
                }
            }
        }

        return [.. result];
    }

    private static T[] Pack<T>(int[] shape, int groups, T[] rows)
        where T : unmanaged
    {
        var packed = new List<T>();
        Panels.Pack<T>(
            shape,
            groups,
            (start, destination) => rows.AsSpan((int)start, destination.Length).CopyTo(destination),
            panel => packed.AddRange(MemoryMarshal.Cast<byte, T>(panel)));
        return [.. packed];
    }

    private static T[] Unpack<T>(int[] shape, int groups, T[] panels)
        where T : unmanaged
    {
        var rows = new T[shape.Aggregate(1, (a, b) => a * b)];
        Panels.Unpack(shape, groups, panels, rows.AsSpan());
        return rows;
    }
}
