using System.Runtime.InteropServices;

namespace Data2Vec.ModelFile;

/// <summary>
/// Returns freed memory to the system. glibc keeps up to some tens of megabytes of freed weights in each of its arenas: 375 small models, loaded
/// and disposed one after another, left 90 MB behind.
/// </summary>
internal static partial class FreedMemory
{
    public static void GiveBack()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = Trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library, which keeps less.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);
}
