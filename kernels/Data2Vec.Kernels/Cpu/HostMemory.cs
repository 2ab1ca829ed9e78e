using System.Runtime.InteropServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Large pieces of memory.</summary>
internal static unsafe partial class HostMemory
{
    /// <summary>The size of a large page, to which memory that is to consist of them should be aligned.</summary>
    public const int LargePage = 1 << 21;

    private const int Page = 4096, HugePage = 14;
    private const int Read = 1, Write = 2, MapPrivate = 2, MapAnonymousLinux = 0x20, MapAnonymousMac = 0x1000;

    /// <summary>
    /// Allocates memory that goes back to the system when it is freed. The C library of Linux keeps freed memory: after the first inference, whose blocks are
    /// replaced with one, a process would have twice what it needs.
    /// </summary>
    /// <exception cref="InsufficientMemoryException">There is not enough memory.</exception>
    public static nint Allocate(long bytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            return (nint)NativeMemory.AlignedAlloc((nuint)bytes, Page);
        }

        nint memory = Map((nuint)bytes);
        return memory != -1 ? memory : throw new InsufficientMemoryException();
    }

    /// <summary>Frees what <see cref="Allocate"/> has returned.</summary>
    public static void Free(nint memory, long bytes)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Unmap(memory, (nuint)bytes);
        }
        else
        {
            NativeMemory.AlignedFree((void*)memory);
        }
    }

    /// <summary>
    /// Asks for large pages, where the system allows it, for memory that has not been written yet. With small pages, passes over all parameters wait for
    /// address translation: an optimizer's step took half as long again.
    /// </summary>
    public static void UseLargePages(nint memory, long bytes)
    {
        if (OperatingSystem.IsLinux() && bytes >= LargePage)
        {
            _ = Advise(memory, (nuint)bytes, HugePage);
        }
    }

    /// <summary>Maps new pages on Linux or macOS that can be read and written.</summary>
    /// <returns>Their address; -1 if there is not enough memory.</returns>
    public static nint Map(nuint length) =>
        Map(0, length, Read | Write, MapPrivate | (OperatingSystem.IsMacOS() ? MapAnonymousMac : MapAnonymousLinux), -1, 0);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
