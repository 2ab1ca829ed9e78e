namespace Data2Vec.Kernels.Cpu;

/// <summary>What a matrix product multiplies.</summary>
internal enum ProductType
{
    /// <summary>Floats.</summary>
    Floats,

    /// <summary>Words of two bf16, for the dot products of AVX512_BF16.</summary>
    BFloat16,

    /// <summary>Words of two signed integers of 16 bits, for the dot products of AVX512_VNNI. <see cref="ShortScale"/> says what they stand for.</summary>
    Shorts,

    /// <summary>Words of four integers of 8 bits, unsigned on the left and signed on the right, for the dot products of AVX512_VNNI.</summary>
    Bytes,
}

/// <summary>What is known of each <see cref="ProductType"/>.</summary>
internal static class ProductTypes
{
    /// <summary>The numbers in a word of 32 bits.</summary>
    public static int PerWord(this ProductType type) => type switch
    {
        ProductType.Floats => 1,
        ProductType.Bytes => 4,
        _ => 2,
    };
}
