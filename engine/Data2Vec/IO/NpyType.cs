namespace Data2Vec.IO;

/// <summary>The element types of <c>.npy</c> files that are read.</summary>
public enum NpyType
{
    /// <summary>IEEE 754 binary32, <c>&lt;f4</c>.</summary>
    F32,

    /// <summary>IEEE 754 binary64, <c>&lt;f8</c>.</summary>
    F64,

    /// <summary>Signed 64-bit integers, <c>&lt;i8</c>.</summary>
    I64,

    /// <summary>Signed 32-bit integers, <c>&lt;i4</c>.</summary>
    I32,

    /// <summary>Unsigned 8-bit integers, <c>|u1</c>.</summary>
    U8,

    /// <summary>A byte that is 0 or 1, <c>|b1</c>.</summary>
    Bool,
}
