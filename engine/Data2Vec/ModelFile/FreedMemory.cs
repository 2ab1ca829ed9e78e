using System.Runtime.InteropServices;

namespace Data2Vec.ModelFile;

/// <summary>
/// Gives memory that was freed back to the system. glibc keeps what a model's weights lay in, up to some tens of megabytes for each of
/// its arenas: 375 small models loaded and disposed one after another left 90 MB so.
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
            // Another C library, which does not keep so much.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint pad);
}
