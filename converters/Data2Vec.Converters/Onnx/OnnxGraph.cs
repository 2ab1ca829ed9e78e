namespace Data2Vec.Converters.Onnx;

/// <summary>What a graph tells of the structure of a transformer.</summary>
/// <param name="HeadSize">Features of an attention head; null if it is not found.</param>
/// <param name="Epsilon">What the normalizations add to the variance; null if it is not found.</param>
/// <param name="HasGelu">Whether it has the operators of the exact GELU.</param>
internal sealed record OnnxStructure(int? HeadSize, float? Epsilon, bool HasGelu)
{
    public static OnnxStructure Unknown { get; } = new(null, null, true);
}

/// <summary>Finds the weights of PyTorch's modules in a graph.</summary>
internal sealed class OnnxGraph
{
    private const string Weight = ".weight", Bias = ".bias";

    /// <summary>What ONNX's normalization adds if the node does not say.</summary>
    private const float UsualEpsilon = 1e-5f;

    /// <summary>Operators of which the weights are integers with scales.</summary>
    private static readonly string[] s_quantized =
        ["MatMulInteger", "QLinearMatMul", "QGemm", "ConvInteger", "QLinearConv", "DynamicQuantizeLinear", "QuantizeLinear", "DequantizeLinear", "MatMulNBits"];

    private readonly IReadOnlyList<OnnxNode> _nodes;
    private readonly Dictionary<string, OnnxTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OnnxNode> _sources = new(StringComparer.Ordinal);
    private readonly ILookup<string, OnnxNode> _users;

    public OnnxGraph(IReadOnlyList<OnnxNode> nodes, IReadOnlyList<OnnxTensor> tensors)
    {
        OnnxNode? changed = nodes.FirstOrDefault(node => s_quantized.Contains(node.Operation));
        InvalidData.ThrowIf(changed is not null, $"a quantized model ({changed?.Operation}), whose weights are rounded; convert the original, and round it with --dtype i8");
        changed = nodes.FirstOrDefault(node => node.Domain is not ("" or "ai.onnx"));
        InvalidData.ThrowIf(
            changed is not null,
            $"a model that was changed for one runtime: it has the operator {PickleText.Quote(changed?.Operation ?? "")} of {PickleText.Quote(changed?.Domain ?? "")}; convert the model before optimization");
        _nodes = nodes;
        foreach (OnnxTensor tensor in tensors)
        {
            InvalidData.ThrowIf(!_tensors.TryAdd(tensor.Name, tensor), $"two tensors are called '{PickleText.Quote(tensor.Name)}'");
        }

        foreach (OnnxNode node in nodes)
        {
            foreach (string output in node.Outputs)
            {
                _sources.TryAdd(output, node);
            }

            // Exporters store equal tensors once.
            if (node is { Operation: "Identity", Inputs: [var from], Outputs: [var to] } && _tensors.TryGetValue(from, out OnnxTensor? same))
            {
                _tensors.TryAdd(to, same);
            }

            if (node is { Operation: "Constant", Value: { } value, Outputs: [var name] })
            {
                _tensors.TryAdd(name, value);
            }
        }

        _users = nodes.SelectMany(node => node.Inputs.Distinct().Select(input => (input, node))).ToLookup(use => use.input, use => use.node, StringComparer.Ordinal);
    }

    /// <summary>The weights, under the names of PyTorch's parameters.</summary>
    public IReadOnlyDictionary<string, CheckpointTensor> Weights()
    {
        var weights = new Dictionary<string, CheckpointTensor>(StringComparer.Ordinal);
        foreach ((string name, OnnxTensor tensor) in _tensors.Where(tensor => IsParameter(tensor.Key)))
        {
            weights.Add(name, tensor);
        }

        foreach (OnnxNode node in _nodes.Where(node => node.Operation is "MatMul" or "Gemm" && node.Inputs.Count >= 2))
        {
            if (!IsParameter(node.Inputs[1]) && _tensors.TryGetValue(node.Inputs[1], out OnnxTensor? matrix) && matrix.Shape.Count == 2 && NameOf(node) is { } name)
            {
                InvalidData.ThrowIf(
                    weights.GetValueOrDefault(name) is OnnxTensor other && other.Name != matrix.Name,
                    $"the layer of {PickleText.Quote(name)} has two matrices, and one is '{PickleText.Quote(matrix.Name)}'");
                weights[name] = node.TransposesB ? matrix : matrix.Transposed();
            }
        }

        return weights;
    }

    /// <summary>What the graph tells of the structure of the model.</summary>
    public OnnxStructure Structure()
    {
        // Attention divides rows into heads: a shape ends with the number of heads and the size of one.
        int? headSize = null;
        foreach (OnnxNode node in _nodes.Where(node => node.Operation == "Reshape" && node.Inputs.Count == 2))
        {
            if (Sizes(node.Inputs[1]) is [_, _, > 1 and var heads, > 1 and <= 1024 and var size] && heads <= 1024)
            {
                headSize = (int)size;
                break;
            }
        }

        return new OnnxStructure(headSize, _nodes.FirstOrDefault(node => node.Operation == "LayerNormalization") is { } norm ? norm.Epsilon ?? UsualEpsilon : EpsilonOfParts(), _nodes.Any(node => node.Operation is "Erf" or "Gelu"));
    }

    /// <summary>The name of a linear layer's weight, from that of its bias or from the path of the node.</summary>
    private string? NameOf(OnnxNode node)
    {
        IEnumerable<string> added = node.Operation == "Gemm" ? node.Inputs.Skip(2)
            : node.Outputs.Count == 1 ? _users[node.Outputs[0]].Where(user => user.Operation == "Add").SelectMany(user => user.Inputs)
            : [];
        string? bias = added.FirstOrDefault(input => IsParameter(input) && input.EndsWith(Bias, StringComparison.Ordinal));
        return bias is not null ? bias[..^Bias.Length] + Weight
            : node.Name.Split('/', StringSplitOptions.RemoveEmptyEntries) is [.. { Length: > 0 } path, _] && node.Name.StartsWith('/') ? string.Join('.', path) + Weight
            : null;
    }

    /// <summary>Whether a name is one of PyTorch's parameters rather than one of an exporter.</summary>
    private static bool IsParameter(string name) =>
        name.Contains('.', StringComparison.Ordinal) && !name.Contains('/', StringComparison.Ordinal) && !name.Contains("::", StringComparison.Ordinal);

    /// <summary>The numbers of a shape; 0 for those that are not constant.</summary>
    private long[] Sizes(string name)
    {
        const int Most = 8;
        return Constant(name)?.SmallIntegers()
            ?? (_sources.TryGetValue(name, out OnnxNode? node) && node.Operation == "Concat" && node.Inputs.Count <= Most
                ? [.. node.Inputs.Select(input => Constant(input)?.SmallIntegers() is [var size] ? size : 0)]
                : []);
    }

    /// <summary>A constant, perhaps with another number of dimensions; null for a result that depends on the input.</summary>
    private OnnxTensor? Constant(string name) => _tensors.TryGetValue(name, out OnnxTensor? constant) ? constant
        : _sources.TryGetValue(name, out OnnxNode? node) && node.Operation is "Unsqueeze" or "Identity" && node.Inputs.Count > 0 ? _tensors.GetValueOrDefault(node.Inputs[0])
        : null;

    /// <summary>The number that is added before a square root, in a normalization of single operations.</summary>
    private float? EpsilonOfParts()
    {
        foreach (OnnxNode root in _nodes.Where(node => node is { Operation: "Sqrt", Inputs.Count: 1 }))
        {
            if (_sources.TryGetValue(root.Inputs[0], out OnnxNode? sum) && sum.Operation == "Add"
                && sum.Inputs.Select(Constant).FirstOrDefault(tensor => tensor is { Count: 1, Type: CheckpointType.F32 }) is { } epsilon)
            {
                float[] value = new float[1];
                epsilon.Read(0, value);
                return value[0];
            }
        }

        return null;
    }
}
