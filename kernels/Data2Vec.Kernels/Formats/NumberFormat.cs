using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Data2Vec.Kernels;

/// <summary>Rounds floats to the number formats of <see cref="ElementType"/> and widens them again.</summary>
public static partial class NumberFormat
{
    /// <summary>The largest magnitude of an <see cref="ElementType.I8"/> element: -128 is not used.</summary>
    public const float LargestInt8 = 127;

    /// <summary>The size of an element in bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The format is unknown.</exception>
    public static int Size(ElementType type) => type switch
    {
        ElementType.F32 => sizeof(float),
        ElementType.F16 or ElementType.BF16 => sizeof(ushort),
        ElementType.I8 => sizeof(sbyte),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    /// <summary>Rounds to the nearest bf16, ties to even. NaN stays NaN.</summary>
    public static ushort RoundToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);

        // Rounding could carry a NaN's payload away; setting its highest payload bit keeps it a NaN.
        return (ushort)(float.IsNaN(value) ? (bits >> 16) | 0x40 : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>Rounds to the nearest bf16, ties to even.</summary>
    public static void RoundToBFloat16(ReadOnlySpan<float> values, Span<ushort> destination)
    {
        for (int i = 0; i < values.Length; i++)
        {
            destination[i] = RoundToBFloat16(values[i]);
        }
    }

    /// <summary>Rounds to the nearest f16, ties to even. Numbers past its range become infinite.</summary>
    public static void RoundToFloat16(ReadOnlySpan<float> values, Span<Half> destination)
    {
        for (int i = 0; i < values.Length; i++)
        {
            destination[i] = (Half)values[i];
        }
    }

    /// <summary>Divides by the row's scale and rounds to the nearest whole number from -127 to 127. A scale of 0 gives zeros.</summary>
    public static void RoundToInt8(ReadOnlySpan<float> values, float scale, Span<sbyte> destination)
    {
        for (int i = 0; i < values.Length; i++)
        {
            destination[i] = scale == 0 ? (sbyte)0 : (sbyte)Math.Clamp(MathF.Round(values[i] / scale), -LargestInt8, LargestInt8);
        }
    }

    /// <summary>Widens f16.</summary>
    public static void Widen(ReadOnlySpan<Half> values, Span<float> destination) => TensorPrimitives.ConvertToSingle(values, destination);

    /// <summary>Widens the bits of bf16.</summary>
    public static void Widen(ReadOnlySpan<ushort> values, Span<float> destination)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination)[..values.Length];
        TensorPrimitives.ConvertTruncating(values, bits);
        TensorPrimitives.ShiftLeft(bits, 16, bits);
    }

    /// <summary>Widens i8 and multiplies by the row's scale.</summary>
    public static void Widen(ReadOnlySpan<sbyte> values, float scale, Span<float> destination)
    {
        destination = destination[..values.Length];
        TensorPrimitives.ConvertTruncating(values, destination);
        TensorPrimitives.Multiply(destination, scale, destination);
    }
}
