using System.Runtime.InteropServices;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>Numbers as devices have them.</summary>
internal static class DeviceNumbers
{
    /// <summary>Numbers as they lie in memory: those in bf16 two in the place of a float.</summary>
    public static float[] Stored(ElementType type, float[] values) => type == ElementType.F32 ? values
        : MemoryMarshal.Cast<ushort, float>([.. values.Select(value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))]).ToArray();

    /// <summary>The numbers that lie so in memory.</summary>
    public static float[] Widened(ElementType type, float[] stored) => type == ElementType.F32 ? stored
        : [.. MemoryMarshal.Cast<float, ushort>(stored).ToArray().Select(bits => BitConverter.Int32BitsToSingle(bits << 16))];
}
