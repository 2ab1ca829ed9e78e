using System.Text;

namespace Data2Vec.Converters.Tests.PyTorch;

public class FileKindTests
{
    public static TheoryData<byte[], string> Files => new()
    {
        { [], "empty" },
        { [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4], "7z archive" },
        { [0x1f, 0x8b, 8, 0], "gzip archive" },
        { [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "xz archive" },
        { Encoding.ASCII.GetBytes("BZh91AY"), "bzip2 archive" },
        { [0x28, 0xb5, 0x2f, 0xfd, 0], "zstd archive" },
        { Encoding.ASCII.GetBytes("Rar!\x1a"), "rar archive" },
        { [.. new byte[257], .. "ustar\0"u8, .. new byte[249]], "tar archive" },
        { [(byte)'P', (byte)'K', 5, 6, .. new byte[18]], "empty zip" },
        { Encoding.ASCII.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:0"), "git lfs pull" },
        { Encoding.ASCII.GetBytes("<!DOCTYPE html><html>"), "web page" },
        { [30, 0, 0, 0, 0, 0, 0, 0, .. "{\"__metadata__\":{}}"u8], "safetensors" },
        { Encoding.ASCII.GetBytes("D2V\0\x01"), ".d2v" },
        { Encoding.ASCII.GetBytes("GGUF"), "GGUF" },
        { [0x93, .. "NUMPY\x01\0"u8], "NumPy" },
        { [0x89, .. "HDF\r\n\x1a\n"u8], "HDF5" },
        { new byte[1000], "zeros" },
        { [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5], "not a PyTorch checkpoint" },
        { [0x80], "not a PyTorch checkpoint" },
        { [0x80, 2, (byte)'N', (byte)'.'], "not a PyTorch checkpoint" },
        { [0x80, 4, 0x95, 0, 0], "not like a PyTorch checkpoint" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void Other_files_are_refused_by_what_they_are(byte[] file, string kind) =>
        Assert.Contains(kind, Checkpoint.Refuse(file), StringComparison.Ordinal);
}
