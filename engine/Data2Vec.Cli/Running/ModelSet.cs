using Data2Vec.Architectures;
using Data2Vec.Cli.Inputs;
using Data2Vec.Cli.Output;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Cli.Running;

/// <summary>The models of a command, one per modality: those on the command line, or else the bundled ones.</summary>
internal sealed class ModelSet : IDisposable
{
    private readonly Dictionary<Modality, (Data2VecModel Model, string Path)> _loaded = [];
    private readonly IReadOnlyList<string> _given;
    private readonly IReadOnlyDictionary<Modality, string> _bundled;
    private readonly Func<Backend>? _fallback;
    private readonly TextWriter _error;
    private readonly IDisposable? _device;
    private ModelOptions _options;

    /// <summary>Loads the models on the command line.</summary>
    /// <param name="given">Their paths, at most one per modality.</param>
    /// <param name="bundled">The names of the bundled models.</param>
    /// <param name="options">The settings. The set disposes the device.</param>
    /// <param name="fallback">Creates the device to use if the first one cannot load a model; null if there is none.</param>
    /// <param name="error">Receives a message if the fallback is used.</param>
    public ModelSet(
        IReadOnlyList<string> given, IReadOnlyDictionary<Modality, string> bundled, ModelOptions options, Func<Backend>? fallback, TextWriter error)
    {
        (_given, _bundled, _options, _fallback, _error) = (given, bundled, options, fallback, error);
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

    /// <summary>The model for an input, and the model's file.</summary>
    public (Data2VecModel Model, string Path) For(ModelInput input)
    {
        if (!_loaded.ContainsKey(input.Modality))
        {
            string inputs = input.Modality.Inputs();
            if (_given.Count > 0)
            {
                throw new UsageException($"{input.Names[0]}: no given model takes {inputs}; give one with another --model");
            }

            Add(_bundled.TryGetValue(input.Modality, out string? name) ? Files.Bundled(name) : throw new UsageException($"{input.Names[0]}: this command does not take {inputs}"));
        }

        return _loaded[input.Modality];
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

    private Data2VecModel Load(string path)
    {
        D2vFile file = D2vFile.Open(path);
        bool isVision = ModelArchitecture.All.Any(architecture => architecture.Name == file.Architecture && architecture.Modality == Modality.Vision);
        try
        {
            return Data2VecModel.Load(file, isVision ? _options : _options with { ImageSize = null });
        }
        catch (ArgumentException error) when (_options.ImageSize is not null)
        {
            throw new UsageException($"--image-size {_options.ImageSize}: {TerminalText.WithoutParameter(error.Message)}");
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
            Devices.ReportFallback(problem, _error);
            _options = _options with { Backend = _fallback() };
            return Load(path);
        }
    }

    private void Add(string path)
    {
        Data2VecModel model = LoadOrFallBack(path);
        if (!_loaded.TryAdd(model.Modality, (model, path)))
        {
            model.Dispose();
            throw new UsageException($"{path}: a second model for {model.Modality.Inputs()}; give one model per kind of input");
        }
    }
}
