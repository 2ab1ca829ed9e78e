using Data2Vec.Kernels;

namespace Data2Vec.Backend.Tests;

/// <summary>Every operation as its definition says it, in the order of <see cref="Inference"/>.</summary>
internal sealed unsafe class ScalarInference : Inference
{
    private const int LargestHead = 256;

    private readonly HostArena _memory = new();

    public override ElementType ActivationType => ElementType.F32;

    public override Tensor Allocate(int rows, int columns, ElementType type)
    {
        OperationShapes.RequireActivations(type, ActivationType);
        return new Tensor(_memory.Allocate((long)rows * columns * sizeof(float)), rows, columns, columns);
    }

    public override long Mark() => _memory.Mark();

    public override void Release(long mark) => _memory.Release(mark);

    public override Sequences Sequences(ReadOnlySpan<int> lengths)
    {
        int* starts = (int*)_memory.Allocate((lengths.Length + 1L) * sizeof(int));
        starts[0] = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            starts[i + 1] = checked(starts[i] + lengths[i]);
        }

        return new Sequences(starts, lengths.Length);
    }

    public override Sequences Sequences(Sequences inputs, Conv1dShape shape) =>
        Sequences(Enumerable.Range(0, inputs.Count).Select(i => shape.OutputLength(inputs.Length(i))).ToArray());

    public override void Upload(ReadOnlySpan<float> values, Tensor destination)
    {
        for (int i = 0; i < values.Length; i++)
        {
            At(destination, i / destination.Columns, i % destination.Columns) = values[i];
        }
    }

    public override void Download(Tensor tensor, Span<float> values)
    {
        for (int i = 0; i < tensor.Rows * tensor.Columns; i++)
        {
            values[i] = At(tensor, i / tensor.Columns, i % tensor.Columns);
        }
    }

    public override void Copy(Tensor source, Tensor destination)
    {
        OperationShapes.RequireSame(source, destination);
        ForEach(destination, (row, column) => At(source, row, column));
    }

    public override void Linear(Tensor x, LinearWeights weights, Tensor output, Activation activation, Tensor residual)
    {
        OperationShapes.RequireLinear(x, weights, output, residual);
        var layer = (ScalarLinear)weights;
        ForEach(output, (row, column) =>
        {
            double sum = layer.Bias[column];
            for (int i = 0; i < x.Columns; i++)
            {
                sum += (double)At(x, row, i) * layer.Weights[column * x.Columns + i];
            }

            return (residual.IsEmpty ? 0 : At(residual, row, column)) + layer.Scale[column] * Activate(sum, activation);
        });
    }

    public override void Conv1d(
        Tensor x, Sequences inputs, Conv1dWeights weights, NormWeights? norm, Activation activation, Tensor output, Sequences outputs)
    {
        Conv1dShape shape = weights.Shape;
        OperationShapes.RequireConv1d(x, inputs, shape, output, outputs);
        var convolution = (ScalarConv1d)weights;
        int channels = shape.InputChannels / shape.Groups, groupOutputs = shape.OutputChannels / shape.Groups;
        for (int sequence = 0; sequence < outputs.Count; sequence++)
        {
            Tensor source = x.SliceRows(inputs.Start(sequence), inputs.Length(sequence));
            ForEach(output.SliceRows(outputs.Start(sequence), outputs.Length(sequence)), (row, column) =>
            {
                double sum = convolution.Bias[column];
                for (int i = 0; i < channels * shape.Kernel; i++)
                {
                    int from = row * shape.Stride + i % shape.Kernel - shape.Padding;
                    double weight = convolution.Weights[column * channels * shape.Kernel + i];
                    sum += from >= 0 && from < source.Rows ? weight * At(source, from, column / groupOutputs * channels + i / shape.Kernel) : 0;
                }

                return norm is null ? Activate(sum, activation) : sum;
            });
        }

        if (norm is not null)
        {
            LayerNorm(output, norm, output, Tensor.None, activation);
        }
    }

    public override void Conv2d(Tensor x, int height, int width, Conv2dWeights weights, Activation activation, Tensor output)
    {
        Conv2dShape shape = weights.Shape;
        OperationShapes.RequireConv2d(x, height, width, shape, output);
        var convolution = (ScalarConv2d)weights;
        int lines = shape.OutputLength(height), pixels = shape.OutputLength(width), window = shape.Kernel * shape.Kernel;
        ForEach(output, (row, column) =>
        {
            double sum = convolution.Bias[column];
            for (int i = 0; i < shape.InputChannels * window; i++)
            {
                int line = row / pixels % lines * shape.Stride + i % window / shape.Kernel - shape.Padding;
                int pixel = row % pixels * shape.Stride + i % shape.Kernel - shape.Padding;
                double weight = convolution.Weights[column * shape.InputChannels * window + i];
                bool isInside = line >= 0 && line < height && pixel >= 0 && pixel < width;
                sum += isInside ? weight * At(x, (row / pixels / lines * height + line) * width + pixel, i / window) : 0;
            }

            return Activate(sum, activation);
        });
    }

    public override void MaxPool2d(Tensor x, int height, int width, int size, int stride, Tensor output)
    {
        OperationShapes.RequireMaxPool2d(x, height, width, size, stride, output);
        int lines = (height - size) / stride + 1, pixels = (width - size) / stride + 1;
        ForEach(output, (row, column) =>
        {
            int corner = (row / pixels / lines * height + row / pixels % lines * stride) * width + row % pixels * stride;
            return Enumerable.Range(0, size * size).Max(i => At(x, corner + i / size * width + i % size, column));
        });
    }

    public override void LayerNorm(Tensor x, NormWeights norm, Tensor output, Tensor residual, Activation activation)
    {
        OperationShapes.RequireNorm(x, norm, output, residual);
        var values = (ScalarNorm)norm;
        for (int row = 0; row < x.Rows; row++)
        {
            double[] sums = [.. Enumerable.Range(0, x.Columns).Select(i => (double)At(x, row, i) + (residual.IsEmpty ? 0 : At(residual, row, i)))];
            double mean = sums.Average(), scale = 1 / Math.Sqrt(sums.Average(sum => (sum - mean) * (sum - mean)) + norm.Epsilon);
            ForEach(output.SliceRows(row, 1), (_, column) => Activate((sums[column] - mean) * scale * values.Gain[column] + values.Bias[column], activation));
        }
    }

    public override void ChannelMoments(Tensor x, Sequences sequences, Tensor moments)
    {
        OperationShapes.RequireChannelMoments(x, sequences, moments);
        for (int sequence = 0; sequence < sequences.Count; sequence++)
        {
            Tensor rows = x.SliceRows(sequences.Start(sequence), sequences.Length(sequence));
            ForEach(moments.SliceRows(sequence, 1), (_, column) =>
            {
                double[] channel = [.. Enumerable.Range(0, rows.Rows).Select(row => (double)At(rows, row, column % x.Columns)).DefaultIfEmpty()];
                double mean = channel.Average();
                return column < x.Columns ? mean : channel.Average(value => (value - mean) * (value - mean));
            });
        }
    }

    public override void ChannelNorm(Tensor x, Sequences sequences, Tensor moments, NormWeights norm, Activation activation, Tensor output)
    {
        OperationShapes.RequireChannelNorm(x, sequences, moments, norm, output);
        var values = (ScalarNorm)norm;
        for (int i = 0; i < sequences.Count; i++)
        {
            int sequence = i;
            Tensor rows = x.SliceRows(sequences.Start(i), sequences.Length(i));
            ForEach(output.SliceRows(sequences.Start(i), sequences.Length(i)), (row, column) => Activate(
                (At(rows, row, column) - At(moments, sequence, column)) / Math.Sqrt(At(moments, sequence, x.Columns + column) + (double)norm.Epsilon)
                    * values.Gain[column] + values.Bias[column],
                activation));
        }
    }

    public override void Add(Tensor source, Tensor destination)
    {
        OperationShapes.RequireSame(source, destination);
        ForEach(destination, (row, column) => (double)At(destination, row, column) + At(source, row, column));
    }

    public override void Attention(
        Tensor query, Tensor key, Tensor value, Sequences sequences, int heads, float scale, AttentionBias bias, Tensor output)
    {
        OperationShapes.RequireAttention(query, key, value, sequences, heads, LargestHead, output);
        OperationShapes.RequireAttentionBias(query, heads, bias);
        int size = query.Columns / heads;
        for (int sequence = 0; sequence < sequences.Count; sequence++)
        {
            int start = sequences.Start(sequence), length = sequences.Length(sequence);
            for (int i = 0; i < heads * length; i++)
            {
                (int head, int row) = Math.DivRem(i, length);
                double[] scores = [.. Enumerable.Range(0, length).Select(j => Score(head, row, j))];
                double greatest = scores.Max(), total = scores.Sum(score => Math.Exp(score - greatest));
                ForEach(output.SliceRows(start + row, 1).SliceColumns(head * size, size), (_, column) =>
                    scores.Select((score, j) => Math.Exp(score - greatest) / total * At(value, start + j, head * size + column)).Sum());
            }

            double Score(int head, int row, int other)
            {
                double sum = 0;
                for (int c = head * size; c < (head + 1) * size; c++)
                {
                    sum += (double)At(query, start + row, c) * At(key, start + other, c);
                }

                return scale * sum
                    + (bias.Table.IsEmpty ? 0 : At(bias.Table, head * length + row, other))
                    - (bias.Slopes.IsEmpty ? 0 : At(bias.Slopes, 0, head) * Math.Abs(row - other))
                    + (bias.Distances.IsEmpty ? 0 : ByDistance(head, other - row) * (bias.Gates.IsEmpty ? 1 : At(bias.Gates, start + row, head)));
            }

            double ByDistance(int head, int distance)
            {
                int reach = bias.Distances.Columns / 2;
                return At(bias.Distances, head, reach + Math.Clamp(distance, -reach, reach));
            }
        }
    }

    public override void AttentionGates(Tensor x, Tensor weights, Tensor scales, Tensor output)
    {
        OperationShapes.RequireAttentionGates(x, weights, scales, output);
        int size = weights.Columns - 1;
        ForEach(output, (row, head) => Gate(row, head, 0) * (Gate(row, head, 1) * At(scales, 0, head) - 1) + 2);

        double Gate(int row, int head, int function) =>
            1 / (1 + Math.Exp(-At(weights, function, size) - Enumerable.Range(0, size).Sum(i => (double)At(x, row, head * size + i) * At(weights, function, i))));
    }

    public override void Embed(ReadOnlySpan<int> ids, EmbeddingWeights table, Tensor output, Tensor residual = default)
    {
        OperationShapes.RequireEmbedding(ids, table, output, residual);
        var vector = new float[table.Columns];
        for (int row = 0; row < ids.Length; row++)
        {
            ((ScalarEmbedding)table).Table.ReadRow(ids[row], vector);
            int from = row;
            ForEach(output.SliceRows(row, 1), (_, column) => vector[column] + (residual.IsEmpty ? 0 : At(residual, from, column)));
        }
    }

    public override Tensor MeanOfSequences(Tensor x, Sequences sequences, int skip)
    {
        Tensor means = Allocate(sequences.Count, x.Columns);
        ForEach(means, (sequence, column) =>
            Enumerable.Range(skip, sequences.Length(sequence) - skip).Average(row => (double)At(x, sequences.Start(sequence) + row, column)));
        return means;
    }

    protected override void Dispose(bool disposing) => _memory.Dispose();

    private static ref float At(Tensor x, int row, int column) => ref x.Row(row)[column];

    private static void ForEach(Tensor output, Func<int, int, double> element)
    {
        for (int row = 0; row < output.Rows; row++)
        {
            for (int column = 0; column < output.Columns; column++)
            {
                At(output, row, column) = (float)element(row, column);
            }
        }
    }

    private static double Activate(double x, Activation activation) => activation switch
    {
        Activation.Gelu => x * NormalDistribution(x),
        Activation.Relu => Math.Max(x, 0),
        _ => x,
    };

    /// <summary><c>Φ(x)</c> by the trapezoidal rule in 2,000 steps from 0.</summary>
    private static double NormalDistribution(double x)
    {
        const int Steps = 2000;
        double end = Math.Clamp(x, -8, 8), step = end / Steps, sum = (Density(0) + Density(end)) / 2;
        for (int i = 1; i < Steps; i++)
        {
            sum += Density(i * step);
        }

        return 0.5 + sum * step;

        static double Density(double z) => Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);
    }
}
