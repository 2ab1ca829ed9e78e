using System.Text;

namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// The container of PyTorch 1.6 and later: a zip file with one folder of any name, in it <c>data.pkl</c>, the pickle, and
/// <c>data/KEY</c>, the storages.
/// </summary>
internal sealed class ZipContainer(FileRegion file, Inflater inflater)
{
    public const string BigEndian = "the checkpoint was saved on a big-endian machine, which is not supported; save it on another";

    private const int MaxPickleBytes = 64 << 20;

    private readonly ZipDirectory _directory = new(file);

    /// <summary>Reads the value of the pickle and finds the storages of its tensors.</summary>
    public object? Load()
    {
        string root = FindRoot();
        CheckByteOrder(root);
        ByteRegion pickle = FindPickle(root);
        using var stream = new RegionStream(pickle);
        var budget = new PickleBudget();
        var objects = new PyTorchObjects(budget);
        var input = new PickleInput(stream, pickle.Length);
        object? value = new PickleMachine(input, budget, objects).Run();
        InvalidData.ThrowIf(input.Remaining > 0, $"{input.Remaining} bytes follow the pickle in data.pkl; no checkpoint has them");
        foreach (PyTorchStorage storage in objects.Storages.Values)
        {
            storage.Region = FindStorage(root, storage);
        }

        return value;
    }

    private string FindRoot()
    {
        string[] roots = [.. _directory.Entries
            .Select(entry => entry.Name.Split('/', 3))
            .Where(parts => parts is [_, "data.pkl"])
            .Select(parts => parts[0])
            .Take(2)];
        InvalidData.ThrowIf(roots.Length > 1, "the zip file has several data.pkl; one is expected");
        InvalidData.ThrowIf(roots.Length == 0, "a zip file, but not a PyTorch checkpoint (it has no data.pkl); unpack it if the checkpoint is inside");
        InvalidData.ThrowIf(
            _directory.TryGetEntry($"{roots[0]}/constants.pkl", out _)
                && _directory.Entries.Any(entry => entry.Name.StartsWith($"{roots[0]}/code/", StringComparison.Ordinal)),
            "a TorchScript program, not a checkpoint; save the model's state_dict() with torch.save instead");
        return roots[0];
    }

    private void CheckByteOrder(string root)
    {
        if (!_directory.TryGetEntry($"{root}/byteorder", out ZipEntry? entry))
        {
            return;
        }

        Span<byte> text = stackalloc byte[(int)Math.Min(entry.Length, 16)];
        Open(entry).Read(0, text);
        string order = Encoding.Latin1.GetString(text);
        InvalidData.ThrowIf(order == "big", BigEndian);
        InvalidData.ThrowIf(order != "little", $"the checkpoint has an unknown byte order '{PickleText.Quote(order)}'");
    }

    /// <summary>Finds data.pkl and checks its checksum.</summary>
    private ByteRegion FindPickle(string root)
    {
        _directory.TryGetEntry($"{root}/data.pkl", out ZipEntry? entry);
        InvalidData.ThrowIf(entry!.Length > MaxPickleBytes, $"data.pkl has {entry.Length} bytes; up to {MaxPickleBytes} are read");
        ByteRegion region = Open(entry);
        InvalidData.ThrowIf(PyTorchStorage.Checksum(region) != entry.Crc, "the checksum of data.pkl is wrong; the file is damaged");
        return region;
    }

    private ByteRegion FindStorage(string root, PyTorchStorage storage)
    {
        string name = $"{root}/data/{storage.Key}";
        if (!_directory.TryGetEntry(name, out ZipEntry? entry))
        {
            return storage.Count == 0
                ? file.Part(0, 0)
                : throw new InvalidDataException($"the file lacks '{PickleText.Quote(name)}', the numbers of a tensor");
        }

        InvalidData.ThrowIf(
            entry.Length != storage.ByteCount,
            $"'{PickleText.Quote(name)}' has {entry.Length} bytes but the pickle states {storage.ByteCount}");

        storage.Crc = entry.Crc;
        return Open(entry);
    }

    private ByteRegion Open(ZipEntry entry)
    {
        FileRegion bytes = file.Part(entry.DataOffset, entry.CompressedLength);
        return entry.IsDeflated ? new DeflatedRegion(inflater, bytes, entry.Length) : bytes;
    }
}
