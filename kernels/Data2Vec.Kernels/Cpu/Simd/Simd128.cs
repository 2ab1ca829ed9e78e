using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Data2Vec.Kernels.Cpu;

/// <summary>128-bit vectors, which every machine has or emulates: SSE, NEON.</summary>
internal readonly unsafe struct Simd128 : ISimd<Vector128<float>>
{
    public static int Width => Vector128<float>.Count;
    public static int TileRows => AdvSimd.Arm64.IsSupported ? Arm64Tile.Rows : 4;
    public static Vector128<float> Indices => Vector128<float>.Indices;
    public static Vector128<float> Load(float* source) => Vector128.Load(source);
    public static void Store(float* destination, Vector128<float> value) => value.Store(destination);
    public static Vector128<float> Create(float value) => Vector128.Create(value);
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;
    public static Vector128<float> Divide(Vector128<float> a, Vector128<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Vector128.MultiplyAddEstimate(a, b, c);

    public static Vector128<float> Max(Vector128<float> a, Vector128<float> b) => Vector128.MaxNative(a, b);
    public static Vector128<float> Min(Vector128<float> a, Vector128<float> b) => Vector128.MinNative(a, b);
    public static Vector128<float> Abs(Vector128<float> value) => Vector128.Abs(value);
    public static Vector128<float> Round(Vector128<float> value) => Vector128.Round(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> PowerOfTwo(Vector128<float> n) =>
        ((Vector128.ConvertToInt32Native(n) + Vector128.Create(127)) << 23).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> KeepFirst(Vector128<float> value, int count) =>
        value & Vector128.LessThan(Vector128<int>.Indices, Vector128.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Step(Vector128<float> value) => Vector128.GreaterThan(value, Vector128<float>.Zero) & Vector128.Create(1f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> value) => value[0] + value[1] + (value[2] + value[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxOfAll(Vector128<float> value) => MathF.Max(MathF.Max(value[0], value[1]), MathF.Max(value[2], value[3]));

    public static Vector128<float> CreateWord(uint value) => Vector128.Create(value).AsSingle();
    public static Vector128<float> WordIndices => Vector128<uint>.Indices.AsSingle();
    public static Vector128<float> AddWords(Vector128<float> a, Vector128<float> b) => (a.AsUInt32() + b.AsUInt32()).AsSingle();
    public static Vector128<float> Xor(Vector128<float> a, Vector128<float> b) => a ^ b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyEvenWords(Vector128<float> a, Vector128<float> b) => Sse2.IsSupported
        ? Sse2.Multiply(a.AsUInt32(), b.AsUInt32()).AsSingle()
        : ((a.AsUInt64() & Vector128.Create<ulong>(uint.MaxValue)) * (b.AsUInt64() & Vector128.Create<ulong>(uint.MaxValue))).AsSingle();

    public static Vector128<float> OddWords(Vector128<float> words) => (words.AsUInt64() >>> 32).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> JoinEvenWords(Vector128<float> first, Vector128<float> second) =>
        ((first.AsUInt64() & Vector128.Create<ulong>(uint.MaxValue)) | (second.AsUInt64() << 32)).AsSingle();

    public static Vector128<float> ShiftLeft(Vector128<float> words, int count) => (words.AsUInt32() << count).AsSingle();
    public static Vector128<float> ToFloats(Vector128<float> words, int count) => Vector128.ConvertToSingle(words.AsInt32() >> count);
    public static Vector128<float> RoundToWords(Vector128<float> value) => Vector128.ConvertToInt32Native(Vector128.Round(value)).AsSingle();
    public static Vector128<float> LowHalves(Vector128<float> words) => (words.AsUInt32() & Vector128.Create<uint>(ushort.MaxValue)).AsSingle();
    public static Vector128<float> HighHalves(Vector128<float> words) => (words.AsUInt32() >>> 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> KeepAtLeast(Vector128<float> value, Vector128<float> words, Vector128<float> threshold) =>
        value & Vector128.GreaterThanOrEqual(words.AsInt32(), threshold.AsInt32()).AsSingle();
}
