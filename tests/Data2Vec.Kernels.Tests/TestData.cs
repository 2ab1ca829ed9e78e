using System.Runtime.InteropServices;

namespace Data2Vec.Kernels.Tests;

/// <summary>Random numbers, and weights in memory that is never freed.</summary>
internal static unsafe class TestData
{
    public static float[] Numbers(int seed, int count, float scale = 1f)
    {
        var random = new Random(seed);
        var numbers = new float[count];
        for (int i = 0; i < count; i++)
        {
            numbers[i] = scale * (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 2;
        }

        return numbers;
    }

    public static WeightData Weight(float[] values, params int[] shape)
    {
        void* memory = NativeMemory.AlignedAlloc((nuint)(values.Length * sizeof(float) + 64), 64);
        values.CopyTo(new Span<float>(memory, values.Length));
        return new WeightData((nint)memory, ElementType.F32, WeightLayout.Rows, shape);
    }

    /// <summary>Rounds numbers to those that a type of activations represents exactly.</summary>
    public static float[] Rounded(ElementType type, float[] numbers) => type == ElementType.F32 ? numbers
        : type == ElementType.F16 ? [.. numbers.Select(value => (float)(Half)value)]
        : [.. numbers.Select(value => BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) & ~0xFFFF))];

    /// <summary>Uploads numbers as activations, whose type is checked.</summary>
    public static Tensor Put(Inference run, float[] numbers, int rows, int columns, ElementType type)
    {
        Tensor x = run.Allocate(rows, columns);
        Assert.Equal(type, x.Type);
        run.Upload(numbers, x);
        return x;
    }

    public static float[] Download(Inference run, Tensor x)
    {
        var values = new float[x.Rows * x.Columns];
        run.Download(x, values);
        return values;
    }

    /// <param name="expected">The expected numbers.</param>
    /// <param name="actual">The computed numbers.</param>
    /// <param name="bound">The largest absolute difference.</param>
    /// <param name="type">The format that the numbers were stored in. Its rounding is allowed in addition.</param>
    public static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double bound, ElementType type = ElementType.F32)
    {
        double rounding = type == ElementType.BF16 ? 1 / 256.0 : type == ElementType.F16 ? 1 / 2048.0 : 0;
        Assert.Equal(expected.Length, actual.Length);
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(float.IsFinite(actual[i]), $"element {i} is {actual[i]}");
            worst = Math.Max(worst, Math.Abs(expected[i] - actual[i]) - rounding * Math.Abs(expected[i]));
        }

        Assert.True(worst <= bound, $"largest difference {worst}");
    }

    /// <summary>Converts weights to a smaller format, by rounding; to bf16, by truncation.</summary>
    public static WeightData Encode(float[] values, ElementType type, params int[] shape)
    {
        int rows = shape[0], size = values.Length / rows;
        long offset = type == ElementType.I8 ? WeightData.Int8RowsOffset(rows) : 0;
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)(offset + values.Length * 2L + 64), 64);
        for (int row = 0; row < rows; row++)
        {
            float scale = values.AsSpan(row * size, size).ToArray().Max(MathF.Abs) / 127;
            for (int i = row * size; i < (row + 1) * size; i++)
            {
                if (type == ElementType.BF16)
                {
                    ((ushort*)memory)[i] = (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16);
                }
                else if (type == ElementType.F16)
                {
                    ((Half*)memory)[i] = (Half)values[i];
                }
                else
                {
                    ((float*)memory)[row] = scale;
                    (memory + offset)[i] = (byte)(sbyte)MathF.Round(values[i] / scale);
                }
            }
        }

        return new WeightData((nint)memory, type, WeightLayout.Rows, shape);
    }

    /// <summary>Copies weights to panels, by the formula of the file format's specification.</summary>
    public static WeightData InPanels(WeightData weight, int groups)
    {
        int outputs = weight.Rows, channels = weight.Shape[1], taps = weight.RowSize / channels;
        bool bytes = weight.Type == ElementType.I8;
        int perUnit = bytes ? 4 : 2, units = (channels + perUnit - 1) / perUnit, depth = units * taps, groupOutputs = outputs / groups;
        int rest = groupOutputs % 32, padded = groupOutputs - rest + (rest == 0 ? 0 : rest <= 16 ? 16 : 32);
        long offset = bytes ? WeightData.Int8RowsOffset(outputs) : 0, size = offset + 4L * groups * padded * depth;
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)size, 64), source = (byte*)weight.Data;
        new Span<byte>(memory, (int)size).Clear();
        new Span<byte>(source, bytes ? 4 * outputs : 0).CopyTo(new Span<byte>(memory, (int)size));
        for (int i = 0; i < outputs * channels * taps; i++)
        {
            int output = i / (channels * taps), channel = i / taps % channels, tap = i % taps;
            int row = output % groupOutputs, panel = row / 32 * 32, width = Math.Min(32, padded - panel);
            int unit = output / groupOutputs * padded * depth + panel * depth + (tap * units + channel / perUnit) * width + row - panel;
            int at = unit * perUnit + channel % perUnit;
            if (bytes)
            {
                (memory + offset)[at] = (source + offset)[i];
            }
            else
            {
                ((ushort*)memory)[at] = ((ushort*)source)[i];
            }
        }

        return weight with { Data = (nint)memory, Layout = WeightLayout.Panels, Groups = groups };
    }
}
