using System.Text.Json.Nodes;
using Data2Vec.Converters.Checkpoints;

namespace Data2Vec.Converters.Layouts;

/// <summary>A model in a checkpoint: its structure, and where its tensors are.</summary>
internal sealed record SourceModel
{
    private const int MaxComplaints = 10;

    /// <summary>The layout that it was read by.</summary>
    public required Layout Layout { get; init; }

    /// <summary>The checkpoint.</summary>
    public required SourceCheckpoint Checkpoint { get; init; }

    /// <summary>What the checkpoint was recognised as.</summary>
    public required string Description { get; init; }

    /// <summary>The architecture that the model file names.</summary>
    public required string Architecture { get; init; }

    /// <summary>The structure, as the model file has it.</summary>
    public required JsonObject Config { get; init; }

    /// <summary>The tensors of the model file, in its order.</summary>
    public required IReadOnlyList<TensorSpec> Tensors { get; init; }

    /// <summary>Where the layout keeps them.</summary>
    public required TensorNames Names { get; init; }

    /// <summary>Optional tensors of which the model must have one.</summary>
    public IReadOnlyList<string> NeedsOneOf { get; init; } = [];

    /// <summary>The key among the weights that holds the EMA teacher of pre-training, or null if the layout has none.</summary>
    public string? TeacherKey { get; init; }

    /// <summary>The teacher's name of a tensor, or null for tensors that it does not have.</summary>
    public Func<string, string?> TeacherName { get; init; } = _ => null;

    /// <summary>Files that the model file holds beside the tensors.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Assets { get; init; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    private Weights Weights => Checkpoint.Weights;

    /// <summary>A <see cref="TeacherName"/> for teachers of a part of the model.</summary>
    /// <param name="prefix">The prefix of that part's names, which the teacher's do not have.</param>
    public static Func<string, string?> WithoutPrefix(string prefix) =>
        name => name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : null;

    /// <summary>Finds the tensors of the model file in the checkpoint.</summary>
    /// <param name="teacher">Whether to take the transformer's from the EMA teacher.</param>
    /// <exception cref="InvalidDataException">Tensors are missing, unknown or of another shape; the message lists them.</exception>
    public IReadOnlyList<SourceTensor> Resolve(bool teacher)
    {
        Weights? teachers = teacher && TeacherKey is not null ? Weights.Group(TeacherKey) : null;
        if (teacher && teachers is null)
        {
            throw new InvalidDataException("the checkpoint has no teacher (_ema), which only pretrained checkpoints have; convert it without");
        }

        var complaints = new List<string>();
        var tensors = new List<SourceTensor>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        var found = new HashSet<string>(StringComparer.Ordinal);
        int missing = 0;
        foreach (TensorSpec spec in Tensors)
        {
            if (Names.Find(spec.Name, Weights) is not { } place)
            {
                if (!spec.IsOptional)
                {
                    throw new InvalidOperationException($"{Layout.Format} has no name for {spec.Name}.");
                }

                continue;
            }

            known.Add(place.Name);
            int[] shape = place.ShapeInCheckpoint(spec.Shape);
            CheckpointTensor? tensor = Find(place.Name, shape, teachers, spec.IsOptional, complaints);
            CheckpointTensor? added = place.AddedRow is not null && known.Add(place.AddedRow)
                ? Find(place.AddedRow, [-1, shape[^1]], teachers, false, complaints)
                : null;
            if (tensor is not null)
            {
                found.Add(spec.Name);
                tensors.Add(new SourceTensor(spec, tensor, tensor.Count / place.Parts * place.Part, added));
            }
            else if (!spec.IsOptional)
            {
                missing++;
            }
        }

        if (missing > tensors.Count)
        {
            throw new InvalidDataException(
                $"the tensors do not match the configuration: {missing} are missing, among them {string.Join(", ", complaints.Take(3))}; {Weights.ShowNames()}");
        }

        complaints.AddRange(MissingOptional(found));
        complaints.AddRange(Weights.Names.Where(name => !known.Contains(name) && !Names.IsUnused(name)).Select(name => $"{Weights.Label(name)} is unknown"));
        if (complaints.Count > 0)
        {
            string more = complaints.Count > MaxComplaints ? $"; and {complaints.Count - MaxComplaints} more" : "";
            throw new InvalidDataException($"the tensors do not match the configuration: {string.Join("; ", complaints.Take(MaxComplaints))}{more}");
        }

        return tensors;
    }

    // An optional tensor that one layer has, all layers have.
    private IEnumerable<string> MissingOptional(HashSet<string> found)
    {
        foreach (IGrouping<string, TensorSpec> layers in Tensors.Where(spec => spec.IsOptional).GroupBy(spec => TensorNames.WithoutNumbers(spec.Name)))
        {
            if (layers.Any(spec => found.Contains(spec.Name)))
            {
                foreach (TensorSpec spec in layers.Where(spec => !found.Contains(spec.Name)))
                {
                    yield return $"{Label(spec.Name)} is missing, which other layers have";
                }
            }
        }

        if (NeedsOneOf.Count > 0 && !NeedsOneOf.Any(found.Contains))
        {
            yield return $"{Label(NeedsOneOf[0])} is missing";
        }

        string Label(string name) => Weights.Label(Names.Find(name, Weights)!.Name);
    }

    private CheckpointTensor? Find(string name, int[] shape, Weights? teachers, bool isOptional, List<string> complaints)
    {
        string? teachersName = teachers is null ? null : TeacherName(name);
        CheckpointTensor? tensor = teachersName is null ? Weights.Find(name) : teachers!.Find(teachersName);
        string label = teachersName is null ? Weights.Label(name) : $"the teacher's {teachers!.Label(teachersName)}";
        if (tensor is null && !isOptional)
        {
            complaints.Add($"{label} is missing");
        }

        if (tensor is not null && Complaint(tensor, shape) is { } complaint)
        {
            complaints.Add($"{label} {complaint}");
        }

        return tensor;
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
}

/// <summary>A tensor of a model file and the checkpoint's tensor that holds it.</summary>
/// <param name="Spec">The tensor of the model file.</param>
/// <param name="Tensor">The checkpoint's tensor.</param>
/// <param name="Start">The first element in the checkpoint's tensor.</param>
/// <param name="AddedRow">A tensor whose first row is added to every row, or null.</param>
internal sealed record SourceTensor(TensorSpec Spec, CheckpointTensor Tensor, long Start, CheckpointTensor? AddedRow)
{
    private float[]? _row;

    /// <summary>Checks that the numbers in the file are those that were saved.</summary>
    public void Verify()
    {
        Tensor.Verify();
        AddedRow?.Verify();
    }

    /// <summary>Reads elements <c>start … start + destination.Length - 1</c>.</summary>
    public void Read(long start, Span<float> destination)
    {
        Tensor.Read(Start + start, destination);
        if (AddedRow is null)
        {
            return;
        }

        if (_row is null)
        {
            _row = new float[Spec.Shape[^1]];
            AddedRow.Read(0, _row);
        }

        // Adding zeros would turn -0 into 0.
        if (!_row.AsSpan().ContainsAnyExcept(0f))
        {
            return;
        }

        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] += _row[(start + i) % _row.Length];
        }
    }
}
