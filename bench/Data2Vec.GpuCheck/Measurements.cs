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
            using Data2VecModel model = Data2VecModel.Load(workload.ModelPath(), new ModelOptions { Backend = backend });
            double seconds = Time(runs =>
            {
                for (int i = 0; i < runs; i++)
                {
                    workload.Run(model);
                }
            });
            yield return new Measurement("encoder", workload.Name, 1e3 * seconds, workload.Flops / seconds / 1e12, workload.Flops / seconds / device.PeakFlops);
        }
    }

    public IEnumerable<Measurement> Accuracy()
    {
        foreach (Workload workload in Workload.All.Where(workload => workload.Name is "audio 1 s" or "audio 30 s" or "text 1 x 16" or "text 8 x 128" or "vision 1"))
        {
            float[][] states = [.. new Backend?[] { null, backend }.Select(on =>
            {
                using Data2VecModel model = Data2VecModel.Load(workload.ModelPath(), new ModelOptions { Backend = on });
                return workload.HiddenStates(model);
            })];
            double error = Math.Sqrt(states[0].Zip(states[1], (a, b) => Math.Pow((double)a - b, 2)).Sum() / states[0].Sum(a => (double)a * a));
            yield return new Measurement("accuracy", workload.Name, double.NaN, Error: error);
        }
    }

    private static Action<Inference, WeightStore, Tensor, Tensor> Norm(Activation activation)
    {
        NormWeights? norm = null;
        return (run, store, x, y) => run.LayerNorm(x, norm ??= store.Norm(null, null, x.Columns, 1e-5f), y, default, activation);
    }

    private Measurement Product(int rows, int inputs, int outputs)
    {
        using WeightStore store = backend.CreateStore();
        LinearWeights weights = Weights(store, inputs, outputs);
        using Inference run = store.Begin();
        Tensor x = run.Upload(Noise(rows * inputs), rows, inputs), y = run.Allocate(rows, outputs);
        double seconds = Time(run, y, () => run.Linear(x, weights, y)), flops = 2.0 * rows * inputs * outputs;
        return new Measurement("product", $"{rows} x {inputs} x {outputs}", 1e3 * seconds, flops / seconds / 1e12, flops / seconds / device.PeakFlops);
    }

    private Measurement Attention(int sequences, int length)
    {
        const int heads = 12, size = 64;
        using WeightStore store = backend.CreateStore();
        using Inference run = store.Begin();
        Sequences bounds = run.Sequences([.. Enumerable.Repeat(length, sequences)]);
        Tensor x = run.Upload(Noise(bounds.Rows * heads * size), bounds.Rows, heads * size), y = run.Allocate(bounds.Rows, heads * size);
        double seconds = Time(run, y, () => run.Attention(x, x, x, bounds, heads, 0.125f, default, y)), flops = 4.0 * bounds.Rows * length * heads * size;
        return new Measurement("attention", $"{sequences} x {length}, {heads} heads of {size}", 1e3 * seconds, flops / seconds / 1e12, flops / seconds / device.PeakFlops);
    }

    private Measurement Rows(string name, int rows, int passes, Action<Inference, WeightStore, Tensor, Tensor> operation)
    {
        const int columns = 768;
        using WeightStore store = backend.CreateStore();
        using Inference run = store.Begin();
        Tensor x = run.Upload(Noise(rows * columns), rows, columns), y = run.Upload(Noise(rows * columns), rows, columns);
        double seconds = Time(run, y, () => operation(run, store, x, y));
        return new Measurement("memory", $"{name} {rows} x {columns}", 1e3 * seconds, Gigabytes: (double)passes * rows * columns * sizeof(float) / seconds / 1e9);
    }

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
