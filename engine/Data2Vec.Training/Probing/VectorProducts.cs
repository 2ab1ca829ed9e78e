using System.Runtime.InteropServices;
using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Training.Probing;

/// <summary>
/// Products of vectors with matrices that change, on the kernels of the models. The vectors are the "weights", packed once: scores are <c>W Xᵀ</c>, and the
/// gradient of W is <c>D X</c>, where D has the layout of the scores. Bits do not depend on threads.
/// </summary>
internal sealed unsafe class VectorProducts : IDisposable
{
    /// <summary>Vectors in a chunk. Sums within a chunk are in single precision, those over chunks in double.</summary>
    private const int ChunkVectors = 2048;

    private readonly WeightStore _store;
    private readonly List<nint> _memory = [];
    private readonly (LinearWeights Vectors, LinearWeights? Transposed)[] _chunks;
    private readonly int _features;

    /// <summary>Packs vectors.</summary>
    /// <param name="values">The vectors, row after row.</param>
    /// <param name="features">The length of a vector.</param>
    /// <param name="withGradients">Whether gradients will be asked for.</param>
    /// <param name="threads">The number of threads.</param>
    public VectorProducts(ReadOnlySpan<float> values, int features, bool withGradients, int threads)
    {
        int count = values.Length / features;
        _features = features;
        _store = new CpuBackend(threads).CreateStore();
        _chunks = new (LinearWeights, LinearWeights?)[(count + ChunkVectors - 1) / ChunkVectors];
        for (int i = 0; i < _chunks.Length; i++)
        {
            int first = i * ChunkVectors, vectors = Math.Min(ChunkVectors, count - first);
            ReadOnlySpan<float> chunk = values.Slice(first * features, vectors * features);
            _chunks[i] = (Pack(chunk, vectors, features, features, 1), withGradients ? Pack(chunk, features, vectors, 1, features) : null);
        }

        _store.Complete();
    }

    /// <summary>Computes scores, and from them a gradient.</summary>
    /// <param name="weights">W, <c>[outputs, features]</c>.</param>
    /// <param name="visit">
    /// Receives the number of the first vector of a chunk and its scores <c>[outputs, vectors]</c>, and replaces these by D if there is a gradient.
    /// </param>
    /// <param name="gradient">The gradient of W is added here, <c>[outputs, features]</c>. Empty: not computed.</param>
    public void Run(ReadOnlySpan<float> weights, Action<int, Tensor> visit, Span<double> gradient = default)
    {
        int outputs = weights.Length / _features;
        float[] sums = new float[gradient.IsEmpty ? 0 : weights.Length];
        using Inference run = _store.Begin();
        Tensor matrix = run.Upload(weights, outputs, _features);
        long mark = run.Mark();
        for (int i = 0; i < _chunks.Length; i++)
        {
            (LinearWeights vectors, LinearWeights? transposed) = _chunks[i];
            Tensor scores = run.Allocate(outputs, vectors.Outputs, ElementType.F32);
            run.Linear(matrix, vectors, scores);
            visit(i * ChunkVectors, scores);
            if (!gradient.IsEmpty)
            {
                Tensor product = run.Allocate(outputs, _features, ElementType.F32);
                run.Linear(scores, transposed!, product);
                run.Download(product, sums);
                for (int k = 0; k < sums.Length; k++)
                {
                    gradient[k] += sums[k];
                }
            }

            run.Release(mark);
        }
    }

    public void Dispose()
    {
        _store.Dispose();
        foreach (nint memory in _memory)
        {
            NativeMemory.AlignedFree((void*)memory);
        }

        _memory.Clear();
    }

    /// <summary>Packs a matrix whose elements have the given distances between rows and between columns.</summary>
    private LinearWeights Pack(ReadOnlySpan<float> values, int rows, int columns, int rowStride, int columnStride)
    {
        var layout = new PanelLayout(ElementType.F32, rows, columns);
        var memory = (float*)NativeMemory.AlignedAlloc((nuint)layout.WordCount * sizeof(float), 64);
        _memory.Add((nint)memory);
        for (int panel = 0; panel < layout.Panels; panel++)
        {
            (int first, int count) = layout.PanelOutputs(panel);
            int width = layout.PanelWidth(panel);
            float* next = memory + layout.PanelOffset(panel);
            for (int column = 0; column < columns; column++, next += width)
            {
                for (int row = 0; row < width; row++)
                {
                    next[row] = row < count ? values[((first + row) * rowStride) + (column * columnStride)] : 0;
                }
            }
        }

        return _store.Linear([(new WeightData((nint)memory, ElementType.F32, WeightLayout.Panels, [rows, columns]), null)]);
    }
}
