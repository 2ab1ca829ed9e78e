using System.Text.Json.Nodes;
using Data2Vec.Converters.PyTorch;

namespace Data2Vec.Converters.Layouts;

/// <summary>A model in a checkpoint, and where its parts go in a model file.</summary>
internal sealed record SourceModel
{
    private const int MaxComplaints = 10;

    /// <summary>The architecture that the model file names.</summary>
    public required string Architecture { get; init; }

    /// <summary>The structure, as the model file has it.</summary>
    public required JsonObject Config { get; init; }

    /// <summary>The tensors of the model file, in the order they are used.</summary>
    public required IReadOnlyList<TensorSpec> Tensors { get; init; }

    /// <summary>The layout of the checkpoint, in a word.</summary>
    public required string Format { get; init; }

    /// <summary>What the layout calls the encoder.</summary>
    public required string Name { get; init; }

    /// <summary>What the checkpoint was recognised as.</summary>
    public required string Description { get; init; }

    /// <summary>Optional tensors of which the model must have one.</summary>
    public IReadOnlyList<string> NeedsOneOf { get; init; } = [];

    /// <summary>The weights by name.</summary>
    public required Weights Weights { get; init; }

    /// <summary>What the layout calls the tensors.</summary>
    public required TensorNames Names { get; init; }

    /// <summary>
    /// Names of the checkpoint that inference has no use for, and beginnings of such names, which end in a full stop.
    /// </summary>
    public required IReadOnlyList<string> LeftOut { get; init; }

    /// <summary>The EMA teacher's weights, or null where there are none.</summary>
    public Weights? Teacher { get; init; }

    /// <summary>What the teacher calls a weight; null where it has none of its own.</summary>
    public Func<string, string?> TeacherName { get; init; } = _ => null;

    /// <summary>Files that the model file holds beside the tensors.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Assets { get; init; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>Finds the tensors of a model file in the checkpoint.</summary>
    /// <param name="teacher">Whether to take the transformer's from the EMA teacher.</param>
    /// <exception cref="InvalidDataException">Tensors are missing, unknown or of another shape; the message lists them.</exception>
    public IReadOnlyList<SourceTensor> Resolve(bool teacher)
    {
        if (teacher && Teacher is null)
        {
            throw new InvalidDataException(
                "the checkpoint has no teacher (_ema), which only pretrained checkpoints have; convert it without");
        }

        var complaints = new List<string>();
        var tensors = new List<SourceTensor>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (TensorSpec spec in Tensors)
        {
            if (Names.Find(spec.Name) is not { } place)
            {
                if (!spec.IsOptional)
                {
                    throw new InvalidOperationException($"{Format} has no name for {spec.Name}.");
                }

                continue;
            }

            known.Add(place.Name);
            int[] shape = [.. spec.SourceShape];
            shape[0] *= place.Parts;
            CheckpointTensor? tensor = Find(place.Name, shape, teacher, spec.IsOptional, complaints);
            CheckpointTensor? added = null;
            if (place.AddedRow is not null && known.Add(place.AddedRow))
            {
                added = Find(place.AddedRow, [-1, shape[^1]], teacher, false, complaints);
            }

            if (tensor is null)
            {
                continue;
            }

            found.Add(spec.Name);
            tensors.Add(new SourceTensor(spec, tensor, tensor.Count / place.Parts * place.Part, added));
        }

        complaints.AddRange(Tensors.Where(spec => spec.IsOptional).GroupBy(spec => WithoutNumber(spec.Name)).SelectMany(layers =>
            layers.Any(spec => found.Contains(spec.Name))
                ? layers.Where(spec => !found.Contains(spec.Name)).Select(spec => $"{Names.Find(spec.Name)!.Name} is missing, which other layers have")
                : []));
        if (NeedsOneOf.Count > 0 && !NeedsOneOf.Any(found.Contains))
        {
            complaints.Add($"{Names.Find(NeedsOneOf[0])!.Name} is missing");
        }

        complaints.AddRange(Weights.Names
            .Where(name => !known.Contains(name) && !IsLeftOut(name))
            .Select(name => $"{PickleText.Quote(name)} is unknown"));
        if (complaints.Count > 0)
        {
            string more = complaints.Count > MaxComplaints ? $"; and {complaints.Count - MaxComplaints} more" : "";
            throw new InvalidDataException(
                $"its tensors are not those of its configuration: {string.Join("; ", complaints.Take(MaxComplaints))}{more}");
        }

        return tensors;
    }

    private static string? Complaint(CheckpointTensor tensor, int[] shape)
    {
        if (tensor.Shape.Count != shape.Length || tensor.Shape.Zip(shape).Any(size => size.Second >= 0 && size.First != size.Second))
        {
            return $"has the shape [{string.Join(", ", tensor.Shape)}] instead of [{string.Join(", ", shape.Select(size => size < 0 ? "any" : $"{size}"))}]";
        }

        if (tensor.Type is not (CheckpointType.F64 or CheckpointType.F32 or CheckpointType.F16 or CheckpointType.BF16))
        {
            return $"holds {tensor.Type} instead of floating-point numbers";
        }

        // A few bytes could otherwise stand for a model of any size.
        return tensor.RepeatsNumbers ? "repeats its numbers, which no saved model does" : null;
    }

    private CheckpointTensor? Find(string name, int[] shape, bool teacher, bool optional, List<string> complaints)
    {
        string? teachers = teacher ? TeacherName(name) : null;
        CheckpointTensor? tensor = teachers is not null ? Teacher!.Find(teachers) : Weights.Find(name);
        string label = teachers is not null ? $"the teacher's {teachers}" : name;
        if (tensor is null && !optional)
        {
            complaints.Add($"{label} is missing");
        }

        if (tensor is not null && Complaint(tensor, shape) is { } complaint)
        {
            complaints.Add($"{label} {complaint}");
        }

        return tensor;
    }

    private static string WithoutNumber(string name) =>
        string.Join('.', name.Split('.').Select(word => word.All(char.IsAsciiDigit) ? "" : word));

    private bool IsLeftOut(string name) =>
        LeftOut.Any(left => left.EndsWith('.') ? name.StartsWith(left, StringComparison.Ordinal) : name == left);

    /// <summary>A <see cref="TeacherName"/> for teachers of a part of the model.</summary>
    /// <param name="prefix">What stands before the names of that part, and not in the teacher's own.</param>
    public static Func<string, string?> WithoutPrefix(string prefix) =>
        name => name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : null;
}
