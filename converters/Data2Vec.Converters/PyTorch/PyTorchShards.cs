using Data2Vec.Converters.Safetensors;

namespace Data2Vec.Converters.PyTorch;

/// <summary>The tensors of a <c>state_dict</c> in several files beside an index (<c>pytorch_model.bin.index.json</c>).</summary>
internal sealed class PyTorchShards : IDisposable
{
    private readonly List<PyTorchFile> _files = [];
    private readonly Dictionary<string, object?> _entries = new(StringComparer.Ordinal);

    private PyTorchShards()
    {
    }

    /// <summary>The entries of all files by their names.</summary>
    public IReadOnlyDictionary<string, object?> Entries => _entries;

    /// <summary>Opens the files that an index names.</summary>
    /// <exception cref="InvalidDataException">A file is damaged, missing, or does not hold the tensors that the index says it does.</exception>
    /// <exception cref="IOException">A file cannot be opened or read.</exception>
    public static PyTorchShards Open(string index)
    {
        var shards = new PyTorchShards();
        try
        {
            shards.AddAll(index);
            return shards;
        }
        catch
        {
            shards.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (PyTorchFile file in _files)
        {
            file.Dispose();
        }
    }

    private void AddAll(string index)
    {
        string indexName = Path.GetFileName(index), folder = Path.GetDirectoryName(index) ?? "";
        Dictionary<string, string> map = InvalidData.Named(indexName, () => SafetensorsIndex.Read(index, ".bin"));
        foreach (IGrouping<string, string> tensors in map.GroupBy(entry => entry.Value, entry => entry.Key))
        {
            string path = Path.Combine(folder, tensors.Key);
            InvalidData.ThrowIf(!File.Exists(path), $"{indexName}: {tensors.Key}, which holds tensor {PickleText.Quote(tensors.First())}, is not in its folder");
            PyTorchFile file = PyTorchFile.Open(path);
            _files.Add(file);
            PickleDictionary entries = file.Root as PickleDictionary ?? throw new InvalidDataException($"{tensors.Key}: no dictionary of tensors");
            foreach (string name in tensors)
            {
                InvalidData.ThrowIf(!entries.TryGetValue(name, out object? value), $"{tensors.Key}: lacks tensor {PickleText.Quote(name)}, which {indexName} says it holds");
                _entries.Add(name, value);
            }

            foreach (string name in entries.Select(entry => entry.Key).OfType<string>())
            {
                InvalidData.ThrowIf(map.GetValueOrDefault(name) != tensors.Key, $"{tensors.Key}: {indexName} does not say that tensor {PickleText.Quote(name)} is in this file");
            }
        }
    }
}
