using System.Text.Json.Nodes;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Fairseq;

/// <summary>A model in a fairseq checkpoint, and where its parts go in a model file.</summary>
internal sealed record SourceModel
{
    private const int MaxComplaints = 10;

    /// <summary>The architecture that the model file names.</summary>
    public required string Architecture { get; init; }

    /// <summary>fairseq's name of the encoder.</summary>
    public required string Name { get; init; }

    /// <summary>What the checkpoint was recognised as.</summary>
    public required string Description { get; init; }

    /// <summary>The structure, as the model file has it.</summary>
    public required JsonObject Config { get; init; }

    /// <summary>The weights by name.</summary>
    public required PickleDictionary Weights { get; init; }

    /// <summary>The tensors of the model file, in the order they are used.</summary>
    public required IReadOnlyList<TensorMapping> Tensors { get; init; }

    /// <summary>
    /// Names of the checkpoint that inference has no use for, and beginnings of such names, which end in a full stop.
    /// </summary>
    public required IReadOnlyList<string> LeftOut { get; init; }

    /// <summary>The key among the weights that holds the EMA teacher's, a dictionary.</summary>
    public required string TeacherKey { get; init; }

    /// <summary>What stands before the names of the weights that the teacher has, and not in its dictionary.</summary>
    public required string TeacherPrefix { get; init; }

    /// <summary>Files that the model file holds beside the tensors.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Assets { get; init; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>Finds the tensors of a model file in the checkpoint.</summary>
    /// <param name="teacher">Whether to take the transformer's from the EMA teacher.</param>
    /// <returns>The tensors by their names in the model file.</returns>
    /// <exception cref="InvalidDataException">Tensors are missing, unknown or of another shape; the message lists them.</exception>
    public Dictionary<string, PyTorchTensor> Resolve(bool teacher)
    {
        PickleDictionary? teacherWeights = null;
        if (teacher && !Weights.TryGet<PickleDictionary>(TeacherKey, out teacherWeights))
            throw new InvalidDataException(
                "the checkpoint has no teacher (_ema), which only pretrained checkpoints have; convert it without");

        var complaints = new List<string>();
        var tensors = new Dictionary<string, PyTorchTensor>(StringComparer.Ordinal);
        foreach (TensorMapping mapping in Tensors)
        {
            PickleDictionary weights = Weights;
            string key = mapping.Source;
            string label = key;
            if (teacherWeights is not null && key.StartsWith(TeacherPrefix, StringComparison.Ordinal))
            {
                weights = teacherWeights;
                key = key[TeacherPrefix.Length..];
                label = $"{TeacherKey}.{key}";
            }

            if (!weights.TryGetValue(key, out object? value))
            {
                complaints.Add($"{label} is missing");
                continue;
            }

            PyTorchTensor tensor = PyTorchTensor.Require(value, label);
            if (Complaint(tensor, mapping) is { } complaint)
                complaints.Add($"{label} {complaint}");
            tensors.Add(mapping.Name, tensor);
        }

        var known = Tensors.Select(mapping => mapping.Source).ToHashSet(StringComparer.Ordinal);
        foreach (object? key in Weights.Keys)
        {
            if (key is not string name)
                complaints.Add("a name is not a string");
            else if (!known.Contains(name) && !IsLeftOut(name))
                complaints.Add($"{PickleText.Quote(name)} is unknown");
        }

        if (complaints.Count > 0)
        {
            string more = complaints.Count > MaxComplaints ? $"; and {complaints.Count - MaxComplaints} more" : "";
            throw new InvalidDataException(
                $"its tensors are not those of its configuration: {string.Join("; ", complaints.Take(MaxComplaints))}{more}");
        }

        return tensors;
    }

    private static string? Complaint(PyTorchTensor tensor, TensorMapping mapping)
    {
        if (!tensor.Shape.SequenceEqual(mapping.SourceShape.Select(size => (long)size)))
            return $"has the shape [{string.Join(", ", tensor.Shape)}] instead of [{string.Join(", ", mapping.SourceShape)}]";
        if (tensor.Type is not (CheckpointType.F64 or CheckpointType.F32 or CheckpointType.F16 or CheckpointType.BF16))
            return $"holds {tensor.Type} instead of floating-point numbers";

        // A few bytes could otherwise stand for a model of any size.
        return tensor.Shape.Zip(tensor.Strides).Any(dimension => dimension is { First: > 1, Second: 0 })
            ? "repeats its numbers, which no saved model does"
            : null;
    }

    private bool IsLeftOut(string name) => name == TeacherKey
        || LeftOut.Any(left => left.EndsWith('.') ? name.StartsWith(left, StringComparison.Ordinal) : name == left);
}
