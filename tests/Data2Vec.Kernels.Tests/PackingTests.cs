using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CsCheck;

namespace Data2Vec.Kernels.Tests;

/// <summary>Weights in panels, against a loop over the specification, for random shapes, groups and number formats.</summary>
public unsafe class PackingTests
{
    /// <summary>Shapes <c>[outputs, channels, height, width]</c> with groups that divide the outputs.</summary>
    private static readonly Gen<(int[] Shape, int Groups)> s_weights = Gen.Select(
        Gen.Int[1, 4], Gen.Int[1, 70], Gen.Int[1, 40], Gen.Int[1, 5], Gen.Int[1, 3],
        (groups, outputs, channels, height, width) => (new[] { groups * outputs, channels, height, width }, groups));

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
        Assert.Equal(padded, new PanelLayout(ElementType.F32, outputs, 1).PaddedGroupOutputs);

    [Fact]
    public void Packing_matches_the_specification_and_unpacking_restores_the_rows() => s_weights.Sample(
        (weight) =>
        {
            Check(ElementType.F32, weight.Shape, weight.Groups, i => i + 1f);
            Check(ElementType.BF16, weight.Shape, weight.Groups, i => (ushort)(i + 1));
            Check(ElementType.I8, weight.Shape, weight.Groups, i => (sbyte)(i % 251 - 125));
        },
        iter: 200);

    [Fact]
    public void Packing_one_panel_equals_packing_the_whole_weight() => s_weights.Sample(
        (weight) =>
        {
            (int[] shape, int groups) = weight;
            float[] rows = [.. Enumerable.Range(1, Product(shape)).Select(i => (float)i)];
            PanelLayout layout = PanelLayout.Create(ElementType.F32, shape, groups);
            float[] expected = Pack(layout, rows), actual = new float[expected.Length];
            fixed (float* data = rows, packed = actual)
            {
                var data32 = new WeightData((nint)data, ElementType.F32, WeightLayout.Rows, shape);
                for (int panel = 0; panel < layout.Panels; panel++)
                {
                    PanelPacking.PackPanel(data32, layout, panel, (nint)(packed + layout.PanelOffset(panel)));
                }
            }

            Assert.Equal(expected, actual);
        },
        iter: 100);

    [Fact]
    public void Rounding_to_bf16_gives_the_nearest_number_and_ties_to_even() => Gen.Float.Where(float.IsFinite).Sample(value =>
    {
        float rounded = Widen(NumberFormat.RoundToBFloat16(value));
        int below = BitConverter.SingleToInt32Bits(value) >>> 16;
        double lower = Wide(below), upper = Wide(below + 1);
        double toLower = Math.Abs(value - lower), toUpper = Math.Abs(upper - value);
        double expected = toLower < toUpper || (toLower == toUpper && below % 2 == 0) ? lower : upper;
        Assert.Equal(expected, float.IsInfinity(rounded) ? Math.CopySign(Math.Pow(2, 128), value) : rounded);

        // The number after the largest one counts as 2^128.
        static double Wide(int bits)
        {
            double wide = BitConverter.Int32BitsToSingle(bits << 16);
            return double.IsInfinity(wide) ? Math.CopySign(Math.Pow(2, 128), wide) : wide;
        }

        static float Widen(ushort bits)
        {
            var wide = new float[1];
            NumberFormat.Widen([bits], wide);
            return wide[0];
        }
    });

    [Fact]
    public void The_layout_of_a_weight_depends_on_its_format_and_dimensions()
    {
        Assert.Equal(WeightLayout.Panels, PanelLayout.LayoutFor(ElementType.F32, 2));
        Assert.Equal(WeightLayout.Panels, PanelLayout.LayoutFor(ElementType.BF16, 4));
        Assert.Equal(WeightLayout.Panels, PanelLayout.LayoutFor(ElementType.I8, 2));
        Assert.Equal(WeightLayout.Rows, PanelLayout.LayoutFor(ElementType.I8, 3));
        Assert.Equal(WeightLayout.Panels, PanelLayout.LayoutFor(ElementType.F16, 2));
        Assert.Equal(WeightLayout.Rows, PanelLayout.LayoutFor(ElementType.F32, 1));
    }

    [Fact]
    public void The_example_of_the_specification_holds()
    {
        PanelLayout layout = PanelLayout.Create(ElementType.BF16, [40, 3, 2]);
        ushort[] packed = Pack(layout, Enumerable.Range(0, 240).Select(i => (ushort)i).ToArray());
        Assert.Equal(768, packed.Length * sizeof(ushort));
        Assert.Equal(35 * 6 + 2 * 2 + 1, packed[716 / sizeof(ushort)]);
        Assert.Equal(1100 / sizeof(float), PanelLayout.Create(ElementType.F32, [40, 3, 2]).Offset(35, 2, 1));
    }

    [Fact]
    public void Layouts_that_do_not_exist_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new PanelLayout(ElementType.F32, 10, 4, groups: 3));
        Assert.Throws<ArgumentException>(() => PanelLayout.Create(ElementType.F32, [10]));
        Assert.Throws<ArgumentException>(() => PanelPacking.UnpackRow<ushort>(new PanelLayout(ElementType.F32, 1, 1), 0, 0, new ushort[1]));
        Assert.Throws<OverflowException>(() => new PanelLayout(ElementType.F32, 1, 1 << 20, 1 << 20));
    }

    [Fact]
    public void Sizes_do_not_overflow() =>
        Assert.Equal((long)(1 << 20) * (1 << 20), new PanelLayout(ElementType.F32, 1 << 20, 1 << 20).WordCount);

    private static void Check<T>(ElementType type, int[] shape, int groups, Func<int, T> element)
        where T : unmanaged
    {
        T[] rows = [.. Enumerable.Range(0, Product(shape)).Select(element)];
        PanelLayout layout = PanelLayout.Create(type, shape, groups);
        T[] expected = Specified(shape, groups, rows), packed = Pack(layout, rows);
        Assert.Equal(expected, packed);
        Assert.Equal(expected.Length, layout.WordCount * layout.ElementsPerWord);
        int size = rows.Length / shape[0], taps = size / shape[1];
        var row = new T[size];
        fixed (T* panels = packed)
        {
            for (int output = 0; output < shape[0]; output++)
            {
                PanelPacking.UnpackRow<T>(layout, (nint)panels, output, row);
                Assert.Equal(rows[(output * size)..((output + 1) * size)], row);
                for (int i = 0; i < size; i++)
                {
                    Assert.Equal(row[i], packed[layout.Offset(output, i / taps, i % taps)]);
                }
            }
        }
    }

    /// <summary>The layout as FORMAT.md states it: one place of a panel after another.</summary>
    private static T[] Specified<T>(int[] shape, int groups, T[] rows)
        where T : unmanaged
    {
        int perWord = sizeof(float) / Unsafe.SizeOf<T>(), channels = shape[1], taps = rows.Length / shape[0] / channels, groupOutputs = shape[0] / groups;
        var result = new List<T>();
        for (int group = 0; group < groups; group++)
        {
            for (int first = 0; first < groupOutputs; first += 32)
            {
                int width = groupOutputs - first <= 16 ? 16 : 32;
                for (int word = 0; word < taps * ((channels + perWord - 1) / perWord); word++)
                {
                    int tap = word / ((channels + perWord - 1) / perWord), firstChannel = word % ((channels + perWord - 1) / perWord) * perWord;
                    for (int j = 0; j < width * perWord; j++)
                    {
                        int output = first + j / perWord, channel = firstChannel + j % perWord;
                        result.Add(output < groupOutputs && channel < channels
                            ? rows[((group * groupOutputs + output) * channels + channel) * taps + tap]
                            : default);
                    }
                }
            }
        }

        return [.. result];
    }

    private static T[] Pack<T>(PanelLayout layout, T[] rows)
        where T : unmanaged
    {
        var packed = new List<T>();
        PanelPacking.Pack<T>(
            layout,
            (start, destination) => rows.AsSpan((int)start, destination.Length).CopyTo(destination),
            panel => packed.AddRange(MemoryMarshal.Cast<byte, T>(panel)));
        return [.. packed];
    }

    private static int Product(int[] shape) => shape.Aggregate(1, (a, b) => a * b);
}
