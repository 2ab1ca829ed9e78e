using System.Text.Json;
using Data2Vec.Converters.Layouts;
using Data2Vec.Parameters;

namespace Data2Vec.Converters.Training;

/// <summary>
/// A checkpoint of fairseq as training needs it: the student's weights with those that pre-training alone uses, and the teacher's. Their names are those of a
/// model file; the vector of masked places is <c>mask_embedding</c>, the layers that predict the targets are <c>predictor</c> (speech, images) or
/// <c>predictor.0</c>, <c>predictor.1</c> (text). Any number of threads may read it.
/// </summary>
public sealed class TrainingCheckpoint : IDisposable
{
    private readonly PyTorchFile _file;
    private readonly SourceModel _model;
    private readonly Dictionary<string, SourceTensor> _student;
    private readonly Dictionary<string, SourceTensor>? _teacher;
    private readonly string _name;

    private TrainingCheckpoint(PyTorchFile file, SourceModel model, string name)
    {
        (_file, _model, _name) = (file, model, name);
        using (JsonDocument config = JsonDocument.Parse(model.Config.ToJsonString()))
        {
            Config = ModelConfig.FromJson(config.RootElement, model.Architecture);
        }

        IReadOnlyList<SourceTensor> tensors = model.Resolve(teacher: false);
        _student = tensors.ToDictionary(tensor => tensor.Parameter.Name, StringComparer.Ordinal);
        Parameters = [.. tensors.Select(tensor => tensor.Parameter)];
        HasTeacher = model.TeacherKey is { } key && model.Checkpoint.Weights.Group(key) is not null;
        _teacher = HasTeacher ? model.Resolve(teacher: true).ToDictionary(tensor => tensor.Parameter.Name, StringComparer.Ordinal) : null;
        Updates = CountUpdates(model.Checkpoint.Root!);
    }

    /// <summary>The structure of the model. A head has labels; where the checkpoint gives none, they are numbers.</summary>
    public ModelConfig Config { get; }

    /// <summary>The parameters that the checkpoint has, those of the model file first, in its order.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Whether there is a teacher, as in checkpoints of pre-training.</summary>
    public bool HasTeacher { get; }

    /// <summary>The number of updates that the weights have seen.</summary>
    public long Updates { get; }

    /// <summary>The model in the checkpoint.</summary>
    internal SourceModel Model => _model;

    /// <summary>Opens a checkpoint of fairseq: data2vec of any modality, pretrained or fine-tuned.</summary>
    /// <param name="path">A file written by <c>torch.save</c>.</param>
    /// <param name="options">What adds to the checkpoint, such as the dictionary of a CTC head.</param>
    /// <exception cref="InvalidDataException">The file is damaged, or its model is not supported.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TrainingCheckpoint Open(string path, ConversionOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new ConversionOptions();
        string name = options.SourceName ?? Path.GetFileName(path);
        PyTorchFile file = PyTorchFile.Open(path);
        try
        {
            return InvalidData.Named(name, () =>
            {
                var checkpoint = SourceCheckpoint.FromPickle(file.Root);
                InvalidData.ThrowIf(checkpoint.Format != SourceCheckpoint.Fairseq, "not a checkpoint of fairseq; convert it to a model file and train that");
                SourceModel model = Layout.ReadAny(checkpoint, options);
                return new TrainingCheckpoint(file, model with { Parameters = [.. model.Parameters, .. PretrainingParameters.Of(model)] }, name);
            });
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether the checkpoint has a parameter.</summary>
    public bool Has(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return _student.ContainsKey(parameter.Name);
    }

    /// <summary>Reads a parameter of the student.</summary>
    /// <returns>The elements in PyTorch's row-major order.</returns>
    /// <exception cref="InvalidDataException">The checkpoint does not have the parameter or has it in another shape, or it is damaged.</exception>
    public float[] Read(Parameter parameter) => Read(parameter, _student);

    /// <summary>Reads a parameter of the teacher, or the student's where the teacher has none of its own.</summary>
    /// <inheritdoc cref="Read(Parameter)"/>
    public float[] ReadTeacher(Parameter parameter) => Read(
        parameter, _teacher ?? throw new InvalidDataException($"{_name}: the checkpoint has no teacher (_ema), which only pretrained checkpoints have"));

    /// <summary>fairseq's name of a parameter, as in the <c>state_dict</c> of the checkpoint's model.</summary>
    /// <returns>The tensor of fairseq, and which part of it the parameter is, for example the first of three for the query's weights of images.</returns>
    /// <exception cref="ArgumentException">fairseq's model has no such parameter.</exception>
    public FairseqTensor FairseqName(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        TensorPlace place = _model.Names.Find(parameter.Name, _model.Checkpoint.Weights)
            ?? throw new ArgumentException($"fairseq has no name for '{parameter.Name}'", nameof(parameter));
        return new FairseqTensor(_model.Checkpoint.Weights.OriginalName(place.Name), place.Part, place.Parts);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private float[] Read(Parameter parameter, Dictionary<string, SourceTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return InvalidData.Named(_name, () =>
        {
            InvalidData.ThrowIf(!tensors.TryGetValue(parameter.Name, out SourceTensor? tensor), $"the checkpoint has no '{parameter.Name}'");
            IReadOnlyList<int> shape = tensor!.Parameter.Shape;
            InvalidData.ThrowIf(
                !shape.SequenceEqual(parameter.Shape),
                $"'{parameter.Name}' has the shape [{string.Join(", ", shape)}] instead of [{string.Join(", ", parameter.Shape)}]");
            tensor.Verify();
            float[] values = new float[parameter.Count];
            tensor.Read(0, values);
            return values;
        });
    }

    private static long CountUpdates(PickleDictionary root) =>
        root.TryGet("optimizer_history", out PickleList? history) && history.Count > 0
        && history[^1] is PickleDictionary last && last.TryGetValue("num_updates", out object? updates) && updates is long and >= 0
            ? (long)updates : 0;
}

/// <summary>A parameter's place in fairseq's <c>state_dict</c>.</summary>
/// <param name="Name">The name of the tensor.</param>
/// <param name="Part">Which part of the tensor's rows it is, counted from 0.</param>
/// <param name="Parts">In how many equal parts the rows are divided; usually 1.</param>
public readonly record struct FairseqTensor(string Name, int Part, int Parts);
