using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using Data2Vec.Kernels;
using Data2Vec.Kernels.Cpu;

namespace Data2Vec.Bench;

/// <summary>The CPU backend's operations at the shapes of data2vec-base, ten seconds of speech (499 frames).</summary>
[Config(typeof(BenchConfig))]
public unsafe class OperationBenchmarks : ICountsFlops
{
    private const int Rows = 499;
    private const int Hidden = 768;
    private const int Inner = 3072;
    private static readonly Conv1dShape s_first = new(1, 512, 10, 5);
    private static readonly Conv1dShape s_wide = new(512, 512, 3, 2);
    private static readonly Conv1dShape s_positional = new(768, 768, 19, 1, 9, 16);

    private WeightStore _store = null!;
    private Inference _run = null!;
    private LinearWeights _qkv = null!, _intermediate = null!, _output = null!;
    private Conv1dWeights _first = null!, _wide = null!, _positional = null!;
    private NormWeights _norm = null!, _channels = null!;
    private Tensor _x, _tripled, _inner, _hidden, _samples, _features, _moments, _half;
    private Sequences _frames, _sampleRows, _featureRows, _halfRows;

    /// <summary>Prepares weights and inputs.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _store = new CpuBackend().CreateStore();
        _qkv = _store.Linear([(Weight(3 * Hidden, Hidden), Weight(3 * Hidden))]);
        _intermediate = _store.Linear([(Weight(Inner, Hidden), Weight(Inner))]);
        _output = _store.Linear([(Weight(Hidden, Inner), Weight(Hidden))]);
        _first = _store.Conv1d(Weight(512, 1, 10), null, s_first);
        _wide = _store.Conv1d(Weight(512, 512, 3), null, s_wide);
        _positional = _store.Conv1d(Weight(768, 48, 19), Weight(768), s_positional);
        _norm = _store.Norm(null, null, Hidden, 1e-5f);
        _channels = _store.Norm(null, null, 512, 1e-5f);
        _run = _store.Begin();
        _x = Random(Rows, Hidden);
        _tripled = Random(Rows, 3 * Hidden);
        _inner = Random(Rows, Inner);
        _hidden = Random(Rows, Hidden);
        _frames = _run.Sequences([Rows]);
        _samples = Random(32_000, 1);
        _sampleRows = _run.Sequences([32_000]);
        _featureRows = _run.Sequences(_sampleRows, s_first);
        _features = Random(_featureRows.Rows, 512);
        _moments = Random(1, 1024);
        _halfRows = _run.Sequences(_featureRows, s_wide);
        _half = Random(_halfRows.Rows, 512);
    }

    /// <summary>Query, key and value of all heads: 499 x 768 x 2304.</summary>
    [Benchmark]
    public void LinearQueryKeyValue() => _run.Linear(_x, _qkv, _tripled);

    /// <summary>The first half of the feed-forward block with GELU: 499 x 768 x 3072.</summary>
    [Benchmark]
    public void LinearWithGelu() => _run.Linear(_x, _intermediate, _inner, Activation.Gelu);

    /// <summary>The second half with the residual: 499 x 3072 x 768.</summary>
    [Benchmark]
    public void LinearWithResidual() => _run.Linear(_inner, _output, _hidden, residual: _x);

    /// <summary>Twelve heads of 64 over 499 frames.</summary>
    [Benchmark]
    public void Attention() => _run.Attention(
        _tripled.SliceColumns(0, Hidden), _tripled.SliceColumns(Hidden, Hidden), _tripled.SliceColumns(2 * Hidden, Hidden),
        _frames, 12, 0.125f, default, _hidden);

    /// <summary>Residual and normalization of 499 rows of 768.</summary>
    [Benchmark]
    public void LayerNorm() => _run.LayerNorm(_x, _norm, _hidden, _x);

    /// <summary>Normalization and GELU of the first convolution's features, 2 s: 6,399 rows of 512.</summary>
    [Benchmark]
    public void LayerNormGelu() => _run.LayerNorm(_features, _channels, _features, default, Activation.Gelu);

    /// <summary>Mean and variance of 512 channels over two seconds, and their normalization with GELU: wav2vec 2.0 base after the first convolution.</summary>
    [Benchmark]
    public void ChannelNormGelu()
    {
        _run.ChannelMoments(_features, _featureRows, _moments);
        _run.ChannelNorm(_features, _featureRows, _moments, _channels, Activation.Gelu, _features);
    }

    /// <summary>The first convolution with its normalization and GELU, 2 s.</summary>
    [Benchmark]
    public void ConvFirst() => _run.Conv1d(_samples, _sampleRows, _first, _channels, Activation.Gelu, _features, _featureRows);

    /// <summary>The second convolution with its normalization and GELU, 2 s.</summary>
    [Benchmark]
    public void ConvWide() => _run.Conv1d(_features, _featureRows, _wide, _channels, Activation.Gelu, _half, _halfRows);

    /// <summary>One positional convolution, 10 s.</summary>
    [Benchmark]
    public void ConvPositional() => _run.Conv1d(_x, _frames, _positional, _norm, Activation.Gelu, _hidden, _frames);

    double ICountsFlops.Flops(string method) => method switch
    {
        nameof(LinearQueryKeyValue) => 2.0 * Rows * Hidden * 3 * Hidden,
        nameof(LinearWithGelu) or nameof(LinearWithResidual) => 2.0 * Rows * Hidden * Inner,
        nameof(Attention) => 4.0 * Rows * Rows * Hidden,
        nameof(ConvFirst) => 2.0 * s_first.OutputLength(32_000) * 512 * 10,
        nameof(ConvWide) => 2.0 * s_wide.OutputLength(s_first.OutputLength(32_000)) * 512 * 512 * 3,
        nameof(ConvPositional) => 2.0 * Rows * 768 * 48 * 19,
        _ => double.NaN,
    };

    private static WeightData Weight(params int[] shape)
    {
        int count = shape.Aggregate(1, (a, b) => a * b);
        var data = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
        var random = new Random(count);
        for (int i = 0; i < count; i++)
        {
            data[i] = (float)(random.NextDouble() - 0.5) * 0.05f;
        }

        return new WeightData((nint)data, ElementType.F32, WeightLayout.Rows, shape);
    }

    private Tensor Random(int rows, int columns)
    {
        var random = new Random(rows);
        var values = new float[rows * columns];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(random.NextDouble() - 0.5);
        }

        return _run.Upload(values, rows, columns);
    }
}
