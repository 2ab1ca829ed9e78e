using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu;

/// <summary>AVX-512: 32 registers of 16 floats.</summary>
internal readonly unsafe struct Simd512 : ISimd<Vector512<float>>
{
    public static int Width => Vector512<float>.Count;
    public static int TileRows => MatrixTiles.MaxRows;
    public static Vector512<float> Indices => Vector512<float>.Indices;
    public static Vector512<float> Load(float* source) => Vector512.Load(source);
    public static void Store(float* destination, Vector512<float> value) => value.Store(destination);
    public static Vector512<float> Create(float value) => Vector512.Create(value);
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;
    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) =>
        Vector512.MultiplyAddEstimate(a, b, c);

    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Vector512.MaxNative(a, b);
    public static Vector512<float> Min(Vector512<float> a, Vector512<float> b) => Vector512.MinNative(a, b);
    public static Vector512<float> Abs(Vector512<float> value) => Vector512.Abs(value);
    public static Vector512<float> Round(Vector512<float> value) => Vector512.Round(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> PowerOfTwo(Vector512<float> n) =>
        ((Vector512.ConvertToInt32Native(n) + Vector512.Create(127)) << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> KeepFirst(Vector512<float> value, int count) =>
        value & Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Step(Vector512<float> value) => Vector512.GreaterThan(value, Vector512<float>.Zero) & Vector512.Create(1f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> value) => Simd256.Sum(value.GetLower() + value.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxOfAll(Vector512<float> value) => Simd256.MaxOfAll(Vector256.MaxNative(value.GetLower(), value.GetUpper()));

    public static Vector512<float> CreateWord(uint value) => Vector512.Create(value).AsSingle();
    public static Vector512<float> WordIndices => Vector512<uint>.Indices.AsSingle();
    public static Vector512<float> AddWords(Vector512<float> a, Vector512<float> b) => (a.AsUInt32() + b.AsUInt32()).AsSingle();
    public static Vector512<float> Xor(Vector512<float> a, Vector512<float> b) => a ^ b;

    public static Vector512<float> MultiplyEvenWords(Vector512<float> a, Vector512<float> b) => Avx512F.Multiply(a.AsUInt32(), b.AsUInt32()).AsSingle();

    public static Vector512<float> OddWords(Vector512<float> words) => (words.AsUInt64() >>> 32).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> JoinEvenWords(Vector512<float> first, Vector512<float> second) =>
        ((first.AsUInt64() & Vector512.Create<ulong>(uint.MaxValue)) | (second.AsUInt64() << 32)).AsSingle();

    public static Vector512<float> ShiftLeft(Vector512<float> words, int count) => (words.AsUInt32() << count).AsSingle();
    public static Vector512<float> ToFloats(Vector512<float> words, int count) => Vector512.ConvertToSingle(words.AsInt32() >> count);
    public static Vector512<float> RoundToWords(Vector512<float> value) => Avx512F.ConvertToVector512Int32(value).AsSingle();
    public static Vector512<float> LowHalves(Vector512<float> words) => (words.AsUInt32() & Vector512.Create<uint>(ushort.MaxValue)).AsSingle();
    public static Vector512<float> HighHalves(Vector512<float> words) => (words.AsUInt32() >>> 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> KeepAtLeast(Vector512<float> value, Vector512<float> words, Vector512<float> threshold) =>
        value & Vector512.GreaterThanOrEqual(words.AsInt32(), threshold.AsInt32()).AsSingle();
}
