using Data2Vec.Architectures;
using Data2Vec.ModelFile;

namespace Data2Vec.Cli;

/// <summary>The models of a command, one per modality: those on the command line, or else the bundled ones. The set owns the device.</summary>
internal sealed class ModelSet : IDisposable
{
    private readonly Dictionary<Modality, (Data2VecModel Model, string Path)> _loaded = [];
    private readonly IReadOnlyList<string> _given;
    private readonly IReadOnlyDictionary<Modality, string> _bundled;
    private readonly Device _device;
    private readonly int? _imageSize;

    public ModelSet(IReadOnlyList<string> given, IReadOnlyDictionary<Modality, string> bundled, Device device, int? imageSize = null, LimitedOptions? limited = null)
    {
        (_given, _bundled, _device, Limited, _imageSize) = (given, bundled, device, limited ?? LimitedOptions.None, imageSize);
        try
        {
            foreach (string path in given)
            {
                Add(ModelName.Resolve(path));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The options that apply to some inputs only.</summary>
    public LimitedOptions Limited { get; }

    /// <summary>The kinds of inputs that the models take.</summary>
    public InputKinds Kinds => _given.Count > 0
        ? new InputKinds([.. _loaded.Keys], inputs => $"no given model takes {inputs}; give one with another --model")
        : new InputKinds([.. _bundled.Keys], inputs => $"this command does not take {inputs}");

    /// <summary>The kind of inputs that the model of a file takes.</summary>
    public InputKinds KindsOf(string path) => new([_loaded.Single(entry => entry.Value.Path == path).Key], inputs => $"the query is of another kind, and cannot be compared with {inputs}");

    /// <summary>The model for a kind of input, and the model's file.</summary>
    /// <exception cref="InvalidDataException">No model takes the inputs.</exception>
    public (Data2VecModel Model, string Path) For(Modality modality)
    {
        if (!_loaded.ContainsKey(modality))
        {
            Kinds.Require(modality);
            Add(Files.Bundled(_bundled[modality]));
        }

        return _loaded[modality];
    }

    public void Dispose()
    {
        foreach ((Data2VecModel model, _) in _loaded.Values)
        {
            model.Dispose();
        }

        _loaded.Clear();
        _device.Dispose();
    }

    private void Add(string path)
    {
        Data2VecModel model = _device.Load(backend =>
        {
            D2vFile file = D2vFile.Open(path);
            bool isVision = ModelArchitecture.All.Any(architecture => architecture.Name == file.Architecture && architecture.Modality == Modality.Vision);
            try
            {
                return Data2VecModel.Load(file, new ModelOptions { Backend = backend, ImageSize = isVision ? _imageSize : null });
            }
            catch (ArgumentException error) when (_imageSize is not null)
            {
                throw new UsageException($"--image-size {_imageSize}: {TerminalText.WithoutParameter(error.Message)}");
            }
        });
        if (!_loaded.TryAdd(model.Modality, (model, path)))
        {
            model.Dispose();
            throw new UsageException($"{path}: a second model for {model.Modality.Inputs()}; give one model per kind of input");
        }
    }
}
