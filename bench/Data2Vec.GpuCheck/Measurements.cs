using System.Diagnostics;
using System.Runtime.InteropServices;
using Data2Vec.Bench;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Gpu;

namespace Data2Vec.GpuCheck;

/// <summary>Measures the operations and encoders of one device.</summary>
internal sealed unsafe class Measurements(GpuDevice device, GpuBackend backend)
{
    /// <summary>Products of a base model: queries, keys and values together, attention output, feed-forward block.</summary>
    private static readonly (int Inputs, int Outputs)[] s_products = [(768, 2304), (768, 768), (768, 3072), (3072, 768)];

    /// <summary>Samples of each measurement; the median is reported.</summary>
    private const int Samples = 5;

    private const double LeastSeconds = 0.02;

    /// <summary>Largest relative L2 distance from the CPU's results.</summary>
    private const double LargestError = 1e-5;

    /// <summary>Sequences and their lengths: batches of images and of 10 s and 30 s of speech, and a single recording.</summary>
    private static readonly (int Sequences, int Length)[] s_attention = [(1, 499), (32, 197), (32, 500), (8, 1500), (32, 1500)];

    private readonly Dictionary<string, (float[] States, float[][] Vectors)> _expected = [];

    public IEnumerable<Measurement> Products(ElementType type)
    {
        foreach (int rows in new[] { 128, 8192 })
        {
            foreach ((int inputs, int outputs) in s_products)
            {
                yield return Product(rows, inputs, outputs, type);
            }
        }
    }

    public IEnumerable<Measurement> Operations(ElementType type)
    {
        foreach (Measurement product in Products(type))
        {
            yield return product;
        }

        foreach (int rows in new[] { 1, 128 })
        {
            foreach (int inputs in new[] { 768, 3072 })
            {
                yield return NormedProduct(rows, inputs, 768, type, together: true);
                yield return NormedProduct(rows, inputs, 768, type, together: false);
            }
        }

        using (WeightStore store = Store(type))
        using (Inference run = store.Begin())
        {
            if (run.ActivationType != type)
            {
                // This device has only 16-bit weights.
                yield break;
            }
        }

        foreach ((int sequences, int length) in s_attention)
        {
            yield return Attention(sequences, length, type);
        }

        yield return Rows("copy", 32768, 2, type, (run, store, x, y) => run.Copy(x, y));
        yield return Rows("layer norm", 32768, 2, type, Norm(Activation.None));
        yield return Rows("layer norm", 128, 2, type, Norm(Activation.None));
        yield return Rows("layer norm + GELU", 32768, 2, type, Norm(Activation.Gelu));
    }

    /// <summary><see cref="Encoders"/> with CUDA graphs.</summary>
    public IEnumerable<Measurement> EncodersAsGraphs(ElementType type, params string[] workloads) =>
        While(used => backend.UsesGraphs = used, Encoders(type, workloads)).Select(row => row with { Name = $"{row.Name}, as a graph" });

    /// <summary>f32 models with products in tf32.</summary>
    public IEnumerable<Measurement> AsTf32(params string[] workloads) => While(
        used => backend.UsesTf32 = used, Products(ElementType.F32).Concat(Encoders(ElementType.F32, workloads)).Concat(Accuracy(ElementType.F32, workloads)));

    /// <summary>Whole encoders, including transfers.</summary>
    public IEnumerable<Measurement> Encoders(ElementType type, params string[] workloads)
    {
        foreach (Workload workload in Find(workloads))
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
                return WithRate(measurement, workload.Flops, seconds, type);
            });
        }
    }

    /// <summary>Compares short inputs, and the first input of batches, with the CPU.</summary>
    public IEnumerable<Measurement> Accuracy(ElementType type, params string[] many)
    {
        foreach (Workload workload in Workload.All.Where(workload => workload.Name is "audio 1 s" or "text 1 x 128" or "vision 1"))
        {
            yield return Attempt("accuracy", Named(workload.Name, type), measurement =>
            {
                (float[] expected, float[][] vectors) = Expected(workload);
                (float[] actual, float[][] actualVectors) = Results(workload, type, backend);
                double error = Math.Sqrt(expected.Zip(actual, (a, b) => Math.Pow((double)a - b, 2)).Sum() / expected.Sum(a => (double)a * a));
                measurement = Judge(measurement, type, vectors.Zip(actualVectors, Cosine).Min()) with { Error = error };
                return type == ElementType.F32 && !backend.UsesTf32 && error > LargestError
                    ? measurement with { Failure = $"the error is not within {LargestError}" }
                    : measurement;
            });
        }

        foreach (Workload workload in Find(many))
        {
            yield return Attempt("accuracy", Named(workload.Name, type), measurement =>
            {
                (_, float[][] vectors) = Expected(Workload.Batches.First(alone => alone.Model == workload.Model));
                using Data2VecModel model = Data2VecModel.Load(workload.ModelPath(type), new ModelOptions { Backend = backend });
                return Judge(measurement, type, Cosine(vectors[0], workload.Run(model)[0]));
            });
        }
    }

    /// <summary>The CPU's results in f32, computed once for all types.</summary>
    private (float[] States, float[][] Vectors) Expected(Workload workload) =>
        _expected.TryGetValue(workload.Name, out var expected) ? expected : _expected[workload.Name] = Results(workload, ElementType.F32, null);

    private static (float[] States, float[][] Vectors) Results(Workload workload, ElementType type, Backend? on)
    {
        using Data2VecModel model = Data2VecModel.Load(workload.ModelPath(type), new ModelOptions { Backend = on });
        return (workload.HiddenStates(model), workload.Run(model));
    }

    private static Measurement Judge(Measurement measurement, ElementType type, double cosine)
    {
        double least = Bounds.LeastCosine(type);
        return measurement with { Cosine = cosine, LeastCosine = least, Failure = cosine >= least ? null : $"the cosine is less than {least}" };
    }

    /// <summary>Measures while an option is on.</summary>
    private static IEnumerable<Measurement> While(Action<bool> use, IEnumerable<Measurement> rows)
    {
        use(true);
        try
        {
            foreach (Measurement row in rows)
            {
                yield return row;
            }
        }
        finally
        {
            use(false);
        }
    }

    private static IEnumerable<Workload> Find(string[] workloads) => workloads.Select(name => Workload.Batches.Single(workload => workload.Name == name));

    private static double Cosine(float[] x, float[] y) =>
        x.Zip(y, (a, b) => (double)a * b).Sum() / Math.Sqrt(x.Sum(a => (double)a * a) * y.Sum(b => (double)b * b));

    private static Action<Inference, WeightStore, Tensor, Tensor> Norm(Activation activation)
    {
        NormWeights? norm = null;
        return (run, store, x, y) => run.LayerNorm(x, norm ??= store.Norm(null, null, x.Columns, 1e-5f), y, default, activation);
    }

    /// <summary>Measures; a failure becomes a row of the report.</summary>
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

    private string Named(string name, ElementType type) => type switch
    {
        ElementType.F32 => backend.UsesTf32 ? $"{name}, tf32" : name,
        ElementType.F16 => $"{name}, f16",
        _ => $"{name}, bf16",
    };

    /// <summary>Adds rates. Only the f32 peak is known.</summary>
    private Measurement WithRate(Measurement measurement, double flops, double seconds, ElementType type = ElementType.F32) => measurement with
    {
        Milliseconds = 1e3 * seconds,
        Teraflops = flops / seconds / 1e12,
        ShareOfPeak = type == ElementType.F32 && !backend.UsesTf32 ? flops / seconds / device.PeakFlops : null,
    };

    private Measurement Product(int rows, int inputs, int outputs, ElementType type) => Attempt("product", Named($"{rows} x {inputs} x {outputs}", type), measurement =>
    {
        using WeightStore store = backend.CreateStore();
        LinearWeights weights = Weights(store, inputs, outputs, type);
        store.Complete();
        using Inference run = store.Begin();
        Tensor x = run.Allocate(rows, inputs), y = run.Allocate(rows, outputs);
        run.Upload(Noise(rows * inputs), x);
        return WithRate(measurement, 2.0 * rows * inputs * outputs, Time(run, y, () => run.Linear(x, weights, y)), type);
    });

    /// <summary>A product and its normalization, as one operation or as two.</summary>
    private Measurement NormedProduct(int rows, int inputs, int outputs, ElementType type, bool together) => Attempt("product", Named($"{rows} x {inputs} x {outputs}, {(together ? "fused" : "separate")} norm", type), measurement =>
    {
        using WeightStore store = backend.CreateStore();
        LinearWeights weights = Weights(store, inputs, outputs, type);
        NormWeights norm = store.Norm(null, null, outputs, 1e-5f);
        store.Complete();
        using Inference run = store.Begin();
        Tensor x = run.Allocate(rows, inputs), residual = run.Allocate(rows, outputs), y = run.Allocate(rows, outputs);
        run.Upload(Noise(rows * inputs), x);
        run.Upload(Noise(rows * outputs), residual);
        return WithRate(measurement, 2.0 * rows * inputs * outputs, Time(run, y, together ? () => run.LinearNorm(x, weights, norm, y, y, residual) : Apart), type);

        void Apart()
        {
            run.Linear(x, weights, y, residual: residual);
            run.LayerNorm(y, norm, y);
        }
    });

    private Measurement Attention(int sequences, int length, ElementType type, int heads = 12, int size = 64) => Attempt("attention", Named($"{sequences} x {length}, {heads} heads of {size}", type), measurement =>
    {
        using WeightStore store = Store(type);
        using Inference run = store.Begin();
        Sequences bounds = run.Sequences([.. Enumerable.Repeat(length, sequences)]);
        int hidden = heads * size;
        Tensor joint = run.Allocate(bounds.Rows, 3 * hidden), y = run.Allocate(bounds.Rows, hidden);
        run.Upload(Noise(bounds.Rows * 3 * hidden), joint);
        Tensor query = joint.SliceColumns(0, hidden), key = joint.SliceColumns(hidden, hidden), value = joint.SliceColumns(2 * hidden, hidden);
        double seconds = Time(run, y, () => run.Attention(query, key, value, bounds, heads, 0.125f, default, y));
        return WithRate(measurement, 4.0 * bounds.Rows * length * hidden, seconds, type);
    });

    private Measurement Rows(string name, int rows, int passes, ElementType type, Action<Inference, WeightStore, Tensor, Tensor> operation, int columns = 768) => Attempt("memory", Named($"{name} {rows} x {columns}", type), measurement =>
    {
        using WeightStore store = Store(type);
        using Inference run = store.Begin();
        Tensor x = run.Allocate(rows, columns), y = run.Allocate(rows, columns);
        run.Upload(Noise(rows * columns), x);
        run.Upload(Noise(rows * columns), y);
        double seconds = Time(run, y, () => operation(run, store, x, y));
        int bytes = type == ElementType.F32 ? 4 : 2;
        return measurement with { Milliseconds = 1e3 * seconds, Gigabytes = (double)passes * rows * columns * bytes / seconds / 1e9 };
    });

    /// <summary>A store whose only product makes activations of a type.</summary>
    private WeightStore Store(ElementType type)
    {
        WeightStore store = backend.CreateStore();
        Weights(store, 64, 64, type);
        store.Complete();
        return store;
    }

    private static LinearWeights Weights(WeightStore store, int inputs, int outputs, ElementType type)
    {
        float[] weight = Noise(inputs * outputs), bias = new float[outputs];
        if (type != ElementType.F32)
        {
            // In place. bf16 takes the upper halves, without rounding.
            Span<ushort> halves = MemoryMarshal.Cast<float, ushort>(weight.AsSpan());
            for (int i = 0; i < weight.Length; i++)
            {
                halves[i] = type == ElementType.F16 ? BitConverter.HalfToUInt16Bits((Half)weight[i]) : halves[2 * i + 1];
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

    /// <summary>Seconds of an operation among many queued ones; waits by reading one number of the result.</summary>
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

    /// <summary>Seconds of one run: the median of samples that are long enough to measure.</summary>
    private static double Time(Action<int> run)
    {
        run(1);
        int runs = 1;
        while (Seconds(run, runs) < LeastSeconds && runs < 1 << 16)
        {
            runs *= 2;
        }

        double[] samples = [.. Enumerable.Range(0, Samples).Select(_ => Seconds(run, runs))];
        Array.Sort(samples);
        return samples[Samples / 2] / runs;
    }

    private static double Seconds(Action<int> run, int runs)
    {
        long start = Stopwatch.GetTimestamp();
        run(runs);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
