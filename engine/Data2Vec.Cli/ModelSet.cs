using Data2Vec.Architectures;
using Data2Vec.Cli.Inputs;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Cli;

/// <summary>The models of a command, one for each kind of input: those that are given, else those that ship with the program.</summary>
internal sealed class ModelSet : IDisposable
{
    private readonly Dictionary<InputKind, (Data2VecModel Model, string Path)> _loaded = [];
    private readonly IReadOnlyList<string> _given;
    private readonly IReadOnlyDictionary<InputKind, string> _shipped;
    private readonly Func<Backend>? _fallback;
    private readonly TextWriter _error;
    private readonly IDisposable? _device;
    private ModelOptions _options;

    /// <summary>Loads the models that are given.</summary>
    /// <param name="given">Their paths, at most one for each kind.</param>
    /// <param name="shipped">The names of those that ship with the program.</param>
    /// <param name="options">How to load them, and on which device, which is let go with them.</param>
    /// <param name="fallback">Makes the device that is taken where models cannot be loaded on that of the options; null where there is none.</param>
    /// <param name="error">Told that it is taken, and why.</param>
    public ModelSet(
        IReadOnlyList<string> given, IReadOnlyDictionary<InputKind, string> shipped, ModelOptions options, Func<Backend>? fallback, TextWriter error)
    {
        (_given, _shipped, _options, _fallback, _error) = (given, shipped, options, fallback, error);
        _device = options.Backend as IDisposable;
        try
        {
            foreach (string path in given)
            {
                Add(Files.RequireFile(path));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The model for a kind of input, and its file.</summary>
    public (Data2VecModel Model, string Path) For(ModelInput input)
    {
        if (_loaded.TryGetValue(input.Kind, out (Data2VecModel Model, string Path) model))
        {
            return model;
        }

        if (_given.Count > 0)
        {
            throw new UsageException($"{input.Names[0]}: none of the models given takes {Plural(input.Kind)}; give one for them too, with another --model");
        }

        if (!_shipped.TryGetValue(input.Kind, out string? name))
        {
            throw new UsageException($"{input.Names[0]}: this command has no use for {Plural(input.Kind)}");
        }

        Add(Files.Shipped(name));
        return _loaded[input.Kind];
    }

    public void Dispose()
    {
        foreach ((Data2VecModel model, _) in _loaded.Values)
        {
            model.Dispose();
        }

        _loaded.Clear();
        _device?.Dispose();
    }

    private static InputKind KindOf(Data2VecModel model) =>
        model.Modality switch { Modality.Speech => InputKind.Speech, Modality.Vision => InputKind.Image, _ => InputKind.Text };

    private static string Plural(InputKind kind) => kind switch
    {
        InputKind.Speech => "recordings",
        InputKind.Image => "images",
        _ => "texts",
    };

    private Data2VecModel Load(string path)
    {
        if (_options.ImageSize is null)
        {
            return Data2VecModel.Load(path, _options);
        }

        D2vFile file = D2vFile.Open(path);
        bool takesImages = ModelArchitecture.All.Any(architecture => architecture.Name == file.Architecture && architecture.Modality == Modality.Vision);
        try
        {
            return Data2VecModel.Load(file, takesImages ? _options : _options with { ImageSize = null });
        }
        catch (ArgumentException error)
        {
            throw new UsageException($"--image-size {_options.ImageSize}: {error.Message.Split(" (Parameter ")[0]}");
        }
    }

    private Data2VecModel LoadOrFallBack(string path)
    {
        try
        {
            return Load(path);
        }
        catch (Exception problem) when (_fallback is not null && Devices.IsAtFault(problem))
        {
            Devices.TellFallback(problem, _error);
            _options = _options with { Backend = _fallback() };
            return Load(path);
        }
    }

    private void Add(string path)
    {
        Data2VecModel model = LoadOrFallBack(path);
        if (_loaded.TryAdd(KindOf(model), (model, path)))
        {
            return;
        }

        model.Dispose();
        throw new UsageException($"{path}: a second model for {Plural(KindOf(model))}; give one for each kind of input");
    }
}
