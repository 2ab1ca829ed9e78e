using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Data2Vec.ModelFile;

/// <summary>The bytes of a model file at a fixed address that is a multiple of 64.</summary>
internal abstract class ModelBytes : IDisposable
{
    private int _users = 1;

    public abstract nint Address { get; }

    public abstract long Length { get; }

    /// <summary>Adds a user. The bytes are freed when every user has disposed them.</summary>
    /// <exception cref="ObjectDisposedException">The bytes have been freed.</exception>
    public ModelBytes Share()
    {
        for (int users = _users; ;)
        {
            ObjectDisposedException.ThrowIf(users == 0, this);
            int seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return this;
            }

            users = seen;
        }
    }

    /// <summary>Removes a user; each user calls it once.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Free();
            GC.SuppressFinalize(this);
        }
    }

    /// <summary>
    /// As many bytes as <paramref name="buffer"/> has, from <paramref name="offset"/> on, for a single pass over them. The result may or may not be
    /// in the buffer.
    /// </summary>
    public abstract ReadOnlySpan<byte> Read(long offset, Span<byte> buffer);

    public unsafe ReadOnlySpan<byte> Slice(long offset, int length)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset));
        }

        return new ReadOnlySpan<byte>((byte*)Address + offset, length);
    }

    protected abstract void Free();
}

/// <summary>
/// Returns freed memory to the system. glibc keeps up to some tens of megabytes of freed weights in each of its arenas: 375 small models, loaded
/// and disposed one after another, left 90 MB behind.
/// </summary>
internal static partial class FreedMemory
{
    public static void GiveBack()
    {
        try
        {
            _ = OperatingSystem.IsLinux() ? Trim(0) : 0;
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library, which keeps less.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);
}

/// <summary>A model that does not come from a file, copied to aligned memory outside the managed heap.</summary>
internal sealed class CopiedBytes : ModelBytes
{
    private const long FirstCapacity = 1 << 20;
    private const int BufferBytes = 1 << 16;

    private nint _address;
    private long _capacity, _length;

    private CopiedBytes()
    {
    }

    ~CopiedBytes() => Free();

    public override nint Address => _address;

    public override long Length => _length;

    public static CopiedBytes From(ReadOnlySpan<byte> bytes)
    {
        var copy = new CopiedBytes();
        copy.Grow(Math.Max(bytes.Length, 1));
        copy.Append(bytes);
        return copy;
    }

    /// <summary>
    /// Copies the rest of a stream. Memory grows with the bytes that arrive, whatever length the stream states. No more bytes are read than
    /// the model file has, plus one, so an endless stream does no harm.
    /// </summary>
    public static CopiedBytes From(Stream stream) =>
        Copy((buffer, count) => new ValueTask<int>(stream.Read(buffer, 0, count))).AsTask().GetAwaiter().GetResult();

    /// <summary>Copies the rest of a stream without blocking a thread.</summary>
    public static ValueTask<CopiedBytes> FromAsync(Stream stream, CancellationToken cancellation) =>
        Copy((buffer, count) => stream.ReadAsync(buffer.AsMemory(0, count), cancellation));

    public override ReadOnlySpan<byte> Read(long offset, Span<byte> buffer) => Slice(offset, buffer.Length);

    private static async ValueTask<CopiedBytes> Copy(Func<byte[], int, ValueTask<int>> read)
    {
        var copy = new CopiedBytes();
        try
        {
            byte[] buffer = new byte[BufferBytes];
            for (int count; (count = await read(buffer, copy.Missing()).ConfigureAwait(false)) > 0;)
            {
                copy.Append(buffer.AsSpan(0, count));
            }

            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    // The preamble first, then the file that it describes, and one byte more, which shows that the file is longer.
    private int Missing()
    {
        if (_length < D2vPreamble.Size)
        {
            return (int)(D2vPreamble.Size - _length);
        }

        ulong end = D2vPreamble.PeekFileLength(Slice(0, D2vPreamble.Size));
        return end < (ulong)_length ? 0 : (int)Math.Min(BufferBytes, end - (ulong)_length + 1);
    }

    private unsafe void Append(ReadOnlySpan<byte> bytes)
    {
        if (_capacity - _length < bytes.Length)
        {
            Grow(Math.Max(checked(_capacity + _capacity / 2), Math.Max(_length + bytes.Length, FirstCapacity)));
        }

        bytes.CopyTo(new Span<byte>((byte*)_address + _length, bytes.Length));
        _length += bytes.Length;
    }

    private unsafe void Grow(long capacity)
    {
        _address = (nint)NativeMemory.AlignedRealloc((void*)_address, checked((nuint)capacity), D2vFormat.Alignment);
        _capacity = capacity;
    }

    protected override unsafe void Free()
    {
        NativeMemory.AlignedFree((void*)_address);
        _address = 0;
        _capacity = _length = 0;
    }
}

/// <summary>A file mapped read-only: its pages are shared with every process that has it open.</summary>
internal sealed class MappedBytes : ModelBytes
{
    private readonly SafeFileHandle _file;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;

    private unsafe MappedBytes(SafeFileHandle file, long length)
    {
        Length = length;
        _file = file;
        _map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* address = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref address);
        Address = (nint)address + (nint)_view.PointerOffset;
    }

    public override nint Address { get; }

    public override long Length { get; }

    public static MappedBytes Open(string path)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            long length = RandomAccess.GetLength(file);

            // An empty file cannot be mapped, and the first bytes of a short one show what it is.
            if (length < D2vPreamble.Size)
            {
                byte[] start = new byte[length];
                int read = RandomAccess.Read(file, start, 0);
                throw new InvalidDataException(FileKind.Describe(start.AsSpan(0, read)));
            }

            return new MappedBytes(file, length);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    // Reads the file instead of the map, whose first use costs a page fault for every few pages. With 419 MB in the page cache, checking took
    // 200 ms through the map and 40 ms this way (2 cores of an AMD EPYC, Linux 6.18 in a virtual machine). A failing disk causes an exception
    // here; through the map it would end the process.
    public override ReadOnlySpan<byte> Read(long offset, Span<byte> buffer)
    {
        for (int done = 0; done < buffer.Length;)
        {
            int read = RandomAccess.Read(_file, buffer[done..], offset + done);
            if (read == 0)
            {
                throw new InvalidDataException($"the file was truncated to {offset + done} bytes or fewer while it was open");
            }

            done += read;
        }

        return buffer;
    }

    protected override void Free()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
        _file.Dispose();
    }
}
