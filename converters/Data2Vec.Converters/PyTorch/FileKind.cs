using System.Buffers.Binary;

namespace Data2Vec.Converters.PyTorch;

/// <summary>Tells by its first bytes what a file is, whatever its name says.</summary>
internal static class FileKind
{
    /// <summary>The number of bytes that are enough to tell.</summary>
    public const int HeadBytes = 512;

    private static readonly (byte[] Signature, string Kind)[] s_archives =
    [
        ([(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C], "7z"),
        ([0x1F, 0x8B], "gzip"),
        ([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'], "xz"),
        ([(byte)'B', (byte)'Z', (byte)'h'], "bzip2"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
        ([(byte)'R', (byte)'a', (byte)'r', (byte)'!'], "rar"),
    ];

    /// <summary>Whether a zip file begins so.</summary>
    public static bool IsZip(ReadOnlySpan<byte> head) => head.StartsWith("PK\x03\x04"u8);

    /// <summary>Whether the pickle of a large number, with which old checkpoints begin, may begin so.</summary>
    public static bool IsPickle(ReadOnlySpan<byte> head) => head is [0x80, <= 5, ..] or [(byte)'L', (byte)'1', ..];

    /// <summary>What a file that is neither seems to be, and what to do about it.</summary>
    public static string Describe(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty)
        {
            return "the file is empty; download or save it again";
        }

        foreach ((byte[] signature, string kind) in s_archives)
        {
            if (head.StartsWith(signature))
            {
                return $"a {kind} archive, not a PyTorch checkpoint; unpack it first";
            }
        }

        if (head.Length >= 262 && head[257..].StartsWith("ustar"u8))
        {
            return "a tar archive; unpack it, or load and save it again if PyTorch before 0.1.10 wrote it";
        }

        if (head.StartsWith("PK\x05\x06"u8))
        {
            return "an empty zip file, not a PyTorch checkpoint";
        }

        if (head.StartsWith("version https://git-lfs"u8))
        {
            return "a Git LFS pointer, not the file itself; run git lfs pull";
        }

        if (head.StartsWith("<"u8))
        {
            return "a web page or XML, not a PyTorch checkpoint; check the address it came from";
        }

        if (head.Length > 8 && head[8] == '{' && BinaryPrimitives.ReadInt64LittleEndian(head) is > 0 and < 100 << 20)
        {
            return "a safetensors file, not a PyTorch checkpoint; name it .safetensors";
        }

        if (head.StartsWith("D2V\0"u8))
        {
            return "a .d2v model, which needs no conversion";
        }

        if (head.StartsWith("GGUF"u8))
        {
            return "a GGUF model, not a PyTorch checkpoint";
        }

        if (head is [0x93, (byte)'N', (byte)'U', ..])
        {
            return "a NumPy array, not a PyTorch checkpoint";
        }

        if (head[1..].StartsWith("HDF\r\n"u8))
        {
            return "an HDF5 file, not a PyTorch checkpoint";
        }

        return head.ContainsAnyExceptInRange((byte)0, (byte)0)
            ? "not a PyTorch checkpoint, nor anything else that is known; check where it came from"
            : "nothing but zeros; download or save it again";
    }
}
