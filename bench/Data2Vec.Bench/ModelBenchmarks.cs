using BenchmarkDotNet.Attributes;

namespace Data2Vec.Bench;

/// <summary>Whole encoders at their real size: 12 layers, 768 wide, random weights.</summary>
[Config(typeof(BenchConfig))]
[MemoryDiagnoser]
public class ModelBenchmarks : ICountsFlops
{
    private Data2VecModel _model = null!;

    /// <summary>The measured workload.</summary>
    [ParamsSource(nameof(Workloads))]
    public Workload Workload { get; set; } = null!;

    /// <summary>All workloads.</summary>
    public static IEnumerable<Workload> Workloads => Workload.All;

    /// <summary>Loads the model.</summary>
    [GlobalSetup]
    public void Setup() => _model = Data2VecModel.Load(Workload.ModelPath());

    /// <summary>Frees the model.</summary>
    [GlobalCleanup]
    public void Cleanup() => _model.Dispose();

    /// <summary>From the model's input to the mean of the last layer.</summary>
    [Benchmark]
    public float[][] Embed() => Workload.Run(_model);

    double ICountsFlops.Flops(string method) => Workload.Flops;
}
