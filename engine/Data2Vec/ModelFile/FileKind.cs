using System.Buffers.Binary;

namespace Data2Vec.ModelFile;

/// <summary>Recognizes what people hand over in place of a model file, to say what to do about it.</summary>
internal static class FileKind
{
    /// <summary>Why a file that starts with these bytes is not a model file, and the way out.</summary>
    public static string Complaint(ReadOnlySpan<byte> start)
    {
        const string NotD2v = "this is not a .d2v model file";
        const string Convert = "convert it first with data2vec convert";
        if (start.IsEmpty)
        {
            return "the file is empty";
        }

        if (start.StartsWith("PK\x03\x04"u8))
        {
            return $"{NotD2v} but a zip archive, as PyTorch checkpoints are; {Convert}";
        }

        if (start.Length >= 2 && start[0] == 0x80 && start[1] is >= 2 and <= 5)
        {
            return $"{NotD2v} but a Python pickle, as old PyTorch checkpoints are; {Convert}";
        }

        if (start.Length > 9 && start[8] == '{' && BinaryPrimitives.ReadUInt64LittleEndian(start) < 1 << 30)
        {
            return $"{NotD2v} but looks like safetensors; {Convert}";
        }

        if (start.StartsWith("version https://git-lfs"u8))
        {
            return $"{NotD2v} but a Git LFS pointer to one; fetch it with git lfs pull";
        }

        if (start.StartsWith("GGUF"u8))
        {
            return $"{NotD2v} but GGUF, which cannot be converted; start from the PyTorch checkpoint";
        }

        if (start.StartsWith(D2vFormat.Magic))
        {
            return $"the file has only {start.Length} bytes and was cut off; copy or convert it again";
        }

        return $"{NotD2v}: it does not begin with D2V";
    }
}
