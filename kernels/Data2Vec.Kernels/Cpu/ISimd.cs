using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu;

/// <summary>
/// The vector arithmetic that the CPU kernels are written in, so that one source serves every register width. The
/// implementations are structs, hence the JIT compiles each kernel anew for each of them, with all calls inlined.
/// </summary>
/// <typeparam name="V">The hardware vector of floats.</typeparam>
internal unsafe interface ISimd<V>
    where V : unmanaged
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Width { get; }

    /// <summary>Rows of the matrix kernel's tile: as many as the register file holds with two vectors a row.</summary>
    static abstract int TileRows { get; }

    static abstract V Load(float* source);

    static abstract void Store(float* destination, V value);

    /// <summary>Asks for a cache line that will be read soon; it need not be there at all.</summary>
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

    /// <summary><c>a * b + c</c>, fused where the hardware can.</summary>
    static abstract V MultiplyAdd(V a, V b, V c);

    /// <summary>The greater; where one is not a number, <paramref name="b"/>.</summary>
    static abstract V Max(V a, V b);

    /// <summary>The smaller; where one is not a number, <paramref name="b"/>.</summary>
    static abstract V Min(V a, V b);

    static abstract V Abs(V value);

    /// <summary>Rounds to the nearest whole number.</summary>
    static abstract V Round(V value);

    /// <summary><c>2^n</c> for a whole <c>n</c> from -126 to 127.</summary>
    static abstract V PowerOfTwo(V n);

    /// <summary>The first <paramref name="count"/> lanes as they are, the others zero, whatever they held.</summary>
    static abstract V KeepFirst(V value, int count);

    static abstract float Sum(V value);

    static abstract float MaxOfAll(V value);
}
