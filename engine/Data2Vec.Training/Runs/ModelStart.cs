using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.Audio;
using Data2Vec.Text;
using Data2Vec.Training.FineTuning;
using Data2Vec.Training.Recipes;
using Data2Vec.Training.State;

namespace Data2Vec.Training.Runs;

/// <summary>The model that a run starts from: its structure, its values, and the files that belong to it.</summary>
/// <param name="Config">The structure.</param>
/// <param name="Read">The values of a parameter, row-major; null if the model does not have it.</param>
public sealed record ModelStart(ModelConfig Config, Func<Parameter, float[]?> Read)
{
    /// <summary>Files that belong to the model, such as those of the tokenizer.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Assets { get; init; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>The number format in which the model keeps its weights.</summary>
    public ElementType WeightType { get; init; } = ElementType.F32;

    /// <summary>The shape in which the model stores a parameter whose dimensions may be 1, for all layers or heads in common.</summary>
    internal Func<Parameter, IReadOnlyList<int>> ShapeOf { get; init; } = parameter => parameter.Shape;

    /// <summary>Starts from a model file, or from the state of a run, whose student also has what pretraining alone uses.</summary>
    /// <param name="path">A <c>.d2v</c> file, or the folder of a run.</param>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ModelStart Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string state = Directory.Exists(path) ? Path.Combine(path, TrainingState.FileName) : path;
        using D2vFile file = D2vFile.Open(state);
        if (file.Architecture == TrainingState.Architecture)
        {
            using TrainingState run = TrainingState.Open(state);
            using D2vFile student = run.OpenStudent();
            return Copy(student);
        }

        return Copy(file);
    }

    /// <summary>A new model, with the values that training starts from.</summary>
    /// <param name="config">The structure.</param>
    /// <exception cref="InvalidDataException">Models of this structure cannot be trained.</exception>
    public static ModelStart New(ModelConfig config)
    {
        TrainableModels.Require(config);
        return new ModelStart(config, parameter => null);
    }

    /// <summary>The new model of a recipe.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="tokenizer">The tokenizer of a text model, which gives the size of its vocabulary; null for other models.</param>
    /// <exception cref="InvalidDataException">The recipe describes no model, or one that is not possible.</exception>
    public static ModelStart New(PretrainingRecipe recipe, TextTokenizer? tokenizer = null)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        if (recipe.Model?.DeepClone() is not JsonObject model || model["architecture"]?.GetValueKind() != JsonValueKind.String)
        {
            throw new InvalidDataException("the recipe has no 'model' with its 'architecture'; start from a model");
        }

        string architecture = model["architecture"]!.GetValue<string>();
        model.Remove("architecture");
        if (tokenizer is not null)
        {
            model["vocabulary_size"] = tokenizer.VocabularySize;
        }

        using JsonDocument json = JsonDocument.Parse(model.ToJsonString());
        ModelStart start = New(ModelConfig.FromJson(json.RootElement, architecture));
        return tokenizer is null ? start : start.With(tokenizer);
    }

    /// <summary>The tokenizer that belongs to a text model; null if there is none.</summary>
    /// <exception cref="InvalidDataException">The tokenizer is damaged, or does not belong to the model.</exception>
    public TextTokenizer? ReadTokenizer() => Config is TextConfig text
        ? TextModel.ReadTokenizer(text, name => Assets.TryGetValue(name, out ReadOnlyMemory<byte> asset) ? asset.ToArray() : null)
        : null;

    /// <summary>The same text model with a tokenizer.</summary>
    /// <exception cref="InvalidDataException">The tokenizer does not belong to the model.</exception>
    public ModelStart With(TextTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (Config is not TextConfig text)
        {
            throw new InvalidDataException($"a model of {Config.Modality.Inputs()} has no tokenizer");
        }

        TextConfig config = text.With(tokenizer);
        var assets = new Dictionary<string, ReadOnlyMemory<byte>>(Assets);
        foreach ((string name, ReadOnlyMemory<byte> file) in tokenizer.ToAssets().Files)
        {
            assets[name] = file;
        }

        return this with { Config = config, Assets = assets };
    }

    /// <summary>The same model without its head, for pretraining or for a new head.</summary>
    internal ModelStart WithoutHead() => this with
    {
        Config = Config is AudioConfig speech ? speech with { Labels = null, Ctc = null } : Config with { Labels = null },
        Read = parameter => FineTuningRules.IsHead(parameter.Name) ? null : Read(parameter),
    };

    /// <summary>The same model for a task. Its head is kept if it gives the same labels, or a number as the task does.</summary>
    internal ModelStart For(ModelConfig task)
    {
        bool isNumber = task.HeadFunction == HeadFunction.None && Config.HeadFunction == HeadFunction.None && task.Labels?.Count == 1 && Config.Labels?.Count == 1;
        return isNumber || (Config.Labels is { } labels && labels.SequenceEqual(task.Labels ?? [])) ? this : WithoutHead();
    }

    /// <summary>Gives the values of each parameter, or those that training starts from where the model has none.</summary>
    internal Func<Parameter, float[]?> Values(ulong seed)
    {
        Parameter? first = Config.ListParameters().FirstOrDefault(parameter => !parameter.IsOptional && parameter.Name.StartsWith("encoder.0.", StringComparison.Ordinal));
        bool hasLayers = first is not null && Read(first) is not null;
        return parameter =>
        {
            if (Read(parameter) is { } values)
            {
                return values;
            }

            if (parameter.IsOptional && (hasLayers || !IsInNewModels(parameter.Name)))
            {
                return null;
            }

            var initial = new float[parameter.Count];
            parameter.Initial.Fill(parameter, seed, 0, initial);
            return initial;
        };
    }

    /// <summary>Of the optional parameters, fairseq's new models have the scales and the table of relative positions that all layers share.</summary>
    private static bool IsInNewModels(string name) =>
        name.EndsWith("_scale", StringComparison.Ordinal) || name.StartsWith("relative_position_bias.", StringComparison.Ordinal);

    private static ModelStart Copy(D2vFile file)
    {
        ModelConfig config = ModelConfig.FromJson(file.Config, file.Architecture);
        TrainableModels.Require(config);
        if (config.Embedding.Dense.Count > 0)
        {
            throw new InvalidDataException($"{file.Path}: the model has dense layers after its pooling (sentence-transformers' Dense), which cannot be trained");
        }

        // Values are copied, so that the file may be replaced during the run.
        var values = new Dictionary<string, (IReadOnlyList<int> Shape, float[] Values)>(StringComparer.Ordinal);
        foreach (TensorInfo tensor in file.Tensors.Values)
        {
            var data = new WeightData(file.Pointer(tensor), tensor.Type, tensor.Layout, tensor.Shape) { Groups = tensor.Groups };
            values.Add(tensor.Name, (tensor.Shape, data.ToArray()));
        }

        GC.KeepAlive(file);
        return new ModelStart(
            config,
            parameter => values.TryGetValue(parameter.Name, out var found) && found.Shape.SequenceEqual(parameter.Shape) ? found.Values : null)
        {
            ShapeOf = parameter => values.TryGetValue(parameter.Name, out var found) ? found.Shape : parameter.Shape,
            WeightType = file.Tensors.Values.Select(tensor => tensor.Type).FirstOrDefault(type => type != ElementType.F32, ElementType.F32),
            Assets = file.Assets.Keys.ToDictionary(name => name, name => (ReadOnlyMemory<byte>)file.Asset(name).ToArray()),
        };
    }
}
