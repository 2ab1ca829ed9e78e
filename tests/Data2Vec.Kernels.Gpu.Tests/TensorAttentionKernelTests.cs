using System.Diagnostics;
using Data2Vec.Kernels.Gpu.DeviceCode;
using Data2Vec.Kernels.Tests;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Gpu.Tests;

/// <summary>
/// Attention on tensor cores against plain loops: on a simulated device with emulated instructions, and on
/// a device that has them.
/// </summary>
public sealed class TensorAttentionKernelTests
{
    /// <summary>
    /// Expected rounding error of weights and outputs, relative to the norm: up to 2^-8 of each number in bf16 and 2^-11 in f16, uniformly distributed and
    /// independent: <c>sqrt(2 / 3) 2^-8</c>, <c>sqrt(2 / 3) 2^-11</c>.
    /// </summary>
    private static double Bound(ElementType type) => type == ElementType.F16 ? 4e-4 : 3.2e-3;

    private const ushort NotANumber = 0x7FC0;

    public static IEnumerable<TheoryDataRow<int[], int, int>> Tall =>
        [new([1], 1, 64), new([31, 64], 2, 32), new([65, 2, 130], 1, 64), new([200], 1, 56)];

    public static IEnumerable<TheoryDataRow<int[], int, int>> Deep => [new([33, 1], 2, 128), new([130], 1, 96), new([70, 32], 1, 72)];

    [Theory, MemberData(nameof(Tall))]
    public void Many_queries_of_small_heads_match_a_scalar_loop(int[] lengths, int heads, int size) => CheckEmulated<TensorAttentionTile128x64, TensorAttentionTile64x64WithTable>(lengths, heads, size);

    [Theory, MemberData(nameof(Tall))]
    public void Few_queries_of_small_heads_match_a_scalar_loop(int[] lengths, int heads, int size) => CheckEmulated<TensorAttentionTile64x64, TensorAttentionTile64x64WithTable>(lengths, heads, size);

    [Theory, MemberData(nameof(Deep))]
    public void Large_heads_match_a_scalar_loop(int[] lengths, int heads, int size) => CheckEmulated<TensorAttentionTile64x128, TensorAttentionTile64x128WithTable>(lengths, heads, size);

    [Fact]
    public void All_tiles_match_a_scalar_loop_in_f16()
    {
        CheckEmulated<TensorAttentionTile128x64, TensorAttentionTile64x64WithTable, WhenWaitedFor, Float16Format>([65, 2, 130], 1, 64, isJoint: true);
        CheckEmulated<TensorAttentionTile64x64, TensorAttentionTile64x64WithTable, AtOnce, Float16Format>([31, 64], 2, 32, isJoint: false);
        CheckEmulated<TensorAttentionTile64x128, TensorAttentionTile64x128WithTable, WhenWaitedFor, Float16Format>([70], 1, 72, isJoint: true);
    }

    [Theory, InlineData(ElementType.BF16), InlineData(ElementType.F16), Trait("device", "cuda")]
    public void Attention_on_tensor_cores_matches_a_scalar_loop(ElementType type)
    {
        using GpuBackend backend = GpuFixture.OpenTensorCores();
        using var queue = new LaunchQueue(backend.Context, backend.Context.Accelerator.DefaultStream);
        foreach (bool large in new[] { true, false })
        {
            backend.Context.Options = backend.Context.Options with { UsesLargeTiles = large };
            var kernels = new GpuKernels(backend.Context);
            Assert.True(kernels.MaxTensorHeadSize(type, hasTable: false) > 0 && kernels.MaxTensorHeadSize(type, hasTable: true) > 0);
            foreach ((int[] lengths, int heads, int size) in new[] { ([1, 64, 31], 2, 64), ([65, 200, 130], 3, 64), ([500], 2, 64), ([100], 3, 16), (new[] { 197, 33 }, 2, 128), ([300], 1, 96) })
            {
                Check(backend.Context.Accelerator, type, lengths, heads, size, isJoint: true, (q, k, v, bias, output, starts, sizes) =>
                    kernels.TensorAttention(queue, type, new AttentionOperation<long>(q, k, v, bias, output, starts, lengths.Max(), heads, sizes)));
            }
        }
    }

    /// <summary>Measures attention of base-size encoders for 10 s and 30 s of audio and for single inputs.</summary>
    [Fact, Trait("device", "cuda")]
    public void The_speed_of_attention_on_tensor_cores_is_printed()
    {
        using GpuBackend backend = GpuFixture.OpenTensorCores();
        foreach ((int sequences, int length) in new[] { (32, 500), (32, 1500), (64, 197), (1, 500), (1, 1500) })
        {
            foreach (int kind in new[] { AttentionKernel.NoBias, AttentionKernel.TableBias, AttentionKernel.SlopeBias })
            {
                double[] times = Measure(backend, sequences, length, 12, 64, kind);
                string told = string.Join(", ", times.Zip(["large tiles", "small tiles"], (time, tiles) =>
                    FormattableString.Invariant($"{tiles} {time * 1e3:F4} ms {4e-12 * sequences * length * length * 768 / time:F1} TFLOP/s")));
                Console.WriteLine($"attention of {sequences} x {length}, 12 heads of 64, bias {kind}: {told}");
                Assert.All(times, time => Assert.True(time > 0));
            }
        }
    }

    /// <summary>Seconds of attention with large tiles and with small ones.</summary>
    private static double[] Measure(GpuBackend backend, int sequences, int length, int heads, int size, int kind)
    {
        var kernels = new GpuKernels(backend.Context);
        Accelerator accelerator = backend.Context.Accelerator;
        using var queue = new LaunchQueue(backend.Context, accelerator.DefaultStream);
        int rows = sequences * length, hidden = heads * size, tableStride = (length + 3) / 4 * 4;
        using MemoryBuffer1D<ushort, Stride1D.Dense> joint = accelerator.Allocate1D(Repeated<ushort>([.. Numbers(1, 65521).Select(value => StoredNumbers.Round(value, ElementType.BF16))], 3 * rows * hidden));
        using MemoryBuffer1D<ushort, Stride1D.Dense> output = accelerator.Allocate1D<ushort>((long)rows * hidden);
        using MemoryBuffer1D<float, Stride1D.Dense> bias = accelerator.Allocate1D(Repeated(Numbers(2, 65521), kind == AttentionKernel.TableBias ? heads * length * tableStride : heads));
        using MemoryBuffer1D<int, Stride1D.Dense> starts = accelerator.Allocate1D<int>([.. Enumerable.Range(0, sequences + 1).Select(i => i * length)]);
        long q = Address(joint);
        AttentionArguments sizes = Sizes(size, kind, 3 * hidden, hidden, tableStride);
        void Attend(int times)
        {
            for (int i = 0; i < times; i++)
            {
                kernels.TensorAttention(queue, ElementType.BF16, new AttentionOperation<long>(
                    q, q + 2L * hidden, q + 4L * hidden, bias.View, Address(output), starts.View, length, heads, sizes));
            }

            accelerator.DefaultStream.Synchronize();
        }

        var times = new double[2];
        for (int i = 0; i < 2; i++)
        {
            backend.Context.Options = backend.Context.Options with { UsesLargeTiles = i == 0 };
            Attend(3);
            var watch = Stopwatch.StartNew();
            Attend(20);
            times[i] = watch.Elapsed.TotalSeconds / 20;
        }

        return times;
    }

    private static T[] Repeated<T>(T[] values, int count)
    {
        var repeated = new T[count];
        for (int i = 0; i < count; i += values.Length)
        {
            Array.Copy(values, 0, repeated, i, Math.Min(values.Length, count - i));
        }

        return repeated;
    }

    private static void CheckEmulated<TTile, TTableTile>(int[] lengths, int heads, int size)
        where TTile : struct, ITensorAttentionTile
        where TTableTile : struct, ITensorAttentionTile
    {
        CheckEmulated<TTile, TTableTile, AtOnce, BFloat16Format>(lengths, heads, size, isJoint: true);
        CheckEmulated<TTile, TTableTile, WhenWaitedFor, BFloat16Format>(lengths, heads, size, isJoint: false);
    }

    private static void CheckEmulated<TTile, TTableTile, TCopies, TFormat>(int[] lengths, int heads, int size, bool isJoint)
        where TTile : struct, ITensorAttentionTile
        where TTableTile : struct, ITensorAttentionTile
        where TCopies : struct, ICopyTime
        where TFormat : struct, IFloat16Format
    {
        using var context = Context.Create(builder => builder.CPU(new CPUDevice(32, TensorAttentionKernel.Threads / 32, 1)));
        using Accelerator accelerator = context.GetCPUDevice(0).CreateAccelerator(context);
        var launch = accelerator.LoadKernel<long, long, long, long, long, ArrayView<int>, AttentionArguments>(TensorAttentionKernel.Attend<TTile, EmulatedAttentionUnit<TCopies, TFormat>>);
        var launchTable = accelerator.LoadKernel<long, long, long, long, long, ArrayView<int>, AttentionArguments>(TensorAttentionKernel.Attend<TTableTile, EmulatedAttentionUnit<TCopies, TFormat>>);
        EmulatedAttentionUnit<TCopies, TFormat>.BankConflicts = 0;
        Check(accelerator, TFormat.Type, lengths, heads, size, isJoint, (q, k, v, bias, output, starts, sizes) =>
        {
            int queries = sizes.Bias == AttentionKernel.TableBias ? TensorAttentionKernel.Queries<TTableTile>() : TensorAttentionKernel.Queries<TTile>();
            sizes.Tiles = (lengths.Max() + queries - 1) / queries;
            var config = new KernelConfig(
                new Index3D(sizes.Tiles * lengths.Length, heads, 1), new Index3D(TensorAttentionKernel.Threads, 1, 1),
                SharedMemoryConfig.RequestDynamic<byte>(TensorAttentionKernel.SharedBytes));
            (sizes.Bias == AttentionKernel.TableBias ? launchTable : launch)(
                accelerator.DefaultStream, config, q, k, v, bias.LoadEffectiveAddressAsPtr(), output, starts, sizes);
        });
        Assert.Equal(0, EmulatedAttentionUnit<TCopies, TFormat>.BankConflicts);
    }

    /// <summary>Checks attention with every kind of bias. Numbers between the operands are NaN and must not be read.</summary>
    private static void Check(
        Accelerator accelerator, ElementType type, int[] lengths, int heads, int size, bool isJoint,
        Action<long, long, long, ArrayView<float>, long, ArrayView<int>, AttentionArguments> attend)
    {
        int rows = lengths.Sum(), hidden = heads * size, length = lengths[0], tableStride = (length + 5) / 4 * 4;
        int stride = isJoint ? 3 * hidden : hidden + 8, outputStride = hidden + 8;
        float[] q = Some(1), k = Some(2), v = Some(3);
        float[] table = Numbers(4, heads * length * length, 3f), slopes = [.. Numbers(5, heads).Select(MathF.Abs)];
        int[] starts = [0, .. lengths.Select((_, i) => lengths.Take(i + 1).Sum())];

        // Beside each other in one matrix, or each in its own; after the last row there are others.
        int size1 = (rows + 8) * stride;
        var numbers = new ushort[isJoint ? size1 : 3 * size1];
        Array.Fill(numbers, NotANumber);
        float[][] all = [q, k, v];
        for (int i = 0; i < 3 * rows * hidden; i++)
        {
            int which = i / (rows * hidden), at = i % (rows * hidden);
            numbers[which * (isJoint ? hidden : size1) + at / hidden * stride + at % hidden] = StoredNumbers.Round(all[which][at], type);
        }

        var paddedTable = new float[heads * length * tableStride];
        Array.Fill(paddedTable, float.NaN);
        for (int i = 0; i < table.Length; i++)
        {
            paddedTable[i / length * tableStride + i % length] = table[i];
        }

        var kinds = new (int Kind, float[] Bias, Func<int, int, int, double> Scalar)[]
        {
            (AttentionKernel.NoBias, [0f], (_, _, _) => 0),
            (AttentionKernel.SlopeBias, slopes, (h, i, j) => -slopes[h] * Math.Abs(i - j)),
            (AttentionKernel.TableBias, paddedTable, (h, i, j) => table[(h * length + i) * length + j]),
        };
        using MemoryBuffer1D<ushort, Stride1D.Dense> input = accelerator.Allocate1D(numbers), output = accelerator.Allocate1D<ushort>((long)rows * outputStride);
        using MemoryBuffer1D<int, Stride1D.Dense> bounds = accelerator.Allocate1D(starts);
        foreach ((int kind, float[] bias, Func<int, int, int, double> scalar) in kinds)
        {
            // A table is for sequences of one length.
            int count = kind == AttentionKernel.TableBias && lengths.Distinct().Count() > 1 ? 1 : lengths.Length;
            using MemoryBuffer1D<float, Stride1D.Dense> added = accelerator.Allocate1D(bias);
            using MemoryBuffer1D<int, Stride1D.Dense> some = accelerator.Allocate1D<int>([.. starts.Select(start => Math.Min(start, starts[count]))]);
            output.CopyFromCPU([.. Enumerable.Repeat(NotANumber, rows * outputStride)]);
            accelerator.Synchronize();
            long first = Address(input), distance = 2L * (isJoint ? hidden : size1);
            attend(first, first + distance, first + 2 * distance, added.View, Address(output), some.View, Sizes(size, kind, stride, outputStride, tableStride));
            accelerator.Synchronize();
            ushort[] result = output.GetAsArray1D();
            double[] expected = [.. Enumerable.Range(0, count).SelectMany(i => Reference.Attention(
                q[(starts[i] * hidden)..(starts[i + 1] * hidden)], k[(starts[i] * hidden)..(starts[i + 1] * hidden)], v[(starts[i] * hidden)..(starts[i + 1] * hidden)],
                lengths[i], heads, size, Scale(size), scalar))];
            double error = 0, norm = 0;
            for (int i = 0; i < result.Length; i++)
            {
                int row = i / outputStride, column = i % outputStride;
                if (row >= starts[count] || column >= hidden)
                {
                    Assert.True(result[i] == NotANumber, $"something was written to row {row}, column {column}");
                    continue;
                }

                float value = StoredNumbers.Widen(result[i], type);
                Assert.True(float.IsFinite(value), $"row {row}, column {column} is {value}");
                error += Math.Pow(value - expected[row * hidden + column], 2);
                norm += Math.Pow(expected[row * hidden + column], 2);
            }

            string name = $"{type}, bias {kind}, {heads} heads of {size}, sequences of {string.Join(", ", lengths)}: relative error {Math.Sqrt(error / norm):E2}";
            TestContext.Current.TestOutputHelper?.WriteLine(name);
            Assert.True(error <= Bound(type) * Bound(type) * norm, name);
        }

        float[] Some(int seed) => StoredNumbers.Some(seed, rows * hidden, type);
    }

    private static AttentionArguments Sizes(int size, int kind, int stride, int outputStride, int tableStride) => new()
    {
        HeadSize = size,
        Scale = (float)Scale(size),
        QueryStride = stride,
        KeyStride = stride,
        ValueStride = stride,
        OutputStride = outputStride,
        Bias = kind,
        BiasStride = tableStride,
    };

    private static double Scale(int size) => 1 / Math.Sqrt(size);

    private static long Address(MemoryBuffer1D<ushort, Stride1D.Dense> buffer) => buffer.View.BaseView.LoadEffectiveAddressAsPtr();
}
