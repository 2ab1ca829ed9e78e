using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Converters.PyTorch;

/// <summary>
/// A checkpoint written by <c>torch.save</c> (.pt, .pth, .bin), of PyTorch 1.6 and later or before. Reading one executes
/// nothing: the pickle in it becomes inert values, and the numbers of its tensors stay in the file until they are asked for.
/// </summary>
public sealed class PyTorchFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly Inflater _inflater;

    private PyTorchFile(SafeFileHandle file, Inflater inflater, object? root) =>
        (_file, _inflater, Root) = (file, inflater, root);

    /// <summary>
    /// What was saved: null, <see cref="bool"/>, <see cref="long"/>, <see cref="System.Numerics.BigInteger"/> (only where a long is too small), <see
    /// cref="double"/>, <see cref="System.Numerics.Complex"/>, <see cref="string"/>, <see cref="byte"/>[], <see cref="PickleList"/>, <see
    /// cref="PickleTuple"/>, <see cref="PickleDictionary"/>, <see cref="PyTorchTensor"/>, <see cref="PickleGlobal"/> for a class or function, or <see
    /// cref="PickleObject"/> for an object of any other class. A hostile file may make it contain itself, or share values so often that walking it
    /// would not end: look up what you need.
    /// </summary>
    public object? Root { get; }

    /// <summary>Opens a checkpoint and reads everything but the numbers of its tensors.</summary>
    /// <exception cref="InvalidDataException">
    /// The file is damaged, hostile or something else; the message names the file, what is wrong and the way out.
    /// </exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public static PyTorchFile Open(string path)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var inflater = new Inflater();
        try
        {
            return InvalidData.Named(Path.GetFileName(path), () => new PyTorchFile(file, inflater, Load(file, inflater)));
        }
        catch
        {
            inflater.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <summary>Closes the file. Its tensors can no longer be read.</summary>
    public void Dispose()
    {
        _inflater.Dispose();
        _file.Dispose();
    }

    private static object? Load(SafeFileHandle file, Inflater inflater)
    {
        var bytes = new FileRegion(file, 0, RandomAccess.GetLength(file));
        byte[] head = new byte[Math.Min(bytes.Length, FileKind.HeadBytes)];
        bytes.Read(0, head);
        return FileKind.IsZip(head) ? new ZipContainer(bytes, inflater).Load()
            : FileKind.IsPickle(head) ? new LegacyContainer(bytes).Load()
            : throw new InvalidDataException(FileKind.Describe(head));
    }
}
