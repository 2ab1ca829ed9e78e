using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Converters.Onnx;

/// <summary>
/// The weights of a model that was exported to ONNX from PyTorch. The numbers stay in the file until they are asked for. The graph is not run: it tells which
/// tensor is which, because exporters take the names of the matrices of linear layers away.
/// </summary>
internal sealed class OnnxFile : IDisposable
{
    private readonly List<SafeFileHandle> _files = [];
    private readonly Dictionary<string, FileRegion> _others = new(StringComparer.Ordinal);

    private OnnxFile()
    {
    }

    /// <summary>The weights, under the names that they had in PyTorch.</summary>
    public IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; private set; } = new Dictionary<string, CheckpointTensor>();

    /// <summary>What the graph tells of the structure of the model.</summary>
    public OnnxStructure Structure { get; private set; } = OnnxStructure.Unknown;

    /// <summary>Whether a file is an ONNX model by its name.</summary>
    public static bool IsName(string path) => path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidDataException">It is not an ONNX model, damaged, or was changed in a way that hides its weights. The message names it.</exception>
    /// <exception cref="IOException">The file, or one with its weights, cannot be read.</exception>
    public static OnnxFile Open(string path)
    {
        var file = new OnnxFile();
        try
        {
            InvalidData.Named(Path.GetFileName(path), () => file.Read(path));
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _files.ForEach(file => file.Dispose());

    private OnnxFile Read(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        (IReadOnlyList<OnnxNode> nodes, IReadOnlyList<OnnxTensor> tensors) = OnnxReader.Read(OpenRegion(path), location => (offset, length) =>
        {
            FileRegion other = Other(folder, location);
            length ??= other.Length - offset;
            InvalidData.ThrowIf(offset > other.Length || length < 0 || length > other.Length - offset, $"its bytes are beyond the end of {PickleText.Quote(location)}");
            return other.Part(offset, length.Value);
        });
        var graph = new OnnxGraph(nodes, tensors);
        (Tensors, Structure) = (graph.Weights(), graph.Structure());
        return this;
    }

    /// <summary>A file with weights, which must be in the folder of the model.</summary>
    private FileRegion Other(string folder, string location)
    {
        if (!_others.TryGetValue(location, out FileRegion? region))
        {
            InvalidData.ThrowIf(
                Path.IsPathRooted(location) || location.Contains(':', StringComparison.Ordinal) || location.Split('/', '\\').Any(part => part is ".." or ""),
                $"its numbers are in {PickleText.Quote(location)}, which is not in the folder of the model");
            string path = Path.Combine(folder, location);
            InvalidData.ThrowIf(!File.Exists(path), $"its numbers are in {PickleText.Quote(location)}, which is not there; put it beside the model");
            _others.Add(location, region = OpenRegion(path));
        }

        return region;
    }

    private FileRegion OpenRegion(string path)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        _files.Add(file);
        return new FileRegion(file, 0, RandomAccess.GetLength(file));
    }
}
