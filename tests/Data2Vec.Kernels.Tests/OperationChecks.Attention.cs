using static Data2Vec.Kernels.Tests.TestData;

namespace Data2Vec.Kernels.Tests;

/// <content>Attention and its gates.</content>
internal static partial class OperationChecks
{
    /// <summary>Attention within two sequences, with every kind of bias, in a model with weights of a number format.</summary>
    public static void Attention(
        Backend backend, IEnumerable<(int Length, int Heads, int Size)> sizes, ElementType type = ElementType.F32, double tolerance = 1e-5,
        ElementType activations = ElementType.F32)
    {
        foreach ((int length, int heads, int size) in sizes)
        {
            int columns = heads * size;
            int[] lengths = [length, length];
            float[][] numbers = [.. Enumerable.Range(1, 3).Select(seed => Rounded(activations, Numbers(seed, 2 * length * columns)))];
            float[] q = numbers[0], k = numbers[1], v = numbers[2];
            float[] table = Numbers(4, heads * length * length), slopes = [.. Numbers(5, heads).Select(MathF.Abs)];
            double scale = 1 / Math.Sqrt(size);
            using WeightStore store = backend.CreateStore();
            if (type != ElementType.F32)
            {
                store.Linear([(Encode(Numbers(6, 32 * 64), type, 32, 64), null)]);
            }

            using Inference run = store.Begin();
            Sequences sequences = run.Sequences(lengths);
            Tensor[] inputs = [.. numbers.Select(values => Put(run, values, 2 * length, columns, activations))];
            var kinds = new (AttentionBias Bias, Func<int, int, int, double> Scalar)[]
            {
                (default, (_, _, _) => 0),
                (new AttentionBias(Table: run.Upload(table, heads * length, length)), (h, i, j) => table[(h * length + i) * length + j]),
                (new AttentionBias(Slopes: run.Upload(slopes, 1, heads)), (h, i, j) => -slopes[h] * Math.Abs(i - j)),
                ByDistance(length / 3, false), ByDistance(length / 3, true), ByDistance(length + 2, true),
            };
            foreach ((AttentionBias bias, Func<int, int, int, double> scalar) in kinds)
            {
                Tensor y = run.Allocate(2 * length, columns);
                run.Attention(inputs[0], inputs[1], inputs[2], sequences, heads, (float)scale, bias, y);
                int half = length * columns;
                double[] expected =
                [
                    .. Reference.Attention(q[..half], k[..half], v[..half], length, heads, size, scale, scalar),
                    .. Reference.Attention(q[half..], k[half..], v[half..], length, heads, size, scale, scalar),
                ];
                Close(expected, Download(run, y), tolerance, y.Type);
            }

            // Gates are those of the first sequence in both.
            (AttentionBias, Func<int, int, int, double>) ByDistance(int reach, bool hasGates)
            {
                int distances = 2 * reach + 1;
                float[] byDistance = Numbers(7, heads * distances), gates = Numbers(8, length * heads);
                return (
                    new AttentionBias(
                        Distances: run.Upload(byDistance, heads, distances), Gates: hasGates ? run.Upload([.. gates, .. gates], 2 * length, heads) : Tensor.None),
                    (h, i, j) => (hasGates ? gates[i * heads + h] : 1) * (double)byDistance[h * distances + reach + Math.Clamp(j - i, -reach, reach)]);
            }
        }
    }

    /// <summary>The gates of a bias by distance, also of large numbers.</summary>
    public static void AttentionGates(Backend backend, IEnumerable<(int Rows, int Heads, int Size)> sizes, ElementType activations = ElementType.F32)
    {
        foreach ((int rows, int heads, int size) in sizes)
        {
            float[] x = Rounded(activations, Numbers(1, rows * heads * size)), weights = Numbers(2, 2 * (size + 1)), scales = Numbers(3, heads, 4f);
            x[0] *= 256f;
            using WeightStore store = backend.CreateStore();
            Tensor w = store.Constant(weights, 2, size + 1), s = store.Constant(scales, 1, heads);
            using Inference run = store.Begin();
            Tensor gates = run.Allocate(rows, heads, ElementType.F32), input = Put(run, x, rows, heads * size, activations);
            run.AttentionGates(input, w, s, gates);
            Close(Reference.AttentionGates(x, rows, weights, scales), Download(run, gates), 1e-5);
            Assert.Throws<ArgumentException>(() => run.AttentionGates(input, w, s, run.Allocate(rows + 1, heads, ElementType.F32)));
            Assert.Throws<ArgumentException>(() => run.AttentionGates(input, s, s, gates));
        }
    }

    /// <summary>A bias of another shape than the operands need.</summary>
    public static void RefusedBiases(Backend backend)
    {
        const int rows = 3, heads = 2;
        using WeightStore store = backend.CreateStore();
        using Inference run = store.Begin();
        Tensor x = run.Allocate(rows, 8 * heads), distances = Filled(heads, 5), gates = Filled(rows, heads);
        AttentionBias[] wrong =
        [
            new(Distances: Filled(heads, 4)), new(Distances: Filled(heads + 1, 5)), new(Gates: gates), new(Distances: distances, Gates: Filled(rows - 1, heads)),
            new(Distances: distances, Gates: Filled(rows, 1)), new(Distances: distances, Slopes: Filled(1, heads)), new(Table: Filled(heads * rows, rows), Slopes: Filled(1, heads)),
        ];
        foreach (AttentionBias bias in wrong)
        {
            Assert.Throws<ArgumentException>(() => run.Attention(x, x, x, run.Sequences([rows]), heads, 1f, bias, run.Allocate(rows, 8 * heads)));
        }

        Tensor Filled(int rows, int columns) => run.Upload(new float[rows * columns], rows, columns);
    }
}
