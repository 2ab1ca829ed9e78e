using System.Runtime.Intrinsics;
using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Kernels.Tests;

public unsafe class PanelWideningTests
{
    private const int Width = 32;

    [Fact]
    public void Every_f16_is_widened_exactly() => Check(ElementType.F16, bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits), 1 << 16);

    [Fact]
    public void Every_bf16_is_widened_exactly() => Check(ElementType.BF16, bits => BitConverter.UInt32BitsToSingle((uint)bits << 16), 1 << 16);

    [Fact]
    public void Every_i8_is_widened_exactly() => Check(ElementType.I8, bits => (sbyte)bits, 1 << 8);

    [Fact]
    public void Elements_after_the_last_column_are_left_out()
    {
        foreach (ElementType type in new[] { ElementType.F16, ElementType.BF16, ElementType.I8 })
        {
            float[] words = new float[3 * Width], widened = new float[13 * Width];
            for (int depth = 1; depth <= 3 * PanelLayout.PerWord(type); depth++)
            {
                Array.Fill(widened, -1f);
                fixed (float* from = words, to = widened)
                {
                    PanelWidening<Simd256, Vector256<float>>.Run(type, from, Width, depth, to);
                }

                Assert.All(widened[..(depth * Width)], number => Assert.Equal(0f, number));
                Assert.All(widened[(depth * Width)..], number => Assert.Equal(-1f, number));
            }
        }
    }

    /// <summary>Widens panels that hold every bit pattern, in each column and at each place of a word.</summary>
    private static void Check(ElementType type, Func<int, float> expected, int patterns)
    {
        int perWord = PanelLayout.PerWord(type), words = patterns;
        byte[] panel = new byte[words * Width * sizeof(float)];
        var widened = new float[words * perWord * Width];
        int Pattern(int word, int column, int element) => (word + 977 * column + 31 * element) % patterns;
        for (int word = 0; word < words; word++)
        {
            for (int column = 0; column < Width; column++)
            {
                for (int element = 0; element < perWord; element++)
                {
                    int place = (word * Width + column) * perWord + element, pattern = Pattern(word, column, element);
                    if (perWord == 2)
                    {
                        BitConverter.TryWriteBytes(panel.AsSpan(2 * place), (ushort)pattern);
                    }
                    else
                    {
                        panel[place] = (byte)pattern;
                    }
                }
            }
        }

        fixed (byte* from = panel)
        fixed (float* to = widened)
        {
            PanelWidening<Simd128, Vector128<float>>.Run(type, (float*)from, Width, words * perWord, to);
            Compare();
            PanelWidening<Simd256, Vector256<float>>.Run(type, (float*)from, Width, words * perWord, to);
            Compare();
            PanelWidening<Simd512, Vector512<float>>.Run(type, (float*)from, Width, words * perWord, to);
            Compare();
        }

        void Compare()
        {
            for (int i = 0; i < widened.Length; i++)
            {
                (int depth, int column) = Math.DivRem(i, Width);
                (int word, int element) = Math.DivRem(depth, perWord);
                float number = expected(Pattern(word, column, element));
                if (!number.Equals(widened[i]) || float.IsNegative(number) != float.IsNegative(widened[i]))
                {
                    Assert.Fail($"{type} {Pattern(word, column, element)}: {widened[i]} instead of {number}");
                }
            }

            Array.Clear(widened);
        }
    }
}
