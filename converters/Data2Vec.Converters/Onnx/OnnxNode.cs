namespace Data2Vec.Converters.Onnx;

/// <summary>An operation of an ONNX graph.</summary>
internal sealed record OnnxNode
{
    /// <summary>The name of the operator.</summary>
    public string Operation { get; init; } = "";

    /// <summary>The set of operators that it is of; empty for ONNX's own.</summary>
    public string Domain { get; init; } = "";

    /// <summary>The name of the node, of newer exports the path of the module that it came from.</summary>
    public string Name { get; init; } = "";

    /// <summary>The names of its inputs.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>The names of its outputs.</summary>
    public IReadOnlyList<string> Outputs { get; init; } = [];

    /// <summary>Whether a <c>Gemm</c> transposes its second input.</summary>
    public bool TransposesB { get; init; }

    /// <summary>What a normalization adds to the variance; null if it does not say.</summary>
    public float? Epsilon { get; init; }

    /// <summary>The tensor of a <c>Constant</c>; null of other nodes.</summary>
    public OnnxTensor? Value { get; init; }
}
