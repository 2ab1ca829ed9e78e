using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Data2Vec.ModelFile;

/// <summary>A file mapped read-only: its pages are shared with every process that has it open.</summary>
internal sealed class MappedBytes : ModelBytes
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private bool _disposed;

    private unsafe MappedBytes(SafeFileHandle file, long length)
    {
        Length = length;
        _map = MemoryMappedFile.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* address = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref address);
        Address = (nint)address + (nint)_view.PointerOffset;
    }

    public override nint Address { get; }

    public override long Length { get; }

    public static MappedBytes Open(string path)
    {
        using SafeFileHandle file = File.OpenHandle(
            path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        long length = RandomAccess.GetLength(file);

        // An empty file cannot be mapped, and a short one says more about itself when it is shown.
        if (length < D2vFormat.PreambleBytes)
        {
            byte[] start = new byte[length];
            int read = RandomAccess.Read(file, start, 0);
            throw new InvalidDataException(FileKind.Complaint(start.AsSpan(0, read)));
        }

        return new MappedBytes(file, length);
    }

    public override void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }
}
