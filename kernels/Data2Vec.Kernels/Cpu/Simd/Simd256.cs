using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu;

/// <summary>AVX2 with FMA: 16 registers of 8 floats.</summary>
internal readonly unsafe struct Simd256 : ISimd<Vector256<float>>
{
    public static int Width => Vector256<float>.Count;
    public static int TileRows => 6;
    public static Vector256<float> Indices => Vector256<float>.Indices;
    public static Vector256<float> Load(float* source) => Vector256.Load(source);
    public static void Store(float* destination, Vector256<float> value) => value.Store(destination);
    public static Vector256<float> Create(float value) => Vector256.Create(value);
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) =>
        Vector256.MultiplyAddEstimate(a, b, c);

    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.MaxNative(a, b);
    public static Vector256<float> Min(Vector256<float> a, Vector256<float> b) => Vector256.MinNative(a, b);
    public static Vector256<float> Abs(Vector256<float> value) => Vector256.Abs(value);
    public static Vector256<float> Round(Vector256<float> value) => Vector256.Round(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> PowerOfTwo(Vector256<float> n) =>
        ((Vector256.ConvertToInt32Native(n) + Vector256.Create(127)) << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> KeepFirst(Vector256<float> value, int count) =>
        value & Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Step(Vector256<float> value) => Vector256.GreaterThan(value, Vector256<float>.Zero) & Vector256.Create(1f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> value) => Simd128.Sum(value.GetLower() + value.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxOfAll(Vector256<float> value) => Simd128.MaxOfAll(Vector128.MaxNative(value.GetLower(), value.GetUpper()));

    public static Vector256<float> CreateWord(uint value) => Vector256.Create(value).AsSingle();
    public static Vector256<float> WordIndices => Vector256<uint>.Indices.AsSingle();
    public static Vector256<float> AddWords(Vector256<float> a, Vector256<float> b) => (a.AsUInt32() + b.AsUInt32()).AsSingle();
    public static Vector256<float> Xor(Vector256<float> a, Vector256<float> b) => a ^ b;

    public static Vector256<float> MultiplyEvenWords(Vector256<float> a, Vector256<float> b) => Avx2.Multiply(a.AsUInt32(), b.AsUInt32()).AsSingle();

    public static Vector256<float> OddWords(Vector256<float> words) => (words.AsUInt64() >>> 32).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> JoinEvenWords(Vector256<float> first, Vector256<float> second) =>
        ((first.AsUInt64() & Vector256.Create<ulong>(uint.MaxValue)) | (second.AsUInt64() << 32)).AsSingle();

    public static Vector256<float> ShiftLeft(Vector256<float> words, int count) => (words.AsUInt32() << count).AsSingle();
    public static Vector256<float> ToFloats(Vector256<float> words, int count) => Vector256.ConvertToSingle(words.AsInt32() >> count);
    public static Vector256<float> RoundToWords(Vector256<float> value) => Vector256.ConvertToInt32Native(Vector256.Round(value)).AsSingle();
    public static Vector256<float> LowHalves(Vector256<float> words) => (words.AsUInt32() & Vector256.Create<uint>(ushort.MaxValue)).AsSingle();
    public static Vector256<float> HighHalves(Vector256<float> words) => (words.AsUInt32() >>> 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> KeepAtLeast(Vector256<float> value, Vector256<float> words, Vector256<float> threshold) =>
        value & Vector256.GreaterThanOrEqual(words.AsInt32(), threshold.AsInt32()).AsSingle();
}
