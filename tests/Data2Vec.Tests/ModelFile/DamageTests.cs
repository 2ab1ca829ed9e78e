using Data2Vec.ModelFile;

namespace Data2Vec.Tests.ModelFile;

public class DamageTests
{
    private static readonly byte[] s_good = SampleModel.Bytes();

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x10)]
    [InlineData(0x80)]
    [InlineData(0xFF)]
    public void Every_changed_byte_is_detected(int mask)
    {
        for (int i = 0; i < s_good.Length; i++)
        {
            byte[] bad = [.. s_good];
            bad[i] ^= (byte)mask;
            AssertBad(bad, $"byte {i}");
        }
    }

    [Fact]
    public void Every_truncation_is_detected_without_reading_the_data()
    {
        for (int length = 0; length < s_good.Length; length++)
        {
            AssertBad(s_good.AsSpan(0, length), $"length {length}", verify: false);
        }
    }

    [Fact]
    public void Truncated_files_are_detected()
    {
        using var folder = new TemporaryFolder();
        foreach (int length in (int[])[0, 1, 3, 4, 63, 64, 65, 1000, s_good.Length - 64, s_good.Length - 1])
        {
            string path = folder.File("short.d2v", s_good[..length]);
            InvalidDataException e = Assert.Throws<InvalidDataException>(() => D2vFile.Open(path));
            Assert.StartsWith($"{path}: ", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(5000)]
    public void Appended_bytes_are_detected_without_reading_the_data(int count) =>
        AssertBad([.. s_good, .. new byte[count]], $"{count} appended", verify: false);

    [Fact]
    public void The_message_names_the_tensor_or_asset()
    {
        using D2vFile file = D2vFile.Open(s_good, "good");
        foreach (TensorInfo tensor in file.Tensors.Values)
        {
            AssertDamage(tensor.Offset + tensor.Bytes - 1, $"tensor '{tensor.Name}' is damaged");
        }

        AssertDamage(file.Assets["dict.txt"].Offset, "asset 'dict.txt' is damaged");
        AssertDamage(file.Tensor("bias").Offset + file.Tensor("bias").Bytes, "the padding after tensor 'bias'");
        AssertDamage(70, "the header is damaged");
    }

    [Fact]
    public void Damage_after_the_first_chunk_of_a_tensor_is_detected()
    {
        var contents = new D2vContents
        {
            Architecture = "large",
            Tensors = [new TensorDeclaration("t", Kernels.ElementType.F32, [5 << 20])],
        };
        using var stream = new MemoryStream();
        using (D2vWriter writer = D2vWriter.Create(stream, contents))
        {
            writer.Write("t", (start, destination) => destination.Fill(start));
            writer.Complete();
        }

        byte[] bytes = stream.ToArray();
        using (D2vFile file = D2vFile.Open(bytes, "large"))
        {
            Assert.Equal(20 << 20, file.Tensor("t").Bytes);
        }

        bytes[^5] ^= 4;
        AssertBad(bytes, "the last chunk");
    }

    [Fact]
    public void Data_that_opening_did_not_verify_is_checked_by_Verify()
    {
        byte[] bad = [.. s_good];
        bad[^200] ^= 1;
        using D2vFile file = D2vFile.Open(bad, "bad", verify: false);
        Assert.Throws<InvalidDataException>(file.Verify);
    }

    [Theory]
    [InlineData("PK\u0003\u0004", "convert it first with data2vec convert")]
    [InlineData("\u0080\u0002\u008A", "convert it first with data2vec convert")]
    [InlineData("\u0010\u0001\0\0\0\0\0\0{\"", "convert it first with data2vec convert")]
    [InlineData("version https://git-lfs.github.com/spec/v1", "git lfs pull")]
    [InlineData("GGUF", "GGUF")]
    [InlineData("", "empty")]
    [InlineData("hello", "not a .d2v")]
    public void Other_kinds_of_files_are_recognized(string start, string expected)
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = System.Text.Encoding.Latin1.GetBytes(start);
        string shortFile = folder.File("short", bytes);
        Assert.Contains(
            expected,
            Assert.Throws<InvalidDataException>(() => D2vFile.Open(shortFile)).Message,
            StringComparison.Ordinal);
        if (bytes.Length == 0)
        {
            return;
        }

        string longFile = folder.File("long", [.. bytes, .. new byte[1000]]);
        Assert.Contains(
            expected,
            Assert.Throws<InvalidDataException>(() => D2vFile.Open(longFile)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_a_FileNotFoundException()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<FileNotFoundException>(() => D2vFile.Open(folder.File("none.d2v")));
    }

    private static void AssertDamage(long position, string expected)
    {
        byte[] bad = [.. s_good];
        bad[position] ^= 1;
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => D2vFile.Open(bad, "model.d2v"));
        Assert.StartsWith($"model.d2v: {expected}", e.Message, StringComparison.Ordinal);
    }

    private static void AssertBad(ReadOnlySpan<byte> bytes, string what, bool verify = true)
    {
        try
        {
            D2vFile.Open(bytes, "bad", verify).Dispose();
        }
        catch (InvalidDataException)
        {
            return;
        }

        Assert.Fail($"{what}: opened");
    }
}
