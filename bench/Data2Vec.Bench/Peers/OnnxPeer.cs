using Microsoft.ML.OnnxRuntime;

namespace Data2Vec.Bench.Peers;

/// <summary>ONNX Runtime on a graph with the same weights.</summary>
internal sealed class OnnxPeer : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly OrtValue _input;
    private readonly string[] _inputNames;

    public OnnxPeer(Workload workload, string graph, int threads)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        _session = new InferenceSession(graph, options);
        (string name, Array values, int[] shape) = workload.GraphInput();
        long[] sizes = [.. shape.Select(size => (long)size)];
        _inputNames = [name];
        _input = values switch
        {
            float[] floats => OrtValue.CreateTensorValueFromMemory(floats, sizes),
            long[] ids => OrtValue.CreateTensorValueFromMemory(ids, sizes),
            _ => throw new ArgumentException("An input of another type.", nameof(workload)),
        };
    }

    /// <summary>One inference; the hidden states when they are asked for.</summary>
    public float[] Run(bool wanted)
    {
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_run, _inputNames, [_input], _session.OutputNames);
        return wanted ? outputs[0].GetTensorDataAsSpan<float>().ToArray() : [];
    }

    public void Dispose()
    {
        _input.Dispose();
        _run.Dispose();
        _session.Dispose();
    }
}
