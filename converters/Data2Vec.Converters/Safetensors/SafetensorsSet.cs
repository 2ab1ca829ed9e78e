namespace Data2Vec.Converters.Safetensors;

/// <summary>The tensors of a model that is stored in one safetensors file, or in several beside an index (<c>model.safetensors.index.json</c>).</summary>
public sealed class SafetensorsSet : IDisposable
{
    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, CheckpointTensor> _tensors = [];

    private SafetensorsSet()
    {
    }

    /// <summary>The files that hold the tensors, in the order in which the index names them.</summary>
    public IReadOnlyList<SafetensorsFile> Files => _files;

    /// <summary>The tensors of all files by their names.</summary>
    public IReadOnlyDictionary<string, CheckpointTensor> Tensors => _tensors;

    /// <summary>Opens a safetensors file, or the files that an index names, which is told by its name's ending in <c>.json</c>.</summary>
    /// <exception cref="InvalidDataException">
    /// A file breaks the format, is missing, or does not hold exactly the tensors that the index says it does; the message names the file, the tensor
    /// and what is wrong.
    /// </exception>
    /// <exception cref="IOException">A file cannot be opened or read.</exception>
    public static SafetensorsSet Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var set = new SafetensorsSet();
        try
        {
            if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            {
                set.AddIndexed(path);
            }
            else
            {
                set.Add(path);
            }

            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>Closes the files. The tensors can no longer be read.</summary>
    public void Dispose()
    {
        foreach (SafetensorsFile file in _files)
        {
            file.Dispose();
        }
    }

    private void Add(string path, Action<SafetensorsFile>? check = null)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        _files.Add(file);
        check?.Invoke(file);
        foreach ((string name, CheckpointTensor tensor) in file.Tensors)
        {
            _tensors.Add(name, tensor);
        }
    }

    private void AddIndexed(string path)
    {
        string indexName = Path.GetFileName(path);
        string folder = Path.GetDirectoryName(path) ?? "";
        Dictionary<string, string> map = InvalidData.Named(indexName, () => SafetensorsIndex.Read(path));
        foreach (IGrouping<string, string> tensors in map.GroupBy(entry => entry.Value, entry => entry.Key))
        {
            string file = Path.Combine(folder, tensors.Key);
            InvalidData.ThrowIf(
                !File.Exists(file),
                $"{indexName}: {tensors.Key}, which holds tensor '{PickleText.Quote(tensors.First())}', is not in its folder");

            Add(file, shard => CheckShard(shard, tensors, map, indexName));
        }
    }

    private static void CheckShard(SafetensorsFile shard, IEnumerable<string> tensors, Dictionary<string, string> map, string indexName)
    {
        string? missing = tensors.FirstOrDefault(name => !shard.Tensors.ContainsKey(name));
        InvalidData.ThrowIf(missing is not null, $"{shard.FileName}: lacks tensor '{PickleText.Quote(missing!)}', which {indexName} says it holds");
        foreach (string name in shard.Tensors.Keys)
        {
            string tensor = $"{shard.FileName}: tensor '{PickleText.Quote(name)}'";
            string? file = map.GetValueOrDefault(name);
            InvalidData.ThrowIf(file is null, $"{tensor} is not in {indexName}");
            InvalidData.ThrowIf(file != shard.FileName, $"{tensor} is in this file, but {indexName} says it is in {file}");
        }
    }
}
