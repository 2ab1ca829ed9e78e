using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Data2Vec.Recognition.LanguageModels.KenLm;

/// <summary>A file mapped read-only.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;

    public MappedFile(SafeFileHandle file)
    {
        Length = (ulong)RandomAccess.GetLength(file);
        _map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, (long)Length, MemoryMappedFileAccess.Read);
        byte* address = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref address);
        Start = address + _view.PointerOffset;
    }

    public byte* Start { get; }

    public ulong Length { get; }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }
}
