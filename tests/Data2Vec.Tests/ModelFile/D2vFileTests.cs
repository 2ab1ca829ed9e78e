using Data2Vec.ModelFile;

namespace Data2Vec.Tests.ModelFile;

public class D2vFileTests
{
    [Fact]
    public void Many_threads_open_and_read_one_file()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("model.d2v", SampleModel.Bytes());
        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            using D2vFile file = D2vFile.Open(path);
            foreach (TensorInfo tensor in file.Tensors.Values)
            {
                file.Read(tensor, new float[tensor.Count]);
            }
        });
    }

    [Fact]
    public void The_digest_is_the_SHA_256_of_all_bytes()
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = SampleModel.Bytes();
        using D2vFile file = D2vFile.Open(folder.File("model.d2v", bytes));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), file.ComputeDigest());
        using D2vFile copy = D2vFile.Open(bytes, "copy");
        Assert.Equal(file.ComputeDigest(), copy.ComputeDigest());
    }

    [Fact]
    public void A_file_can_be_replaced_while_it_is_open()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not replace a mapped file.");
        using var folder = new TemporaryFolder();
        string path = folder.File("model.d2v", SampleModel.Bytes());
        using D2vFile file = D2vFile.Open(path);
        using (D2vWriter writer = D2vWriter.Create(path, new D2vContents { Architecture = "new" }))
        {
            writer.Complete();
        }

        file.Verify();
        using D2vFile replaced = D2vFile.Open(path);
        Assert.Equal("new", replaced.Architecture);
    }

    [Fact]
    public void Truncating_an_open_file_is_detected()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not truncate a mapped file.");
        using var folder = new TemporaryFolder();
        string path = folder.File("model.d2v", SampleModel.Bytes());
        using D2vFile file = D2vFile.Open(path);
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(1000);
        }

        InvalidDataException e = Assert.Throws<InvalidDataException>(file.Verify);
        Assert.StartsWith($"{path}: the file was truncated", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disposed_file_refuses_access_to_its_data()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("model.d2v", SampleModel.Bytes());
        D2vFile[] files = [D2vFile.Open(path), D2vFile.Open(SampleModel.Bytes(), "memory")];
        foreach (D2vFile file in files)
        {
            TensorInfo tensor = file.Tensor("bias");
            file.Dispose();
            file.Dispose();
            Assert.Throws<ObjectDisposedException>(() => file.Pointer(tensor));
            Assert.Throws<ObjectDisposedException>(() => file.Asset("dict.txt").Length);
            Assert.Throws<ObjectDisposedException>(() => file.Read(tensor, new float[tensor.Count]));
            Assert.Throws<ObjectDisposedException>(file.Verify);
            Assert.Equal("data2vec-test", file.Architecture);
            Assert.Equal(48, file.Config.GetProperty("hidden_size").GetInt32());
        }
    }

    [Fact]
    public void Missing_tensors_and_assets_are_named()
    {
        using D2vFile file = D2vFile.Open(SampleModel.Bytes(), "model.d2v");
        Assert.Equal(
            "model.d2v: there is no tensor 'none'",
            Assert.Throws<InvalidDataException>(() => file.Tensor("none")).Message);
        Assert.Equal(
            "model.d2v: there is no asset 'none'",
            Assert.Throws<InvalidDataException>(() => file.Asset("none").Length).Message);
    }

    [Fact]
    public void A_tensor_of_another_file_is_refused()
    {
        using D2vFile one = D2vFile.Open(SampleModel.Bytes(), "one");
        using D2vFile two = D2vFile.Open(SampleModel.Bytes(), "two");
        Assert.Throws<ArgumentException>(() => one.Pointer(two.Tensor("bias")));
        Assert.Throws<ArgumentException>(() => one.Pointer(one.Tensor("bias") with { Offset = 1L << 40 }));
    }

    [Fact]
    public void Reading_requires_a_destination_of_the_exact_size()
    {
        using D2vFile file = D2vFile.Open(SampleModel.Bytes(), "model.d2v");
        Assert.Throws<ArgumentException>(() => file.Read(file.Tensor("bias"), new float[16]));
    }
}
