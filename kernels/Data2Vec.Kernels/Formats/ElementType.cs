namespace Data2Vec.Kernels;

/// <summary>The number format of stored weights, and of activations.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>bfloat16: the upper half of a binary32.</summary>
    BF16,

    /// <summary>Signed 8-bit integers with one f32 scale for each row.</summary>
    I8,
}
