using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace Data2Vec.Bench.Peers;

/// <summary>Runs a graph with the same weights in ONNX Runtime.</summary>
internal sealed class OnnxPeer : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly OrtValue[] _inputs;
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
        // The default, stated: threads wait for work without sleeping, which is its fastest setting.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "1");
        _session = new InferenceSession(graph, options);
        IReadOnlyList<(string Name, Array Values, int[] Shape)> inputs = workload.GraphInputs();
        _inputNames = [.. inputs.Select(input => input.Name)];
        _inputs = [.. inputs.Select(input => Tensor(input.Values, [.. input.Shape.Select(size => (long)size)]))];
    }

    /// <summary>Runs one inference. Returns the hidden states if they are wanted.</summary>
    public float[] Run(bool wanted) => Run(_inputs, wanted);

    /// <summary>The hidden states of one text.</summary>
    public float[] Run(ReadOnlyMemory<int> tokens)
    {
        long[] ids = new long[tokens.Length];
        TensorPrimitives.ConvertTruncating(tokens.Span, ids);
        using var input = OrtValue.CreateTensorValueFromMemory(ids, [1, ids.Length]);
        return Run([input], wanted: true);
    }

    private float[] Run(OrtValue[] inputs, bool wanted)
    {
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_run, _inputNames, inputs, _session.OutputNames);
        return wanted ? outputs[0].GetTensorDataAsSpan<float>().ToArray() : [];
    }

    private static OrtValue Tensor(Array values, long[] shape) => values switch
    {
        float[] floats => OrtValue.CreateTensorValueFromMemory(floats, shape),
        long[] ids => OrtValue.CreateTensorValueFromMemory(ids, shape),
        _ => throw new ArgumentException("The type of the input is not supported.", nameof(values)),
    };

    public void Dispose()
    {
        foreach (OrtValue input in _inputs)
        {
            input.Dispose();
        }

        _run.Dispose();
        _session.Dispose();
    }
}
