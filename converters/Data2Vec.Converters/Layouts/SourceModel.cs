using System.Numerics.Tensors;
using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Converters.HuggingFace;
using Data2Vec.Parameters;

namespace Data2Vec.Converters.Layouts;

/// <summary>A model in a checkpoint: its structure, and where its tensors are.</summary>
internal sealed record SourceModel
{
    private const int MaxComplaints = 10;

    public required Layout Layout { get; init; }

    public required SourceCheckpoint Checkpoint { get; init; }

    /// <summary>What the checkpoint was recognised as.</summary>
    public required string Description { get; init; }

    /// <summary>The architecture that the model file names.</summary>
    public required string Architecture { get; init; }

    /// <summary>The structure, as the model file has it.</summary>
    public required JsonObject Config { get; init; }

    /// <summary>The parameters of the model, in the order of the model file.</summary>
    public required IReadOnlyList<Parameter> Parameters { get; init; }

    /// <summary>Where the layout keeps them.</summary>
    public required TensorNames Names { get; init; }

    /// <summary>Optional tensors of which the model must have one.</summary>
    public IReadOnlyList<string> NeedsOneOf { get; init; } = [];

    /// <summary>The key among the weights that holds the EMA teacher of pre-training, or null if the layout has none.</summary>
    public string? TeacherKey { get; init; }

    /// <summary>The teacher's name of a tensor, or null for tensors that it does not have.</summary>
    public Func<string, string?> TeacherName { get; init; } = _ => null;

    /// <summary>Computes the teacher's tensors that its weights keep in parts.</summary>
    public Func<Weights, Weights> TeacherWeights { get; init; } = weights => weights;

    /// <summary>Whether the weights are those of the teacher already, where the layout chooses them itself.</summary>
    public bool IsTeacher { get; init; }

    /// <summary>Whether the checkpoint holds a student and a teacher, of which the layout chooses one itself.</summary>
    public bool HasStudent { get; init; }

    /// <summary>Files that the model file holds beside the tensors.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Assets { get; init; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    private Weights Weights => Checkpoint.Weights;

    /// <exception cref="InvalidDataException">The engine does not support the structure.</exception>
    public static SourceModel Create(Layout layout, SourceCheckpoint checkpoint, ModelConfig config, TensorNames names, string description)
    {
        foreach ((int i, string folder) in (checkpoint.Folder?.Sentence?.DensePaths ?? []).Index())
        {
            names.Add($"{SentenceModules.DenseScope}{i}.weight", $"{folder}/linear.weight");
            names.Add($"{SentenceModules.DenseScope}{i}.bias", $"{folder}/linear.bias");
        }

        if (config.Labels?.CountBy(label => label).FirstOrDefault(label => label.Value > 1) is { Key: { } repeated, Value: var times })
        {
            checkpoint.Warnings.Add($"{times} labels of the head are {PickleText.Quote(repeated)}; results cannot tell them apart (--labels gives other names)");
        }

        return new SourceModel
        {
            Layout = layout,
            Checkpoint = checkpoint,
            Description = description,
            Architecture = config.Architecture,
            Config = Checked(config),
            Parameters = config.ListParameters(),
            Names = names,
        };
    }

    /// <summary>The <c>config</c> of a model file, after reading it as loading a model does.</summary>
    /// <exception cref="InvalidDataException">The engine does not support the structure.</exception>
    public static JsonObject Checked(ModelConfig config) => Checked(config.ToJson(), json => ModelConfig.FromJson(json, config.Architecture));

    /// <inheritdoc cref="Checked(ModelConfig)"/>
    public static JsonObject Checked(JsonObject config, Action<JsonElement> read)
    {
        using JsonDocument document = JsonDocument.Parse(config.ToJsonString());
        read(document.RootElement);
        return config;
    }

    /// <summary>A <see cref="TeacherName"/> for teachers of a part of the model.</summary>
    /// <param name="prefix">The prefix of that part's names, which the teacher's do not have.</param>
    public static Func<string, string?> WithoutPrefix(string prefix) =>
        name => name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : null;

    /// <summary>Finds the tensors of the model file in the checkpoint.</summary>
    /// <param name="teacher">Whether to take the transformer's from the EMA teacher.</param>
    /// <exception cref="InvalidDataException">Tensors are missing, unknown or of another shape; the message lists them.</exception>
    public IReadOnlyList<SourceTensor> Resolve(bool teacher)
    {
        teacher &= !IsTeacher;
        Weights? teachers = teacher && TeacherKey is not null && Weights.Group(TeacherKey) is { } group ? TeacherWeights(group) : null;
        InvalidData.ThrowIf(teacher && teachers is null, "the checkpoint has no teacher (_ema), which only pretrained checkpoints have; convert it without");
        var complaints = new List<string>();
        var tensors = new List<SourceTensor>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        var found = new HashSet<string>(StringComparer.Ordinal);
        int missing = 0;
        foreach (Parameter parameter in Parameters)
        {
            if (Names.Find(parameter.Name, Weights) is not { } place)
            {
                if (!parameter.IsOptional)
                {
                    throw new InvalidOperationException($"{Layout.Format} has no name for {parameter.Name}.");
                }

                continue;
            }

            known.Add(place.Name);
            Parameter stored = parameter.MayBroadcast && Weights.Find(place.Name) is { } shared ? place.Broadcast(parameter, shared) : parameter;
            int[] shape = place.ShapeInCheckpoint(stored.Shape);
            CheckpointTensor? tensor = Find(place.Name, shape, teachers, parameter.IsOptional, complaints);
            CheckpointTensor? added = place.AddedRow is not null && known.Add(place.AddedRow)
                ? Find(place.AddedRow, [-1, shape[^1]], teachers, false, complaints)
                : null;
            if (tensor is not null)
            {
                found.Add(parameter.Name);
                tensors.Add(new SourceTensor(stored, tensor, tensor.Count / place.Parts * place.Part, place.IsRelative ? tensor : added) { IsSubtracted = place.IsRelative });
            }
            else if (!parameter.IsOptional)
            {
                missing++;
            }
        }

        InvalidData.ThrowIf(
            missing > tensors.Count,
            $"recognized as {Description}, but the tensors do not match the configuration: {missing} are missing, among them {string.Join(", ", complaints.Take(3))}; {Weights.ShowNames()}");

        complaints.AddRange(MissingOptional(found));
        complaints.AddRange(Weights.Names.Where(name => !known.Contains(name) && !Names.IsUnused(name)).Select(name => $"{Weights.Label(name)} is unknown"));
        string more = complaints.Count > MaxComplaints ? $"; and {complaints.Count - MaxComplaints} more" : "";
        InvalidData.ThrowIf(
            complaints.Count > 0,
            $"recognized as {Description}, but the tensors do not match the configuration: {string.Join("; ", complaints.Take(MaxComplaints))}{more}{(missing > 0 ? $"; {Weights.ShowNames()}" : "")}");
        return tensors;
    }

    // An optional tensor that one layer has, all layers have.
    private IEnumerable<string> MissingOptional(HashSet<string> found)
    {
        IEnumerable<IGrouping<string, Parameter>> layers = Parameters.Where(parameter => parameter.IsOptional)
            .GroupBy(parameter => TensorNames.WithoutNumbers(parameter.Name))
            .Where(layers => layers.Any(parameter => found.Contains(parameter.Name)));
        foreach (Parameter parameter in layers.SelectMany(layer => layer).Where(parameter => !found.Contains(parameter.Name)))
        {
            yield return $"{Label(parameter.Name)} is missing, which other layers have";
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

/// <summary>A parameter of a model file and the checkpoint's tensor that holds it.</summary>
/// <param name="Parameter">The parameter, in the shape that the model file has.</param>
/// <param name="Tensor">The checkpoint's tensor.</param>
/// <param name="Start">The first element in the checkpoint's tensor.</param>
/// <param name="AddedRow">A tensor whose first row is added to every row, or subtracted, or null.</param>
internal sealed record SourceTensor(Parameter Parameter, CheckpointTensor Tensor, long Start, CheckpointTensor? AddedRow)
{
    private float[]? _row;

    /// <summary>Whether the row is subtracted.</summary>
    public bool IsSubtracted { get; init; }

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
        InvalidData.ThrowIf(
            !TensorPrimitives.IsFiniteAll<float>(destination),
            $"tensor '{Parameter.Name}' holds a number that is not finite{(Tensor.Type == CheckpointType.F64 ? ", or beyond the range of f32" : "")}");
        if (AddedRow is not null && _row is null)
        {
            _row = new float[Parameter.Shape[^1]];
            AddedRow.Read(0, _row);
            TensorPrimitives.Multiply(_row, IsSubtracted ? -1f : 1f, _row);
        }

        // Adding zeros would turn -0 into 0.
        if (_row is null || !_row.AsSpan().ContainsAnyExcept(0f))
        {
            return;
        }

        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] += _row[(start + i) % _row.Length];
        }
    }
}
