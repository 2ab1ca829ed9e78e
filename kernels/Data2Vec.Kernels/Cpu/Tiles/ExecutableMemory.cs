using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Data2Vec.Kernels.Cpu;

/// <summary>Memory with machine code, written first and then made executable, never both at once. It is never freed.</summary>
internal static unsafe partial class ExecutableMemory
{
    private const int Read = 1, Execute = 4;
    private const uint CommitAndReserve = 0x3000, PageReadWrite = 4, PageExecuteRead = 0x20;

    /// <summary>Whether this is an x64 process that the system lets make code executable.</summary>
    public static bool IsAvailable { get; } = Test();

    /// <summary>Places code at an address.</summary>
    /// <exception cref="Win32Exception">The system does not allow it.</exception>
    public static nint Place(ReadOnlySpan<byte> code)
    {
        nint memory = Reserve((nuint)code.Length);
        code.CopyTo(new Span<byte>((void*)memory, code.Length));
        bool done = OperatingSystem.IsWindows()
            ? VirtualProtect(memory, (nuint)code.Length, PageExecuteRead, out _)
            : MemoryProtect(memory, (nuint)code.Length, Read | Execute) == 0;
        return done ? memory : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    private static bool Test()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64
            || !(OperatingSystem.IsLinux() || OperatingSystem.IsWindows() || OperatingSystem.IsMacOS()))
        {
            return false;
        }

        try
        {
            return Place([0xC3]) != 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private static nint Reserve(nuint length)
    {
        nint memory = OperatingSystem.IsWindows() ? VirtualAlloc(0, length, CommitAndReserve, PageReadWrite) : HostMemory.Map(length);
        return memory is not (0 or -1) ? memory : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int MemoryProtect(nint address, nuint length, int protection);

    [LibraryImport("kernel32", SetLastError = true)]
    private static partial nint VirtualAlloc(nint address, nuint length, uint kind, uint protection);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool VirtualProtect(nint address, nuint length, uint protection, out uint old);
}
