using System.Runtime.InteropServices;

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
