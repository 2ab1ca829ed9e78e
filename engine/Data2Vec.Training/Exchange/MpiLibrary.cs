using System.Runtime.InteropServices;
using System.Text;

namespace Data2Vec.Training.Exchange;

/// <summary>
/// The functions of MPI that the exchange needs, and the handles of MPICH's binary interface (mpi.h of MPICH 4.0). Libraries derived from MPICH share
/// this interface (Intel MPI, MVAPICH, Cray MPICH). Open MPI does not: its handles are pointers.
/// </summary>
/// <remarks>
/// MPI.NET also works with MPICH, but asks for <c>msmpi.dll</c>, which an import resolver must redirect, and serializes by reflection. Binding ten
/// functions needs neither, and lets the library that was found be checked before it is called with handles of the wrong kind.
/// </remarks>
internal sealed unsafe class MpiLibrary
{
    public const int World = 0x44000000;
    public const int Byte = 0x4c00010d;
    public const int Float = 0x4c00040a;
    public const int Double = 0x4c00080b;
    public const int Sum = 0x58000003;

    /// <summary>Any thread may call, one at a time.</summary>
    public const int ThreadSerialized = 2;

    private const int MaxVersionLength = 8192;

    /// <summary>Debian's name comes first. The others are the common name of the libraries with this interface.</summary>
    private static readonly string[] s_names = ["libmpich.so.12", "libmpi.so.12", "libmpich.so", "libmpi.12.dylib"];

    private static readonly string[] s_otherNames = ["libmpi.so.40", "libmpi.so.20", "libmpi.so"];

    private static readonly string[] s_compatible = ["MPICH", "MVAPICH", "Intel(R) MPI"];

    public readonly delegate* unmanaged<int*, byte***, int, int*, int> InitThread;
    public readonly delegate* unmanaged<int*, int> Initialized;
    public readonly delegate* unmanaged<int, int*, int> CommRank, CommSize;
    public readonly delegate* unmanaged<void*, void*, int, int, int, int, int> Allreduce;
    public readonly delegate* unmanaged<void*, int, int, int, int, int> Bcast;
    public readonly delegate* unmanaged<int, int> Barrier;
    public readonly delegate* unmanaged<int> FinalizeAll;
    public readonly delegate* unmanaged<int, int, int> Abort;

    private MpiLibrary(nint handle, string version)
    {
        Version = version;
        InitThread = (delegate* unmanaged<int*, byte***, int, int*, int>)NativeLibrary.GetExport(handle, "MPI_Init_thread");
        Initialized = (delegate* unmanaged<int*, int>)NativeLibrary.GetExport(handle, "MPI_Initialized");
        CommRank = (delegate* unmanaged<int, int*, int>)NativeLibrary.GetExport(handle, "MPI_Comm_rank");
        CommSize = (delegate* unmanaged<int, int*, int>)NativeLibrary.GetExport(handle, "MPI_Comm_size");
        Allreduce = (delegate* unmanaged<void*, void*, int, int, int, int, int>)NativeLibrary.GetExport(handle, "MPI_Allreduce");
        Bcast = (delegate* unmanaged<void*, int, int, int, int, int>)NativeLibrary.GetExport(handle, "MPI_Bcast");
        Barrier = (delegate* unmanaged<int, int>)NativeLibrary.GetExport(handle, "MPI_Barrier");
        FinalizeAll = (delegate* unmanaged<int>)NativeLibrary.GetExport(handle, "MPI_Finalize");
        Abort = (delegate* unmanaged<int, int, int>)NativeLibrary.GetExport(handle, "MPI_Abort");
    }

    /// <summary>What the library says about itself, the first line.</summary>
    public string Version { get; }

    /// <summary>The send buffer of an operation in place: MPI_IN_PLACE.</summary>
    public static void* InPlace => (void*)-1;

    /// <summary>Loads the library of this machine.</summary>
    /// <exception cref="NotSupportedException">There is none, or it is Open MPI.</exception>
    public static MpiLibrary Load() => Load(s_names, s_otherNames);

    internal static MpiLibrary Load(IEnumerable<string> names, IEnumerable<string> otherNames)
    {
        string? refused = null;
        foreach (string name in names.Concat(otherNames))
        {
            if (!NativeLibrary.TryLoad(name, out nint handle))
            {
                continue;
            }

            // This function takes no handle, and may be called before initialization.
            if (NativeLibrary.TryGetExport(handle, "MPI_Get_library_version", out nint address))
            {
                string version = ReadVersion((delegate* unmanaged<byte*, int*, int>)address);
                if (s_compatible.Any(family => version.StartsWith(family, StringComparison.Ordinal)))
                {
                    return new MpiLibrary(handle, version);
                }

                refused ??= $"{name} is {version}";
            }

            NativeLibrary.Free(handle);
        }

        throw new NotSupportedException(refused is null
            ? "No MPI library was found. Training on several machines needs MPICH 3.1 or later; on Debian and Ubuntu: apt-get install mpich"
            : $"{refused}; its binary interface is another than MPICH's. Install MPICH 3.1 or later (on Debian and Ubuntu: apt-get install mpich) and start "
            + "the processes with MPICH's mpiexec.");
    }

    private static string ReadVersion(delegate* unmanaged<byte*, int*, int> get)
    {
        // Twice the size that MPICH asks for: the array must hold any library's answer.
        byte[] text = new byte[2 * MaxVersionLength];
        int length;
        fixed (byte* start = text)
        {
            if (get(start, &length) != 0)
            {
                return "an unknown MPI library";
            }
        }

        string all = Encoding.UTF8.GetString(text, 0, Math.Clamp(length, 0, text.Length)).Trim('\0', ' ', '\n');
        return all.Split('\n', ',')[0].Replace('\t', ' ').Trim();
    }
}
