namespace Data2Vec.Training.State;

/// <summary>
/// The state of a run in one file: the student, the teacher, Adam's moments, and where the run stands. It is a model file of the architecture
/// <c>data2vec-training</c>, whose tensors are <c>student.NAME</c>, <c>teacher.NAME</c>, <c>adam.mean.NAME</c> and <c>adam.square.NAME</c>.
/// </summary>
public sealed unsafe class TrainingState : IDisposable
{
    /// <summary>The architecture that the file names.</summary>
    public const string Architecture = "data2vec-training";

    /// <summary>The name of the file in the folder of a run.</summary>
    public const string FileName = "state.d2v";

    private readonly D2vFile _file;

    private TrainingState(D2vFile file)
    {
        _file = file;
        Progress = TrainingProgress.FromJson(file.Config);
    }

    /// <summary>Where the run stood.</summary>
    public TrainingProgress Progress { get; }

    /// <summary>Whether the state has a teacher.</summary>
    public bool HasTeacher => _file.Tensors.Keys.Any(name => name.StartsWith("teacher.", StringComparison.Ordinal));

    /// <summary>Saves a state. The file is replaced when the new one is complete and on the disk, so that there is a whole state at any time.</summary>
    /// <param name="path">The file. Unfinished files beside it, which a killed process left, are removed.</param>
    /// <param name="progress">Where the run stands.</param>
    /// <param name="parameters">The parameters, and where each is in the buffers: its first float.</param>
    /// <param name="buffers">The buffers.</param>
    /// <param name="assets">Files that belong to the model, such as those of the tokenizer; null for none.</param>
    /// <exception cref="IOException">The file cannot be written; the old one is unchanged.</exception>
    public static void Save(
        string path, TrainingProgress progress, IReadOnlyList<(Parameter Parameter, long Offset)> parameters, TrainingBuffers buffers,
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>>? assets = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(progress);
        ArgumentNullException.ThrowIfNull(parameters);
        RemoveUnfinished(path);
        var contents = new D2vContents
        {
            Architecture = Architecture,
            Config = progress.ToJson(buffers.Teacher != 0),
            Tensors = [.. buffers.Named().SelectMany(buffer => parameters.Select(entry => Declare(buffer.Name, entry.Parameter)))],
        };
        foreach ((string name, ReadOnlyMemory<byte> asset) in assets ?? new Dictionary<string, ReadOnlyMemory<byte>>())
        {
            contents.Assets.Add($"student.{name}", asset);
        }

        using D2vWriter writer = D2vWriter.Create(path, contents);
        foreach ((string name, nint address) in buffers.Named())
        {
            foreach ((Parameter parameter, long offset) in parameters)
            {
                writer.Write($"{name}.{parameter.Name}", sink => sink.WriteAll(address + (nint)(offset * sizeof(float))));
            }
        }

        writer.Complete();
    }

    /// <summary>Opens a state and checks every byte of it.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or not a state.</exception>
    public static TrainingState Open(string path)
    {
        D2vFile file = D2vFile.Open(path);
        try
        {
            return file.Architecture == Architecture
                ? IO.FileErrors.Named(path, () => new TrainingState(file))
                : throw new InvalidDataException($"{path}: a model of the architecture '{file.Architecture}', not the state of a training run");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Copies the state into the buffers of a run.</summary>
    /// <param name="parameters">The parameters, and where each is in the buffers.</param>
    /// <param name="buffers">The buffers, each of which the state must have.</param>
    /// <exception cref="InvalidDataException">The state is of another model.</exception>
    public void Restore(IReadOnlyList<(Parameter Parameter, long Offset)> parameters, TrainingBuffers buffers)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        (TensorInfo Tensor, nint Address)[] copies =
        [
            .. buffers.Named().SelectMany(buffer => parameters.Select(entry =>
                (Find(Declare(buffer.Name, entry.Parameter)), buffer.Address + (nint)(entry.Offset * sizeof(float))))),
        ];
        if (copies.Length != _file.Tensors.Count)
        {
            var known = copies.Select(copy => copy.Tensor.Name).ToHashSet(StringComparer.Ordinal);
            throw new InvalidDataException($"{_file.Path}: the model of the run has no place for '{_file.Tensors.Keys.First(name => !known.Contains(name))}'");
        }

        foreach ((TensorInfo tensor, nint address) in copies)
        {
            Buffer.MemoryCopy((void*)_file.Pointer(tensor), (void*)address, tensor.Bytes, tensor.Bytes);
        }

        GC.KeepAlive(_file);
    }

    /// <summary>Reads a tensor, such as <c>adam.mean.NAME</c>, in PyTorch's row-major order.</summary>
    /// <exception cref="InvalidDataException">There is none of that name.</exception>
    public float[] Read(string name)
    {
        TensorInfo tensor = _file.Tensor(name);
        float[] values = new float[tensor.Count];
        _file.Read(tensor, values);
        return values;
    }

    /// <summary>Opens the student as a model file.</summary>
    public D2vFile OpenStudent() => _file.Part("student");

    /// <summary>Opens the teacher as a model file.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public D2vFile OpenTeacher() => _file.Part("teacher");

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static TensorDeclaration Declare(string buffer, Parameter parameter)
    {
        TensorDeclaration declared = parameter.Declare(ElementType.F32);
        return declared with { Name = $"{buffer}.{parameter.Name}" };
    }

    private TensorInfo Find(TensorDeclaration declared)
    {
        TensorInfo tensor = _file.Tensor(declared.Name);
        bool fits = tensor.Type == declared.Type && tensor.Layout == declared.Layout && tensor.Groups == declared.Groups && tensor.Shape.SequenceEqual(declared.Shape);
        return fits ? tensor : throw new InvalidDataException(
            $"{_file.Path}: tensor '{tensor.Name}' is [{string.Join(", ", tensor.Shape)}], and the model of the run has [{string.Join(", ", declared.Shape)}]");
    }

    private static void RemoveUnfinished(string path)
    {
        string full = Path.GetFullPath(path);
        foreach (string unfinished in Directory.EnumerateFiles(Path.GetDirectoryName(full)!, $"{Path.GetFileName(full)}.*.tmp"))
        {
            File.Delete(unfinished);
        }
    }
}
