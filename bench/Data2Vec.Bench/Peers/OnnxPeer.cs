using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Data2Vec.Bench.Peers;

/// <summary>Runs a graph with the same weights in ONNX Runtime.</summary>
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
            _ => throw new ArgumentException("The type of the input is not supported.", nameof(workload)),
        };
    }

    /// <summary>Runs one inference. Returns the hidden states if they are wanted.</summary>
    public float[] Run(bool wanted) => Run(_input, wanted);

    /// <summary>The hidden states of one text.</summary>
    public float[] Run(ReadOnlyMemory<int> tokens)
    {
        long[] ids = new long[tokens.Length];
        TensorPrimitives.ConvertTruncating(tokens.Span, ids);
        using var input = OrtValue.CreateTensorValueFromMemory(ids, [1, ids.Length]);
        return Run(input, wanted: true);
    }

    private float[] Run(OrtValue input, bool wanted)
    {
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_run, _inputNames, [input], _session.OutputNames);
        return wanted ? outputs[0].GetTensorDataAsSpan<float>().ToArray() : [];
    }

    public void Dispose()
    {
        _input.Dispose();
        _run.Dispose();
        _session.Dispose();
    }
}
