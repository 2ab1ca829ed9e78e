using System.Buffers.Binary;
using System.Numerics;

namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// The container of PyTorch before 1.6: five pickles one after another (a magic number, the version of the format, facts
/// about the machine, the value itself, the keys of the storages), then each storage as its element count and its numbers.
/// </summary>
internal sealed class LegacyContainer(FileRegion file)
{
    private const int MaxPreludeBytes = 64 << 10;
    private const int MaxPickleBytes = 64 << 20;
    private const long FormatVersion = 1001;
    private const string EndsEarly = "the file ends too early; it was not downloaded or saved completely";

    private static readonly BigInteger s_magicNumber = BigInteger.Parse("119547037146038801333356", null);

    private readonly PickleInput _input = new(new RegionStream(file), file.Length);
    private readonly PickleBudget _budget = new();

    /// <summary>Reads the value of the main pickle and finds the storages of its tensors.</summary>
    public object? Load()
    {
        CheckMagicNumber();
        InvalidData.ThrowIf(
            ReadPickle(MaxPreludeBytes) is not FormatVersion,
            $"the checkpoint's format is not version {FormatVersion}, the only one there was");

        InvalidData.ThrowIf(
            ReadPickle(MaxPreludeBytes) is PickleDictionary machine && machine.TryGetValue("little_endian", out object? little) && little is not true,
            ZipContainer.BigEndian);
        var objects = new PyTorchObjects(_budget);
        object? value = ReadPickle(MaxPickleBytes, objects);
        PickleList keys = ReadPickle(MaxPickleBytes) as PickleList
            ?? throw new InvalidDataException("the checkpoint lacks the list of its storages; it is damaged");
        FindStorages(objects, keys);
        return value;
    }

    private void CheckMagicNumber()
    {
        object? magic;
        try
        {
            magic = ReadPickle(MaxPreludeBytes);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException(
                $"it begins like a Python pickle, but not like a PyTorch checkpoint ({error.Message})", error);
        }

        InvalidData.ThrowIf(
            magic is not BigInteger number || number != s_magicNumber, "a Python pickle, but not a PyTorch checkpoint; save it with torch.save");
    }

    private object? ReadPickle(int maxBytes, PyTorchObjects? objects = null)
    {
        _input.BeginPickle(maxBytes);
        // Only the main pickle may refer to storages; those of another pickle are never loaded.
        var known = objects ?? new PyTorchObjects(_budget);
        object? value = new PickleMachine(_input, _budget, known).Run();
        InvalidData.ThrowIf(objects is null && known.Storages.Count > 0, "a pickle beside the main one refers to tensors; no checkpoint does");
        return value;
    }

    private void FindStorages(PyTorchObjects objects, PickleList keys)
    {
        long position = _input.Position;
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        foreach (object? item in keys)
        {
            PyTorchStorage storage = (item is string key ? objects.Storages.GetValueOrDefault(key) : null)
                ?? throw new InvalidDataException("the checkpoint lists a storage that no tensor uses; it is damaged");
            InvalidData.ThrowIf(storage.Region is not null, $"the checkpoint lists the storage '{PickleText.Quote(storage.Key)}' twice");
            InvalidData.ThrowIf(file.Length - position < bytes.Length, EndsEarly);
            file.Read(position, bytes);
            position += bytes.Length;
            InvalidData.ThrowIf(
                BinaryPrimitives.ReadInt64LittleEndian(bytes) != storage.Count,
                $"the checkpoint contradicts itself about the size of the storage '{PickleText.Quote(storage.Key)}'");
            InvalidData.ThrowIf(file.Length - position < storage.ByteCount, EndsEarly);
            storage.Region = file.Part(position, storage.ByteCount);
            position += storage.ByteCount;
        }

        PyTorchStorage? missing = objects.Storages.Values.FirstOrDefault(storage => storage.Region is null);
        InvalidData.ThrowIf(missing is not null, $"the checkpoint lacks the storage '{PickleText.Quote(missing!.Key)}'");
        InvalidData.ThrowIf(position != file.Length, $"{file.Length - position} bytes follow the last storage; the file is damaged");
    }
}
