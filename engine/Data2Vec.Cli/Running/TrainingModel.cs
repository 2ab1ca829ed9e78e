using Data2Vec.Converters.Training;
using Data2Vec.Kernels;
using Data2Vec.Parameters;
using Data2Vec.Text;
using Data2Vec.Training.Recipes;
using Data2Vec.Training.Runs;
using Data2Vec.Training.State;

namespace Data2Vec.Cli;

/// <summary>The model that a run starts from, and the file that it may have to be read from until the run has begun.</summary>
internal sealed class TrainingModel : IDisposable
{
    private readonly TrainingCheckpoint? _checkpoint;

    private TrainingModel(string? name, ModelStart start, TrainingCheckpoint? checkpoint = null) => (Name, Start, _checkpoint) = (name, start, checkpoint);

    /// <summary>The model as it was given; null for a new one.</summary>
    public string? Name { get; }

    public ModelStart Start { get; }

    /// <summary>What a user should know of the model before it is trained.</summary>
    public IEnumerable<string> Notes => Start.WeightType == ElementType.F32 ? [] :
        [$"{Name} has weights in {OptionFactory.DtypeName(Start.WeightType)}, so the run starts from rounded ones; those of a model converted with --dtype f32 are exact"];

    /// <summary>The new model of a recipe.</summary>
    public static TrainingModel New(string name, PretrainingRecipe recipe, string? tokenizer)
    {
        bool isText = recipe.Modality == Modality.Text;
        if (isText && tokenizer is null)
        {
            throw new UsageException($"a new text model needs --tokenizer: {TokenizerFolder.Contents}");
        }

        RefuseTokenizer(isText, tokenizer);
        TextTokenizer? read = tokenizer is null ? null : TokenizerFolder.Read(tokenizer);
        return new TrainingModel(null, Named(name, () => ModelStart.New(recipe, read)));
    }

    /// <summary>Opens a model file, the folder of a run, a checkpoint of fairseq, or a model that was pulled.</summary>
    public static TrainingModel Open(string given, string? tokenizer)
    {
        string path = ModelName.ResolveRun(given, TrainingState.FileName);
        bool isCheckpoint = OptionFactory.HasExtension(path, ".pt") || OptionFactory.HasExtension(path, ".pth");
        TrainingCheckpoint? checkpoint = isCheckpoint ? TrainingCheckpoint.Open(path) : null;
        try
        {
            ModelStart start = checkpoint is null ? ModelStart.Open(path) : From(checkpoint);
            RefuseTokenizer(start.Config.Modality == Modality.Text, tokenizer);
            return new TrainingModel(given, tokenizer is null ? start : Named(tokenizer, () => start.With(TokenizerFolder.Read(tokenizer))), checkpoint);
        }
        catch
        {
            checkpoint?.Dispose();
            throw;
        }
    }

    /// <summary>Requires a model of the recipe's modality.</summary>
    /// <exception cref="InvalidDataException">The model has another.</exception>
    public void RequireFit(string recipe, Modality modality)
    {
        if (Start.Config.Modality != modality)
        {
            throw new InvalidDataException($"{recipe} is a recipe for {modality.Inputs()}, and {Name ?? "its model"} takes {Start.Config.Modality.Inputs()}");
        }
    }

    public void Dispose() => _checkpoint?.Dispose();

    private static ModelStart From(TrainingCheckpoint checkpoint)
    {
        Dictionary<string, Parameter> there = checkpoint.Parameters.ToDictionary(parameter => parameter.Name, StringComparer.Ordinal);

        // A head for another number of labels is made anew.
        return new ModelStart(
            checkpoint.Config,
            parameter => there.TryGetValue(parameter.Name, out Parameter? found) && found.Shape.SequenceEqual(parameter.Shape) ? checkpoint.Read(parameter) : null);
    }

    private static T Named<T>(string name, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException(BadInputs.Named(name, error.Message), error);
        }
    }

    private static void RefuseTokenizer(bool isText, string? tokenizer)
    {
        if (!isText && tokenizer is not null)
        {
            throw new UsageException("--tokenizer is for text models");
        }
    }
}
