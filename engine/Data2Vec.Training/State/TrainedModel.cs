using System.Text.Json.Nodes;

namespace Data2Vec.Training.State;

/// <summary>Writes what a run has learned as a model file. Parameters that training alone uses are left out.</summary>
public static unsafe class TrainedModel
{
    /// <summary>Writes a model from the flat buffer of a run.</summary>
    /// <param name="path">The model file, which is created or replaced when it is complete.</param>
    /// <param name="config">The structure of the model.</param>
    /// <param name="parameters">The parameters, and where each is in the buffer: its first float.</param>
    /// <param name="buffer">The address of the student's or the teacher's buffer.</param>
    /// <param name="assets">Files that belong to the model, such as those of the tokenizer; null for none.</param>
    /// <param name="provenance">The model's origin; null for nothing.</param>
    /// <param name="type">The number format of the weights; biases and normalizations are always f32.</param>
    /// <exception cref="InvalidDataException">A number does not fit the number format, or a parameter of the model is missing.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(
        string path, ModelConfig config, IEnumerable<(Parameter Parameter, long Offset)> parameters, nint buffer,
        IReadOnlyDictionary<string, ReadOnlyMemory<byte>>? assets = null, JsonObject? provenance = null, ElementType type = ElementType.F32)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Write(
            path,
            config,
            parameters.ToDictionary(entry => entry.Parameter.Name, entry =>
            {
                TensorDeclaration declared = entry.Parameter.Declare(ElementType.F32);
                return new WeightData(buffer + (nint)(entry.Offset * sizeof(float)), declared.Type, declared.Layout, declared.Shape) { Groups = declared.Groups };
            }),
            assets ?? new Dictionary<string, ReadOnlyMemory<byte>>(),
            provenance,
            type);
    }

    /// <summary>Writes a model from the student or the teacher in a state.</summary>
    /// <param name="path">The model file.</param>
    /// <param name="model">The result of <see cref="TrainingState.OpenStudent"/> or <see cref="TrainingState.OpenTeacher"/>.</param>
    /// <param name="provenance">The model's origin; null for nothing.</param>
    /// <param name="type">The number format of the weights.</param>
    /// <inheritdoc cref="Write(string, ModelConfig, IEnumerable{ValueTuple{Parameter, long}}, nint, IReadOnlyDictionary{string, ReadOnlyMemory{byte}}, JsonObject, ElementType)"/>
    public static void Write(string path, D2vFile model, JsonObject? provenance = null, ElementType type = ElementType.F32)
    {
        ArgumentNullException.ThrowIfNull(model);
        Write(
            path,
            ModelConfig.FromJson(model.Config, model.Architecture),
            model.Tensors.Values.ToDictionary(
                tensor => tensor.Name, tensor => new WeightData(model.Pointer(tensor), tensor.Type, tensor.Layout, tensor.Shape) { Groups = tensor.Groups }),
            model.Assets.Keys.ToDictionary(name => name, name => (ReadOnlyMemory<byte>)model.Asset(name).ToArray()),
            provenance,
            type);
        GC.KeepAlive(model);
    }

    private static void Write(
        string path, ModelConfig config, Dictionary<string, WeightData> values, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> assets, JsonObject? provenance,
        ElementType type)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var parameters = new List<(Parameter Parameter, WeightData Values)>();
        foreach (Parameter parameter in config.ListParameters())
        {
            if (values.TryGetValue(parameter.Name, out WeightData? found))
            {
                parameters.Add((parameter with { Shape = found.Shape }, found));
            }
            else if (!parameter.IsOptional)
            {
                throw new InvalidDataException($"the model has no '{parameter.Name}'");
            }
        }

        var contents = new D2vContents
        {
            Architecture = config.Architecture,
            Config = config.ToJson(),
            Provenance = provenance ?? [],
            Tensors = [.. parameters.Select(entry => entry.Parameter.Declare(type))],
        };
        foreach ((string name, ReadOnlyMemory<byte> asset) in assets)
        {
            contents.Assets.Add(name, asset);
        }

        using D2vWriter writer = D2vWriter.Create(path, contents);
        foreach ((Parameter parameter, WeightData weight) in parameters)
        {
            float[] elements = weight.ToArray();
            writer.Write(parameter.Name, (start, destination) => elements.AsSpan((int)start, destination.Length).CopyTo(destination));
        }

        writer.Complete();
    }
}
