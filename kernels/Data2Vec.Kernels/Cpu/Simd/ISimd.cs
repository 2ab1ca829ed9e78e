using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// The vector arithmetic of the CPU kernels, so that one source serves every register width. The implementations are structs, so the JIT
/// compiles each kernel for each of them, with all calls inlined.
/// </summary>
/// <typeparam name="V">The hardware vector of floats.</typeparam>
internal unsafe interface ISimd<V>
    where V : unmanaged
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Width { get; }

    /// <summary>Rows of a matrix tile: as many as the registers hold with two vectors each, at most <see cref="MatrixTiles.MaxRows"/>.</summary>
    static abstract int TileRows { get; }

    /// <summary>0, 1, 2, and so on.</summary>
    static abstract V Indices { get; }

    static abstract V Load(float* source);
    static abstract void Store(float* destination, V value);

    /// <summary>Prefetches a cache line, if the address is valid.</summary>
    static virtual void Prefetch(void* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }

    static abstract V Create(float value);

    static abstract V Add(V a, V b);
    static abstract V Subtract(V a, V b);
    static abstract V Multiply(V a, V b);
    static abstract V Divide(V a, V b);

    /// <summary><c>a * b + c</c>, fused if the hardware can.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>The greater number; <paramref name="b"/> if one is NaN.</summary>
    static abstract V Max(V a, V b);

    /// <summary>The smaller number; <paramref name="b"/> if one is NaN.</summary>
    static abstract V Min(V a, V b);
    static abstract V Abs(V value);

    /// <summary>Rounds to the nearest whole number.</summary>
    static abstract V Round(V value);

    /// <summary><c>2^n</c> for a whole <c>n</c> from -126 to 127.</summary>
    static abstract V PowerOfTwo(V n);

    /// <summary>The first <paramref name="count"/> lanes unchanged, the others zero.</summary>
    static abstract V KeepFirst(V value, int count);
    /// <summary>1 where a lane is greater than 0, otherwise 0.</summary>
    static abstract V Step(V value);
    static abstract float Sum(V value);
    static abstract float MaxOfAll(V value);

    /// <summary>The same 32-bit word in all lanes. Words are whole numbers that only the operations below read.</summary>
    static abstract V CreateWord(uint value);

    /// <summary>The words 0, 1, 2, and so on.</summary>
    static abstract V WordIndices { get; }
    static abstract V AddWords(V a, V b);
    static abstract V Xor(V a, V b);

    /// <summary>The products of the even words, 64 bits each.</summary>
    static abstract V MultiplyEvenWords(V a, V b);

    /// <summary>Moves each odd word to the even place before it.</summary>
    static abstract V OddWords(V words);

    /// <summary>The even words of two vectors, in turns.</summary>
    static abstract V JoinEvenWords(V first, V second);

    /// <summary>Shifts each word.</summary>
    static abstract V ShiftLeft(V words, int count);

    /// <summary>Shifts each word to the right as a signed number, and converts it to a float.</summary>
    static abstract V ToFloats(V words, int count);

    /// <summary>Rounds floats to the nearest signed words.</summary>
    static abstract V RoundToWords(V value);

    /// <summary>The lower 16 bits of each word.</summary>
    static abstract V LowHalves(V words);

    /// <summary>The upper 16 bits of each word.</summary>
    static abstract V HighHalves(V words);

    /// <summary>The lanes of <paramref name="value"/> whose word is at least the threshold's, as signed numbers; the others zero.</summary>
    static abstract V KeepAtLeast(V value, V words, V threshold);
}
