using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Converters.Safetensors;

/// <summary>
/// A safetensors file: eight bytes that give the length of the header, the header in JSON, and the tensors' numbers one
/// after another, little-endian and row-major. The numbers stay in the file until they are asked for.
/// </summary>
/// <remarks>The format is described at https://huggingface.co/docs/safetensors.</remarks>
public sealed class SafetensorsFile : IDisposable
{
    private const int PrefixBytes = sizeof(ulong);

    private readonly SafeFileHandle _file;

    private SafetensorsFile(SafeFileHandle file, string fileName)
    {
        (_file, FileName) = (file, fileName);
        var bytes = new FileRegion(file, 0, RandomAccess.GetLength(file));
        byte[] json = ReadHeader(bytes);
        FileRegion data = bytes.Part(PrefixBytes + json.Length, bytes.Length - PrefixBytes - json.Length);
        SafetensorsHeader header = SafetensorsHeader.Parse(json, data.Length);
        Metadata = header.Metadata;
        Tensors = header.Entries.ToDictionary(
            entry => entry.Key, entry => (CheckpointTensor)new SafetensorsTensor(entry.Value, fileName, data));
    }

    /// <summary>The name of the file, without its folder.</summary>
    public string FileName { get; }

    /// <summary>
    /// The tensors by their names. Those of a number format that is not supported are there as well, as
    /// <see cref="CheckpointType.Other"/>, and refuse to be read.
    /// </summary>
    public IReadOnlyDictionary<string, CheckpointTensor> Tensors { get; }

    /// <summary>The writer's notes about the file, such as <c>format</c>: <c>pt</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and reads its header.</summary>
    /// <exception cref="InvalidDataException">The file breaks the format; the message names the file, the tensor and what is wrong.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string fileName = Path.GetFileName(path);
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            return InvalidData.Named(fileName, () => new SafetensorsFile(file, fileName));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Closes the file. Its tensors can no longer be read.</summary>
    public void Dispose() => _file.Dispose();

    private static byte[] ReadHeader(FileRegion bytes)
    {
        InvalidData.ThrowIf(bytes.Length < PrefixBytes, $"the file has {bytes.Length} bytes; the length of a safetensors header alone takes {PrefixBytes}");
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        bytes.Read(0, prefix);
        InvalidData.ThrowIf(prefix.SequenceEqual("version "u8), "a Git LFS pointer, not the file itself; run git lfs pull");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        InvalidData.ThrowIf(
            length > SafetensorsHeader.MaxBytes,
            $"the header claims {length} bytes, of which {SafetensorsHeader.MaxBytes} are allowed; this is hardly a safetensors file");

        InvalidData.ThrowIf(
            length > (ulong)(bytes.Length - PrefixBytes),
            $"the header claims {length} bytes, but only {bytes.Length - PrefixBytes} follow; the file was not downloaded completely");

        byte[] json = new byte[length];
        bytes.Read(PrefixBytes, json);
        return json;
    }
}
