using System.Buffers.Binary;
using System.Text;

namespace Data2Vec.Converters.PyTorch;

/// <summary>Recognises files by their first bytes, whatever their name is.</summary>
internal static class FileKind
{
    /// <summary>The number of bytes that are enough.</summary>
    public const int HeadBytes = 512;

    /// <summary>Known files by their first bytes, as Latin-1.</summary>
    private static readonly (string Signature, string Description)[] s_kinds =
    [
        ("7z\u00BC\u00AF\u0027\u001C", "a 7z archive, not a PyTorch checkpoint; unpack it first"),
        ("\u001F\u008B", "a gzip archive, not a PyTorch checkpoint; unpack it first"),
        ("\u00FD7zXZ", "a xz archive, not a PyTorch checkpoint; unpack it first"),
        ("BZh", "a bzip2 archive, not a PyTorch checkpoint; unpack it first"),
        ("\u0028\u00B5\u002F\u00FD", "a zstd archive, not a PyTorch checkpoint; unpack it first"),
        ("Rar!", "a rar archive, not a PyTorch checkpoint; unpack it first"),
        ("PK\u0005\u0006", "an empty zip file, not a PyTorch checkpoint"),
        ("version https://git-lfs", "a Git LFS pointer, not the file itself; run git lfs pull"),
        ("<", "a web page or XML, not a PyTorch checkpoint; check the address it came from"),
        ("D2V\0", "a .d2v model, which needs no conversion"),
        ("GGUF", "a GGUF model, not a PyTorch checkpoint"),
        ("\u0093NU", "a NumPy array, not a PyTorch checkpoint"),
    ];

    /// <summary>Whether the bytes start a zip file.</summary>
    public static bool IsZip(ReadOnlySpan<byte> head) => head.StartsWith("PK\x03\x04"u8);

    /// <summary>Whether the bytes may start the pickled magic number of old checkpoints.</summary>
    public static bool IsPickle(ReadOnlySpan<byte> head) => head is [0x80, <= 5, ..] or [(byte)'L', (byte)'1', ..];

    /// <summary>Describes a file that is neither, and the way out.</summary>
    public static string Describe(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty)
        {
            return "the file is empty; download or save it again";
        }

        string text = Encoding.Latin1.GetString(head);
        string? known = Array.Find(s_kinds, kind => text.StartsWith(kind.Signature, StringComparison.Ordinal)).Description;
        if (known is not null)
        {
            return known;
        }

        if (head.Length >= 262 && head[257..].StartsWith("ustar"u8))
        {
            return "a tar archive; unpack it, or load and save it again if PyTorch before 0.1.10 wrote it";
        }

        if (head.Length > 8 && head[8] == '{' && BinaryPrimitives.ReadInt64LittleEndian(head) is > 0 and < 100 << 20)
        {
            return "a safetensors file, not a PyTorch checkpoint; name it .safetensors";
        }

        if (head[1..].StartsWith("HDF\r\n"u8))
        {
            return "an HDF5 file, not a PyTorch checkpoint";
        }

        return head.ContainsAnyExceptInRange((byte)0, (byte)0)
            ? "not a PyTorch checkpoint, and of no other known kind; check where it came from"
            : "nothing but zeros; download or save it again";
    }
}
