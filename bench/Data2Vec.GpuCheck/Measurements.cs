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

    private const double LeastSeconds = 0.5;

    /// <summary>What a vector may differ from the processor's, relative L2.</summary>
    private const double LargestError = 1e-5;

    public IEnumerable<Measurement> Operations()
    {
        foreach (int rows in new[] { 128, 512, 4096, 16384 })
        {
            foreach ((int inputs, int outputs) in s_products)
            {
                yield return Product(rows, inputs, outputs);
            }
        }

        foreach ((int sequences, int length) in new[] { (1, 499), (32, 197), (256, 128), (8, 1500) })
        {
            yield return Attention(sequences, length);
        }

        yield return Rows("copy", 32768, 2, (run, store, x, y) => run.Copy(x, y));
        yield return Rows("layer norm", 32768, 2, Norm(Activation.None));
        yield return Rows("layer norm + GELU", 32768, 2, Norm(Activation.Gelu));
        yield return Rows("add", 32768, 3, (run, store, x, y) => run.Add(y, x));
    }

    public IEnumerable<Measurement> Encoders()
    {
        foreach (Workload workload in Workload.Batches)
        {
            yield return Attempt("encoder", workload.Name, measurement =>
            {
                using Data2VecModel model = Data2VecModel.Load(workload.ModelPath(), new ModelOptions { Backend = backend });
                double seconds = Time(runs =>
                {
                    for (int i = 0; i < runs; i++)
                    {
                        workload.Run(model);
                    }
                });
                return Products(measurement, workload.Flops, seconds);
            });
        }
    }

    public IEnumerable<Measurement> Accuracy()
    {
        foreach (Workload workload in Workload.All.Where(workload => workload.Name is "audio 1 s" or "audio 30 s" or "text 1 x 16" or "text 8 x 128" or "vision 1"))
        {
            yield return Attempt("accuracy", workload.Name, measurement =>
            {
                float[][] states = [.. new Backend?[] { null, backend }.Select(on =>
                {
                    using Data2VecModel model = Data2VecModel.Load(workload.ModelPath(), new ModelOptions { Backend = on });
                    return workload.HiddenStates(model);
                })];
                double error = Math.Sqrt(states[0].Zip(states[1], (a, b) => Math.Pow((double)a - b, 2)).Sum() / states[0].Sum(a => (double)a * a));
                return measurement with { Error = error, Failure = error <= LargestError ? null : $"the error is not within {LargestError}" };
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

    private Measurement Products(Measurement measurement, double flops, double seconds) => measurement with
    {
        Milliseconds = 1e3 * seconds,
        Teraflops = flops / seconds / 1e12,
        ShareOfPeak = flops / seconds / device.PeakFlops,
    };

    private Measurement Product(int rows, int inputs, int outputs) => Attempt("product", $"{rows} x {inputs} x {outputs}", measurement =>
    {
        using WeightStore store = backend.CreateStore();
        LinearWeights weights = Weights(store, inputs, outputs);
        using Inference run = store.Begin();
        Tensor x = run.Upload(Noise(rows * inputs), rows, inputs), y = run.Allocate(rows, outputs);
        return Products(measurement, 2.0 * rows * inputs * outputs, Time(run, y, () => run.Linear(x, weights, y)));
    });

    private Measurement Attention(int sequences, int length, int heads = 12, int size = 64) => Attempt("attention", $"{sequences} x {length}, {heads} heads of {size}", measurement =>
    {
        using WeightStore store = backend.CreateStore();
        using Inference run = store.Begin();
        Sequences bounds = run.Sequences([.. Enumerable.Repeat(length, sequences)]);
        Tensor x = run.Upload(Noise(bounds.Rows * heads * size), bounds.Rows, heads * size), y = run.Allocate(bounds.Rows, heads * size);
        return Products(measurement, 4.0 * bounds.Rows * length * heads * size, Time(run, y, () => run.Attention(x, x, x, bounds, heads, 0.125f, default, y)));
    });

    private Measurement Rows(string name, int rows, int passes, Action<Inference, WeightStore, Tensor, Tensor> operation, int columns = 768) => Attempt("memory", $"{name} {rows} x {columns}", measurement =>
    {
        using WeightStore store = backend.CreateStore();
        using Inference run = store.Begin();
        Tensor x = run.Upload(Noise(rows * columns), rows, columns), y = run.Upload(Noise(rows * columns), rows, columns);
        double seconds = Time(run, y, () => operation(run, store, x, y));
        return measurement with { Milliseconds = 1e3 * seconds, Gigabytes = (double)passes * rows * columns * sizeof(float) / seconds / 1e9 };
    });

    private static LinearWeights Weights(WeightStore store, int inputs, int outputs)
    {
        float[] weight = Noise(inputs * outputs), bias = new float[outputs];
        fixed (float* data = weight, offsets = bias)
        {
            return store.Linear(
            [
                (new WeightData((nint)data, ElementType.F32, WeightLayout.Rows, [outputs, inputs]), new WeightData((nint)offsets, ElementType.F32, WeightLayout.Rows, [outputs])),
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
