using System.Diagnostics;
using System.Runtime.InteropServices;
using Data2Vec.Bench;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Gpu;

namespace Data2Vec.GpuCheck;

/// <summary>Measures the operations and encoders of one device.</summary>
internal sealed unsafe class Measurements(GpuDevice device, GpuBackend backend)
{
    /// <summary>Sizes of a base model's products: queries, keys and values together, what follows attention, and the feed-forward block.</summary>
    private static readonly (int Inputs, int Outputs)[] s_products = [(768, 2304), (768, 768), (768, 3072), (3072, 768)];

    private static readonly ElementType[] s_types = [ElementType.F32, ElementType.BF16];

    private const double LeastSeconds = 0.5;

    /// <summary>What a vector may differ from the processor's, relative L2.</summary>
    private const double LargestError = 1e-5;

    /// <summary>The same of weights in bf16 against f32: a cosine of 0.9995.</summary>
    private const double LargestErrorOfBf16 = 0.0316;

    public IEnumerable<Measurement> Operations()
    {
        foreach (int rows in new[] { 128, 512, 4096, 16384 })
        {
            foreach ((int inputs, int outputs) in s_products)
            {
                yield return Product(rows, inputs, outputs, ElementType.F32);
                yield return Product(rows, inputs, outputs, ElementType.BF16);
            }
        }

        foreach ((int sequences, int length) in new[] { (1, 499), (32, 197), (256, 128), (8, 1500) })
        {
            foreach (ElementType type in s_types)
            {
                yield return Attention(sequences, length, type);
            }
        }

        foreach (ElementType type in s_types)
        {
            yield return Rows("copy", 32768, 2, type, (run, store, x, y) => run.Copy(x, y));
            yield return Rows("layer norm", 32768, 2, type, Norm(Activation.None));
            yield return Rows("layer norm", 128, 2, type, Norm(Activation.None));
            yield return Rows("layer norm + GELU", 32768, 2, type, Norm(Activation.Gelu));
            yield return Rows("add", 32768, 3, type, (run, store, x, y) => run.Add(y, x));
        }
    }

    public IEnumerable<Measurement> Encoders()
    {
        foreach ((Workload workload, ElementType type) in Workload.Batches.SelectMany(workload => s_types.Select(type => (workload, type))))
        {
            yield return Attempt("encoder", Named(workload.Name, type), measurement =>
            {
                using Data2VecModel model = Data2VecModel.Load(workload.ModelPath(type), new ModelOptions { Backend = backend });
                double seconds = Time(runs =>
                {
                    for (int i = 0; i < runs; i++)
                    {
                        workload.Run(model);
                    }
                });
                return Products(measurement, workload.Flops, seconds, type);
            });
        }
    }

    public IEnumerable<Measurement> Accuracy()
    {
        string[] names = ["audio 1 s", "audio 30 s", "text 1 x 16", "text 8 x 128", "vision 1"];
        foreach ((Workload workload, ElementType type) in Workload.All.Where(workload => names.Contains(workload.Name)).SelectMany(workload => s_types.Select(type => (workload, type))))
        {
            yield return Attempt("accuracy", Named(workload.Name, type), measurement =>
            {
                float[] expected = States(null, ElementType.F32), actual = States(backend, type);
                double error = Math.Sqrt(expected.Zip(actual, (a, b) => Math.Pow((double)a - b, 2)).Sum() / expected.Sum(a => (double)a * a));
                double largest = type == ElementType.F32 ? LargestError : LargestErrorOfBf16;
                return measurement with { Error = error, Failure = error <= largest ? null : $"the error is not within {largest}" };

                float[] States(Backend? on, ElementType type)
                {
                    using Data2VecModel model = Data2VecModel.Load(workload.ModelPath(type), new ModelOptions { Backend = on });
                    return workload.HiddenStates(model);
                }
            });
        }
    }

    private static Action<Inference, WeightStore, Tensor, Tensor> Norm(Activation activation)
    {
        NormWeights? norm = null;
        return (run, store, x, y) => run.LayerNorm(x, norm ??= store.Norm(null, null, x.Columns, 1e-5f), y, default, activation);
    }

    /// <summary>Measures something; what fails is a row of the report, and the next one is measured.</summary>
    private static Measurement Attempt(string group, string name, Func<Measurement, Measurement> measure)
    {
        var measurement = new Measurement(group, name, double.NaN);
        try
        {
            return measure(measurement);
        }
        catch (Exception error)
        {
            return measurement with { Failure = $"{error.GetType().Name}: {error.Message}" };
        }
    }

    private static string Named(string name, ElementType type) => type == ElementType.F32 ? name : $"{name}, bf16";

    /// <summary>The peak that is known is that of f32.</summary>
    private Measurement Products(Measurement measurement, double flops, double seconds, ElementType type = ElementType.F32) => measurement with
    {
        Milliseconds = 1e3 * seconds,
        Teraflops = flops / seconds / 1e12,
        ShareOfPeak = type == ElementType.F32 ? flops / seconds / device.PeakFlops : null,
    };

    private Measurement Product(int rows, int inputs, int outputs, ElementType type) => Attempt("product", Named($"{rows} x {inputs} x {outputs}", type), measurement =>
    {
        using WeightStore store = backend.CreateStore();
        LinearWeights weights = Weights(store, inputs, outputs, type);
        using Inference run = store.Begin();
        Tensor x = Activations(run, rows, inputs), y = run.Allocate(rows, outputs);
        return Products(measurement, 2.0 * rows * inputs * outputs, Time(run, y, () => run.Linear(x, weights, y)), type);
    });

    private Measurement Attention(int sequences, int length, ElementType type, int heads = 12, int size = 64) => Attempt("attention", Named($"{sequences} x {length}, {heads} heads of {size}", type), measurement =>
    {
        using WeightStore store = StoreWith(type);
        using Inference run = store.Begin();
        Sequences bounds = run.Sequences([.. Enumerable.Repeat(length, sequences)]);
        Tensor x = Activations(run, bounds.Rows, heads * size), y = run.Allocate(bounds.Rows, heads * size);
        return Products(measurement, 4.0 * bounds.Rows * length * heads * size, Time(run, y, () => run.Attention(x, x, x, bounds, heads, 0.125f, default, y)), type);
    });

    private Measurement Rows(string name, int rows, int passes, ElementType type, Action<Inference, WeightStore, Tensor, Tensor> operation, int columns = 768) => Attempt("memory", Named($"{name} {rows} x {columns}", type), measurement =>
    {
        using WeightStore store = StoreWith(type);
        using Inference run = store.Begin();
        Tensor x = Activations(run, rows, columns), y = Activations(run, rows, columns);
        double seconds = Time(run, y, () => operation(run, store, x, y));
        return measurement with { Milliseconds = 1e3 * seconds, Gigabytes = (double)passes * rows * columns * (x.Type == ElementType.BF16 ? 2 : 4) / seconds / 1e9 };
    });

    /// <summary>A store with a product of weights in a type, which decides what activations are in.</summary>
    private WeightStore StoreWith(ElementType type)
    {
        WeightStore store = backend.CreateStore();
        Weights(store, 8, 8, type);
        return store;
    }

    private static Tensor Activations(Inference run, int rows, int columns)
    {
        Tensor x = run.Allocate(rows, columns);
        run.Upload(Noise(rows * columns), x);
        return x;
    }

    private static LinearWeights Weights(WeightStore store, int inputs, int outputs, ElementType type)
    {
        float[] weight = Noise(inputs * outputs), bias = new float[outputs];
        if (type == ElementType.BF16)
        {
            // The upper halves, in place: noise need not be rounded well.
            Span<ushort> halves = MemoryMarshal.Cast<float, ushort>(weight.AsSpan());
            for (int i = 0; i < weight.Length; i++)
            {
                halves[i] = halves[2 * i + 1];
            }
        }

        fixed (float* data = weight, offsets = bias)
        {
            return store.Linear(
            [
                (new WeightData((nint)data, type, WeightLayout.Rows, [outputs, inputs]), new WeightData((nint)offsets, ElementType.F32, WeightLayout.Rows, [outputs])),
            ]);
        }
    }

    private static float[] Noise(int count)
    {
        var random = new Random(count);
        var numbers = new float[count];
        random.NextBytes(MemoryMarshal.AsBytes(numbers.AsSpan()));
        for (int i = 0; i < count; i++)
        {
            numbers[i] = (BitConverter.SingleToInt32Bits(numbers[i]) & 0xFFFF) / 65536f - 0.5f;
        }

        return numbers;
    }

    /// <summary>Seconds of an operation among many that are queued; waits by reading one number of the result.</summary>
    private static double Time(Inference run, Tensor result, Action operation)
    {
        var number = new float[1];
        return Time(runs =>
        {
            for (int i = 0; i < runs; i++)
            {
                operation();
            }

            run.Download(result.SliceRows(0, 1).SliceColumns(0, 1), number);
        });
    }

    /// <summary>Seconds of one run, after a first one, over as many as take half a second.</summary>
    private static double Time(Action<int> run)
    {
        run(1);
        for (int runs = 1; ; runs *= 2)
        {
            long start = Stopwatch.GetTimestamp();
            run(runs);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (seconds >= LeastSeconds || runs >= 1 << 16)
            {
                return seconds / runs;
            }
        }
    }
}
