using System.Buffers.Binary;

namespace Data2Vec.ModelFile;

/// <summary>Recognizes files that users pass in place of a model file, and says what to do with them.</summary>
internal static class FileKind
{
    /// <summary>Why a file that starts with these bytes is not a model file, and the way out.</summary>
    public static string Describe(ReadOnlySpan<byte> start)
    {
        const string NotD2v = "this is not a .d2v model file", Convert = "convert it first with data2vec convert";
        return start.IsEmpty ? "the file is empty"
            : start.StartsWith("PK\x03\x04"u8) ? $"{NotD2v} but a zip archive, as PyTorch checkpoints are; {Convert}"
            : start.Length >= 2 && start[0] == 0x80 && start[1] is >= 2 and <= 5 ? $"{NotD2v} but a Python pickle, as old PyTorch checkpoints are; {Convert}"
            : start.Length > 9 && start[8] == '{' && BinaryPrimitives.ReadUInt64LittleEndian(start) < 1 << 30
                ? $"{NotD2v} but looks like safetensors; {Convert}"
            : start.StartsWith("version https://git-lfs"u8) ? $"{NotD2v} but a Git LFS pointer to one; fetch it with git lfs pull"
            : start.StartsWith("GGUF"u8) ? $"{NotD2v} but GGUF, which cannot be converted; start from the PyTorch checkpoint"
            : start.StartsWith(D2vFormat.Magic) ? $"the file has only {start.Length} bytes and was cut off; copy or convert it again"
            : $"{NotD2v}: it does not begin with D2V";
    }
}
