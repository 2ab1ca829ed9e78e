using Data2Vec.Training.Threading;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Data2Vec.Training.Probing;

/// <summary>
/// The mean cross-entropy of classes plus <c>penalty / 2</c> times the squared weights. Biases are not penalized. scikit-learn's
/// <c>LogisticRegression</c> has the same minimum with <c>C = 1 / (penalty * vectors)</c>.
/// </summary>
internal sealed unsafe class SoftmaxObjective : IDisposable
{
    private const int BlockVectors = 64;

    private readonly VectorProducts _products;
    private readonly int[] _labels;
    private readonly int _features, _classes, _threads;
    private readonly float[] _weights;
    private readonly double[] _losses;
    private double[] _biases = [], _biasGradient = [];
    private bool _hasGradient;

    /// <param name="values">Standardized vectors, row after row.</param>
    /// <param name="features">The length of a vector.</param>
    /// <param name="labels">The class of each vector.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="withGradients">Whether gradients will be asked for.</param>
    /// <param name="threads">The number of threads.</param>
    public SoftmaxObjective(float[] values, int features, int[] labels, int classes, bool withGradients, int threads)
    {
        (_labels, _features, _classes, _threads) = (labels, features, classes, threads);
        _products = new VectorProducts(values, features, withGradients, threads);
        _weights = new float[checked(classes * features)];
        _losses = new double[labels.Length];
    }

    /// <summary>The number of parameters: weights <c>[classes, features]</c>, then biases.</summary>
    public int Parameters => _weights.Length + _classes;

    /// <summary>The penalty of the squared weights.</summary>
    public double Penalty { get; set; }

    /// <summary>Computes the value and its gradient; without the penalty if there is no gradient.</summary>
    public double Evaluate(ReadOnlySpan<double> point, Span<double> gradient)
    {
        for (int i = 0; i < _weights.Length; i++)
        {
            _weights[i] = (float)point[i];
        }

        _biases = point[_weights.Length..].ToArray();
        _biasGradient = new double[_classes];
        _hasGradient = !gradient.IsEmpty;
        gradient.Clear();
        _products.Run(_weights, Visit, _hasGradient ? gradient[.._weights.Length] : default);
        double mean = 0;
        foreach (double loss in _losses)
        {
            mean += loss / _losses.Length;
        }

        if (!_hasGradient)
        {
            return mean;
        }

        for (int i = 0; i < _weights.Length; i++)
        {
            gradient[i] = (gradient[i] / _losses.Length) + (Penalty * point[i]);
        }

        for (int c = 0; c < _classes; c++)
        {
            gradient[_weights.Length + c] = _biasGradient[c] / _losses.Length;
        }

        return mean + (Penalty / 2 * TensorPrimitives.SumOfSquares(point[.._weights.Length]));
    }

    public void Dispose() => _products.Dispose();

    /// <summary>Turns the scores of a chunk into losses and probabilities, less 1 for the right class.</summary>
    private void Visit(int first, Tensor scores)
    {
        int blocks = (scores.Columns + BlockVectors - 1) / BlockVectors;
        double[] sums = new double[_hasGradient ? blocks * _classes : 0];
        ParallelTasks.Run(blocks, _threads, block =>
        {
            int start = block * BlockVectors, count = Math.Min(BlockVectors, scores.Columns - start);
            Softmax(first + start, new Block(scores.SliceColumns(start, count)), _hasGradient ? sums.AsSpan(block * _classes, _classes) : default);
        });
        for (int block = 0; _hasGradient && block < blocks; block++)
        {
            for (int c = 0; c < _classes; c++)
            {
                _biasGradient[c] += sums[(block * _classes) + c];
            }
        }
    }

    private void Softmax(int first, Block block, Span<double> biasGradient)
    {
        Span<float> memory = stackalloc float[3 * BlockVectors];
        Span<float> largest = memory[..block.Count], total = memory.Slice(BlockVectors, block.Count), right = memory.Slice(2 * BlockVectors, block.Count);
        largest.Fill(float.NegativeInfinity);
        total.Clear();
        for (int c = 0; c < _classes; c++)
        {
            Span<float> row = block.Row(c);
            TensorPrimitives.Add(row, (float)_biases[c], row);
            TensorPrimitives.Max(row, largest, largest);
        }

        for (int i = 0; i < block.Count; i++)
        {
            right[i] = block.Row(_labels[first + i])[i];
        }

        for (int c = 0; c < _classes; c++)
        {
            Span<float> row = block.Row(c);
            TensorPrimitives.Subtract(row, largest, row);
            TensorPrimitives.Exp(row, row);
            TensorPrimitives.Add(total, row, total);
        }

        for (int i = 0; i < block.Count; i++)
        {
            _losses[first + i] = Math.Log(total[i]) + ((double)largest[i] - right[i]);
        }

        if (biasGradient.IsEmpty)
        {
            return;
        }

        for (int c = 0; c < _classes; c++)
        {
            TensorPrimitives.Divide(block.Row(c), total, block.Row(c));
        }

        for (int i = 0; i < block.Count; i++)
        {
            block.Row(_labels[first + i])[i] -= 1;
        }

        for (int c = 0; c < _classes; c++)
        {
            biasGradient[c] = TensorPrimitives.Sum<float>(block.Row(c));
        }
    }

    /// <summary>The scores of neighbouring vectors, <c>[classes, vectors]</c>.</summary>
    private readonly struct Block(Tensor scores)
    {
        public int Count => scores.Columns;

        public Span<float> Row(int c) => new(scores.Row(c), scores.Columns);
    }
}
