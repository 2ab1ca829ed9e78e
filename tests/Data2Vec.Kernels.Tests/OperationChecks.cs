using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <summary>
/// Checks each operation of any backend against plain loops in double precision, with activations in f32 or 16 bits. In 16 bits the inputs are
/// exact, and results are within one rounding.
/// </summary>
internal static partial class OperationChecks
{
    /// <summary>Linear layers.</summary>
    public static void Linear(Backend backend, IEnumerable<(int Rows, int Inputs, int Outputs)> sizes, ElementType activations = ElementType.F32)
    {
        using WeightStore store = backend.CreateStore();
        foreach ((int rows, int inputs, int outputs) in sizes)
        {
            float[] x = Rounded(activations, Numbers(1, rows * inputs)), w = Numbers(2, outputs * inputs, 1f / MathF.Sqrt(inputs)), b = Numbers(3, outputs);
            LinearWeights weights = store.Linear([(Weight(w, outputs, inputs), Weight(b, outputs))]);
            using Inference run = store.Begin();
            Tensor y = run.Linear(Put(run, x, rows, inputs, activations), weights);
            Close(Reference.Linear(x, rows, inputs, w, b, outputs), Download(run, y), 1e-5, y.Type);
        }
    }

    /// <summary>The epilogue of a product: bias, scale, activation, residual.</summary>
    public static void LinearWithAllThatFollows(Backend backend, int rows = 37, int inputs = 50, int outputs = 72, ElementType activations = ElementType.F32)
    {
        float[] x = Rounded(activations, Numbers(1, rows * inputs)), w = Numbers(2, outputs * inputs, 0.2f), b = Numbers(3, outputs), s = Numbers(4, outputs), add = Rounded(activations, Numbers(5, rows * outputs));
        using WeightStore store = backend.CreateStore();
        LinearWeights weights = store.Linear([(Weight(w, outputs, inputs), Weight(b, outputs))], Weight(s, outputs));
        using Inference run = store.Begin();
        Tensor residual = Put(run, add, rows, outputs, activations);
        Tensor y = run.Linear(Put(run, x, rows, inputs, activations), weights, Activation.Gelu, residual);
        double[] expected = Reference.Linear(x, rows, inputs, w, b, outputs);
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] = add[i] + s[i % outputs] * Reference.Gelu(expected[i]);
        }

        Close(expected, Download(run, y), 1e-5, y.Type);
    }

    /// <summary>Linear layers followed by a normalization, into a new tensor and into each tensor that it may replace.</summary>
    public static void LinearNorm(Backend backend, IEnumerable<(int Rows, int Inputs, int Outputs)> sizes, ElementType activations = ElementType.F32)
    {
        using WeightStore store = backend.CreateStore();
        foreach ((int rows, int inputs, int outputs) in sizes)
        {
            float[] x = Rounded(activations, Numbers(1, rows * inputs)), w = Numbers(2, outputs * inputs, 1f / MathF.Sqrt(inputs)), b = Numbers(3, outputs), s = Numbers(4, outputs);
            float[] add = Rounded(activations, Numbers(5, rows * outputs)), gain = Numbers(6, outputs), bias = Numbers(7, outputs);
            LinearWeights weights = store.Linear([(Weight(w, outputs, inputs), Weight(b, outputs))], Weight(s, outputs));
            NormWeights norm = store.Norm(Weight(gain, outputs), Weight(bias, outputs), outputs, 1e-5f);
            using Inference run = store.Begin();
            Tensor input = Put(run, x, rows, inputs, activations), residual = Put(run, add, rows, outputs, activations);
            double[] products = [.. Reference.Linear(x, rows, inputs, w, b, outputs).Select((value, i) => value * s[i % outputs])];
            Check(default, products);
            double[] sums = [.. products.Zip(add, (value, added) => value + added)];
            Check(residual, sums);

            Tensor output = run.Allocate(rows, outputs), normed = run.Allocate(rows, outputs);
            run.LinearNorm(input, weights, norm, output, normed, residual);
            run.LinearNorm(input, weights, norm, output, residual, residual);
            Assert.Equal(Download(run, normed), Download(run, residual));

            void Check(Tensor residual, double[] expected)
            {
                Tensor output = run.Allocate(rows, outputs), normed = run.Allocate(rows, outputs);
                run.LinearNorm(input, weights, norm, output, normed, residual);
                Close(expected, Download(run, output), 1e-5, output.Type);
                Close(Reference.LayerNorm(expected, outputs, gain, bias, 1e-5), Download(run, normed), activations == ElementType.F32 ? 1e-4 : activations == ElementType.F16 ? 4e-3 : 0.03, normed.Type);
                run.LinearNorm(input, weights, norm, output, output, residual);
                Assert.Equal(Download(run, normed), Download(run, output));
            }
        }
    }

    /// <summary>Linear layers and normalizations of mismatched shapes are refused.</summary>
    public static void RefusedLinearNorms(Backend backend)
    {
        using WeightStore store = backend.CreateStore();
        LinearWeights weights = store.Linear([(Weight(new float[12 * 12], 12, 12), null)]);
        NormWeights norm = store.Norm(null, null, 12, 1e-5f), other = store.Norm(null, null, 8, 1e-5f);
        using Inference run = store.Begin();
        Tensor x = run.Upload(new float[3 * 12], 3, 12), y = run.Allocate(3, 12), z = run.Allocate(3, 12);
        Assert.Throws<ArgumentException>(() => run.LinearNorm(x, weights, other, y, z));
        Assert.Throws<ArgumentException>(() => run.LinearNorm(x, weights, norm, y, z.SliceRows(0, 2)));
        Assert.Throws<ArgumentException>(() => run.LinearNorm(x, weights, norm, y, z.SliceColumns(0, 8)));
        Assert.Throws<ArgumentException>(() => run.LinearNorm(x.SliceRows(0, 2), weights, norm, y, z));
        Assert.Throws<ArgumentException>(() => run.LinearNorm(x, weights, norm, y, z, z.SliceRows(0, 2)));
        Assert.Throws<ArgumentException>(() => run.LinearNorm(x, weights, norm, x, z));
        Assert.Throws<ArgumentException>(() => run.LinearNorm(x, weights, norm, y, z, residual: y));
        run.LinearNorm(x, weights, norm, y, x);
        run.LinearNorm(x.SliceRows(0, 0), weights, norm, y.SliceRows(0, 0), z.SliceRows(0, 0));
    }

    /// <summary>Convolutions over several sequences.</summary>
    public static void Conv1d(Backend backend, int[] lengths, IEnumerable<Conv1dShape> shapes, ElementType activations = ElementType.F32)
    {
        using WeightStore store = backend.CreateStore();
        foreach (Conv1dShape shape in shapes)
        {
            int channels = shape.InputChannels / shape.Groups;
            float[] x = Rounded(activations, Numbers(1, lengths.Sum() * shape.InputChannels));
            float[] w = Numbers(2, shape.OutputChannels * channels * shape.Kernel, 1f / MathF.Sqrt(channels * shape.Kernel)), b = Numbers(3, shape.OutputChannels);
            Conv1dWeights weights = store.Conv1d(Weight(w, shape.OutputChannels, channels, shape.Kernel), Weight(b, shape.OutputChannels), shape);
            using Inference run = store.Begin();
            Sequences inputs = run.Sequences(lengths);
            Sequences outputs = run.Sequences(inputs, shape);
            Tensor y = run.Allocate(outputs.Rows, shape.OutputChannels);
            run.Conv1d(Put(run, x, inputs.Rows, shape.InputChannels, activations), inputs, weights, null, Activation.None, y, outputs);
            double[] expected = [.. Enumerable.Range(0, lengths.Length).SelectMany(i => Reference.Conv1d(
                x[(inputs.Start(i) * shape.InputChannels)..(inputs.Start(i + 1) * shape.InputChannels)], lengths[i], shape, w, b))];
            Close(expected, Download(run, y), 1e-5, y.Type);
        }
    }

    /// <summary>Convolutions over several images, with and without an activation.</summary>
    public static void Conv2d(Backend backend, IEnumerable<(int Images, int Height, int Width, Conv2dShape Shape)> sizes, ElementType activations = ElementType.F32)
    {
        using WeightStore store = backend.CreateStore();
        foreach ((int images, int height, int width, Conv2dShape shape) in sizes)
        {
            int taps = shape.Kernel * shape.Kernel, pixels = images * height * width;
            float[] x = Rounded(activations, Numbers(1, pixels * shape.InputChannels)), b = Numbers(3, shape.OutputChannels);
            float[] w = Numbers(2, shape.OutputChannels * shape.InputChannels * taps, 1f / MathF.Sqrt(shape.InputChannels * taps));
            Conv2dWeights weights = store.Conv2d(
                Weight(w, shape.OutputChannels, shape.InputChannels, shape.Kernel, shape.Kernel), Weight(b, shape.OutputChannels), shape);
            double[] expected = Reference.Conv2d(x, images, height, width, shape, w, b);
            using Inference run = store.Begin();
            Tensor y = run.Allocate(expected.Length / shape.OutputChannels, shape.OutputChannels);
            Tensor input = Put(run, x, pixels, shape.InputChannels, activations);
            run.Conv2d(input, height, width, weights, Activation.None, y);
            Close(expected, Download(run, y), 1e-5, y.Type);
            run.Conv2d(input, height, width, weights, Activation.Relu, y);
            Close([.. expected.Select(value => Math.Max(value, 0))], Download(run, y), 1e-5, y.Type);
        }
    }

    /// <summary>Maximum pooling, exactly.</summary>
    public static void MaxPool2d(Backend backend, IEnumerable<(int Images, int Height, int Width, int Channels, int Size, int Stride)> sizes, ElementType activations = ElementType.F32)
    {
        using WeightStore store = backend.CreateStore();
        foreach ((int images, int height, int width, int channels, int size, int stride) in sizes)
        {
            float[] x = Rounded(activations, Numbers(1, images * height * width * channels));
            double[] expected = Reference.MaxPool2d(x, images, height, width, channels, size, stride);
            using Inference run = store.Begin();
            Tensor y = run.Allocate(expected.Length / channels, channels);
            run.MaxPool2d(Put(run, x, images * height * width, channels, activations), height, width, size, stride, y);
            Close(expected, Download(run, y), 0);
        }
    }

    /// <summary>Images that do not match the rows, empty windows, and weights of other shapes are refused.</summary>
    public static void RefusedImages(Backend backend)
    {
        var shape = new Conv2dShape(2, 3, 3);
        using WeightStore store = backend.CreateStore();
        Conv2dWeights weights = store.Conv2d(Weight(new float[54], 3, 2, 3, 3), null, shape);
        Assert.Throws<InvalidDataException>(() => store.Conv2d(Weight(new float[54], 3, 2, 9), null, shape));
        Assert.Throws<InvalidDataException>(() => store.Conv2d(Weight(new float[54], 3, 2, 3, 3), null, shape with { InputChannels = 3 }));
        using Inference run = store.Begin();
        Tensor x = run.Upload(new float[2 * 20], 20, 2), three = run.Allocate(6, 3), two = run.Allocate(4, 2);
        Assert.Throws<ArgumentException>(() => run.Conv2d(x, 3, 5, weights, Activation.None, three));
        Assert.Throws<ArgumentException>(() => run.Conv2d(x, 0, 5, weights, Activation.None, three));
        Assert.Throws<ArgumentException>(() => run.Conv2d(x, 5, 4, weights, Activation.None, run.Allocate(7, 3)));
        Assert.Throws<ArgumentException>(() => run.MaxPool2d(x, 5, 4, 2, 0, two));
        Assert.Throws<ArgumentException>(() => run.MaxPool2d(x, 5, 4, 0, 2, two));
        run.Conv2d(x, 5, 4, weights, Activation.None, three);
        run.MaxPool2d(x, 5, 4, 2, 2, two);
    }

    /// <summary>Normalization, of a sum and before an activation.</summary>
    public static void Norm(Backend backend, int rows, IEnumerable<int> sizes, ElementType activations = ElementType.F32)
    {
        using WeightStore store = backend.CreateStore();
        foreach (int columns in sizes)
        {
            float[] x = Rounded(activations, Numbers(1, rows * columns)), add = Rounded(activations, Numbers(2, rows * columns)), gain = Numbers(3, columns), bias = Numbers(4, columns);
            NormWeights norm = store.Norm(Weight(gain, columns), Weight(bias, columns), columns, 1e-5f);
            using Inference run = store.Begin();
            Tensor sum = Put(run, x, rows, columns, activations);
            run.LayerNorm(sum, norm, sum, Put(run, add, rows, columns, activations));
            Close(Reference.LayerNorm([.. x.Zip(add, (a, b) => (double)(a + b))], columns, gain, bias, 1e-5), Download(run, sum), 1e-4, sum.Type);

            Tensor alone = Put(run, x, rows, columns, activations);
            run.LayerNorm(alone, norm, alone, default, Activation.Gelu);
            Close([.. Reference.LayerNorm([.. x.Select(a => (double)a)], columns, gain, bias, 1e-5).Select(Reference.Gelu)], Download(run, alone), 1e-4, alone.Type);
        }
    }

    /// <summary>Means of sequences, and vectors of a table.</summary>
    public static void MeansAndLookups(Backend backend, ElementType activations = ElementType.F32)
    {
        float[] table = Numbers(1, 10 * 37);
        using WeightStore store = backend.CreateStore();
        EmbeddingWeights weights = store.Embedding(Weight(table, 10, 37));
        using Inference run = store.Begin();
        Tensor x = run.Allocate(3, 37);
        run.Embed([4, 9, 0], weights, x);
        double[] expected = [.. new[] { 4, 9, 0 }.SelectMany(id => Enumerable.Range(0, 37).Select(i => (double)table[id * 37 + i]))];
        float[] rows = Download(run, x);
        Assert.Equal(activations, x.Type);
        Close(expected, rows, activations == ElementType.F32 ? 1e-6 : 0.02, activations);
        double[] sums = [.. new[] { 1, 1, 7 }.SelectMany((id, row) => Enumerable.Range(0, 37).Select(i => (double)table[id * 37 + i] + rows[row * 37 + i]))];
        Tensor sum = run.Allocate(3, 37), residual = run.Allocate(3, 37);
        run.Embed([1, 1, 7], weights, sum, residual: x);
        Close(sums, Download(run, sum), activations == ElementType.F32 ? 1e-6 : 0.02, activations);
        run.Copy(x, residual);
        run.Embed([1, 1, 7], weights, residual, residual: residual);
        Assert.Equal(Download(run, sum), Download(run, residual));
        Assert.Throws<ArgumentException>(() => run.Embed([1, 1, 7], weights, sum, residual: x.SliceRows(0, 2)));
        Tensor means = run.MeanOfSequences(x, run.Sequences([1, 2]));
        Close([.. rows[..37], .. Enumerable.Range(0, 37).Select(i => ((double)rows[37 + i] + rows[74 + i]) / 2)], Download(run, means), 1e-6);
        float[] many = Rounded(activations, Numbers(2, 119 * 37));
        Tensor tails = run.MeanOfSequences(Put(run, many, 119, 37, activations), run.Sequences([2, 76, 41]), 1);
        Close(
            [.. new[] { (1, 2), (3, 78), (79, 119) }.SelectMany(rows => Enumerable.Range(0, 37).Select(column =>
                Enumerable.Range(rows.Item1, rows.Item2 - rows.Item1).Average(row => (double)many[row * 37 + column])))],
            Download(run, tails), 1e-6);
        Assert.Throws<ArgumentOutOfRangeException>(() => run.Embed([10, 0, 0], weights, x));
        Assert.Throws<ArgumentOutOfRangeException>(() => run.Embed([-1, 0, 0], weights, x));
    }

    /// <summary>The exact GELU, to within a few roundings of its argument.</summary>
    public static void Gelu(Backend backend, int points)
    {
        float[] x = [.. Enumerable.Range(-points / 2, points).Select(i => i * (25.6f / points)), 1e-8f, -1e-8f, 40f, -40f, 1e30f, -1e30f, float.MinValue];
        using WeightStore store = backend.CreateStore();
        LinearWeights identity = store.Linear([(Weight([1f], 1, 1), Weight([0f], 1))]);
        using Inference run = store.Begin();
        float[] y = Download(run, run.Linear(run.Upload(x, x.Length, 1), identity, Activation.Gelu));
        for (int i = 0; i < x.Length; i++)
        {
            double expected = Reference.Gelu(x[i]);
            Assert.True(Math.Abs(y[i] - expected) <= 3e-7 * Math.Abs(x[i]), $"gelu({x[i]}) = {y[i]}, not {expected}");
        }
    }

    /// <summary>Products, convolutions and lookups with weights in a format that the device reads without further rounding.</summary>
    public static void Format(Backend backend, ElementType type, params IEnumerable<(int Rows, int Inputs, int Outputs)> others)
    {
        using WeightStore store = backend.CreateStore();
        foreach ((int rows, int inputs, int outputs) in others.Prepend((20, 40, 24)).Prepend((3, 9, 5)))
        {
            float[] x = Numbers(1, rows * inputs), b = Numbers(3, outputs), s = Numbers(4, 2 * outputs);
            WeightData first = Encode(Numbers(2, outputs * inputs, 0.2f), type, outputs, inputs), second = Encode(Numbers(5, outputs * inputs, 1e-5f), type, outputs, inputs);
            LinearWeights weights = store.Linear([(first, Weight(b, outputs)), (second, null)], Weight(s, 2 * outputs));
            using Inference run = store.Begin();
            double[] expected = Reference.Linear(x, rows, inputs, [.. first.ToArray(), .. second.ToArray()], [.. b, .. new float[outputs]], 2 * outputs);
            Close([.. expected.Select((value, i) => value * s[i % (2 * outputs)])], Download(run, run.Linear(run.Upload(x, rows, inputs), weights)), 1e-5);
        }

        var shape = new Conv1dShape(6, 10, 3, 2, 1, 2);
        {
            const int length = 12;
            float[] x = Numbers(1, length * 6), none = new float[10];
            WeightData weight = Encode(Numbers(2, 10 * 3 * 3, 0.3f), type, 10, 3, 3);
            Conv1dWeights weights = store.Conv1d(weight, null, shape);
            using Inference run = store.Begin();
            Sequences inputs = run.Sequences([length]), outputs = run.Sequences(inputs, shape);
            Tensor y = run.Allocate(outputs.Rows, 10);
            run.Conv1d(run.Upload(x, length, 6), inputs, weights, null, Activation.None, y, outputs);
            Close(Reference.Conv1d(x, length, shape, weight.ToArray(), none), Download(run, y), 1e-5);
        }

        foreach (Conv2dShape square in new[] { new Conv2dShape(6, 10, 3, 2, 1), new Conv2dShape(3, 20, 3, 1, 1), new Conv2dShape(4, 40, 1), new Conv2dShape(8, 5, 5) })
        {
            const int side = 5;
            float[] x = Numbers(1, 2 * side * side * square.InputChannels), none = new float[square.OutputChannels];
            int taps = square.Kernel * square.Kernel;
            float[] numbers = Numbers(2, square.OutputChannels * square.InputChannels * taps, 0.3f);
            WeightData weight = Encode(numbers, type, square.OutputChannels, square.InputChannels, square.Kernel, square.Kernel);
            using Inference run = store.Begin();
            int length = square.OutputLength(side);
            Tensor y = run.Allocate(2 * length * length, square.OutputChannels);
            run.Conv2d(run.Upload(x, 2 * side * side, square.InputChannels), side, side, store.Conv2d(weight, null, square), Activation.None, y);
            Close(Reference.Conv2d(x, 2, side, side, square, weight.ToArray(), none), Download(run, y), 1e-5);
        }

        WeightData table = Encode(Numbers(6, 8 * 22), type, 8, 22);
        float[] vectors = table.ToArray();
        using Inference lookup = store.Begin();
        Tensor found = lookup.Allocate(3, 22);
        lookup.Embed([7, 0, 3], store.Embedding(table), found);
        Close([.. new[] { 7, 0, 3 }.SelectMany(id => vectors[(id * 22)..((id + 1) * 22)].Select(value => (double)value))], Download(lookup, found), 1e-6);
    }

    /// <summary>Slices from the middle of a tensor are uploaded, downloaded and copied, and the elements beside them stay unchanged.</summary>
    public static void Slices(Backend backend, ElementType activations = ElementType.F32)
    {
        const int rows = 7, columns = 23;
        int first = activations == ElementType.F32 ? 5 : 8;
        using WeightStore store = backend.CreateStore();
        using Inference run = store.Begin();
        float[] all = Rounded(activations, Numbers(1, rows * columns)), some = Rounded(activations, Numbers(2, 3 * 6));
        Tensor x = Put(run, all, rows, columns, activations), part = x.SliceRows(2, 3).SliceColumns(first, 6), other = Put(run, some, 3, 6, activations);
        Close(Part(all), Download(run, part), 0);
        run.Copy(part, other);
        Close(Part(all), Download(run, other), 0, activations);
        run.Upload(some, part);
        double[] expected = [.. all.Select(value => (double)value)];
        for (int i = 0; i < some.Length; i++)
        {
            expected[(2 + i / 6) * columns + first + i % 6] = some[i];
        }

        Close(expected, Download(run, x), 0);
        Tensor constant = store.Constant(all, rows, columns);
        Close([.. all.Select(value => (double)value)], Download(run, constant), 0);
        run.Copy(constant.SliceRows(1, 1), x.SliceRows(0, 1));
        Close([.. all[columns..(2 * columns)].Select(value => (double)value)], Download(run, x.SliceRows(0, 1)), 0);

        double[] Part(float[] from) => [.. Enumerable.Range(0, 18).Select(i => (double)from[(2 + i / 6) * columns + first + i % 6])];
    }

    /// <summary>Weights in panels give the same bits as the same weights in rows.</summary>
    public static void Panels(Backend backend, ElementType type)
    {
        using WeightStore store = backend.CreateStore();
        const int rows = 20;
        foreach ((int inputs, int outputs) in new[] { (7, 3), (64, 32), (131, 80) })
        {
            WeightData weight = Encode(Numbers(2, outputs * inputs, 0.1f), type, outputs, inputs), panels = InPanels(weight, 1);
            Assert.Equal(weight.ToArray(), panels.ToArray());
            float[] x = Numbers(1, rows * inputs);
            using Inference run = store.Begin();
            Assert.Equal(
                Download(run, run.Linear(run.Upload(x, rows, inputs), store.Linear([(weight, null)]))),
                Download(run, run.Linear(run.Upload(x, rows, inputs), store.Linear([(panels, null)]))));
        }

        foreach (Conv1dShape shape in new[] { new Conv1dShape(3, 20, 3, 2), new Conv1dShape(16, 80, 3, 1, 1, 2) })
        {
            if (type == ElementType.I8)
            {
                continue; // A file has convolutions of i8 by rows.
            }

            int channels = shape.InputChannels / shape.Groups;
            WeightData weight = Encode(Numbers(2, shape.OutputChannels * channels * 3, 0.1f), type, shape.OutputChannels, channels, 3);
            WeightData panels = InPanels(weight, shape.Groups);
            Assert.Equal(weight.ToArray(), panels.ToArray());
            float[] x = Numbers(1, rows * shape.InputChannels);
            Assert.Equal(Convolve(weight), Convolve(panels));

            float[] Convolve(WeightData given)
            {
                using Inference run = store.Begin();
                Sequences inputs = run.Sequences([rows]), outputs = run.Sequences(inputs, shape);
                Tensor y = run.Allocate(outputs.Rows, shape.OutputChannels);
                run.Conv1d(run.Upload(x, rows, shape.InputChannels), inputs, store.Conv1d(given, null, shape), null, Activation.None, y, outputs);
                return Download(run, y);
            }
        }
    }

    /// <summary>Disposing an inference twice, or using it afterwards, does not affect later inferences.</summary>
    public static void Disposal(Backend backend)
    {
        using WeightStore store = backend.CreateStore();
        Inference first = store.Begin();
        first.Upload([1f, 2f], 1, 2);
        first.Dispose();
        using Inference second = store.Begin();
        Tensor x = second.Upload([3f, 4f], 1, 2);
        first.Dispose();
        Assert.Throws<ObjectDisposedException>(() => first.Allocate(1, 2));
        using Inference third = store.Begin();
        third.Upload([5f, 6f], 1, 2);
        Assert.Equal([3f, 4f], Download(second, x));
    }
}
