using System.Text.Json.Nodes;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Tests.ModelFile;

public class WriterTests
{
    [Fact]
    public void The_target_appears_only_on_completion()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("model.d2v");
        D2vContents contents = SampleModel.Contents();
        using (D2vWriter writer = D2vWriter.Create(path, contents))
        {
            SampleModel.WriteTensors(writer, contents);
            Assert.False(File.Exists(path));
            writer.Complete();
        }

        Assert.Equal([path], folder.Files);
        Assert.Equal(SampleModel.Bytes(), File.ReadAllBytes(path));
    }

    [Fact]
    public void A_discarded_writer_leaves_only_the_old_target()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("model.d2v", [1, 2, 3]);
        D2vContents contents = SampleModel.Contents();
        using (D2vWriter writer = D2vWriter.Create(path, contents))
        {
            SampleModel.WriteTensors(writer, contents);
        }

        Assert.Equal([path], folder.Files);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
    }

    [Fact]
    public void A_failing_source_leaves_no_file()
    {
        using var folder = new TemporaryFolder();
        D2vContents contents = SampleModel.Contents();
        Assert.Throws<EndOfStreamException>(() =>
        {
            using D2vWriter writer = D2vWriter.Create(folder.File("model.d2v"), contents);
            writer.Write("rows", (ReadElements)((_, _) => throw new EndOfStreamException()));
        });
        Assert.Empty(folder.Files);
    }

    [Fact]
    public void A_failing_rename_leaves_no_file()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("model.d2v");
        Directory.CreateDirectory(Path.Combine(path, "in the way"));
        using (D2vWriter writer = D2vWriter.Create(path, new D2vContents { Architecture = "none" }))
        {
            Assert.ThrowsAny<Exception>(writer.Complete);
        }

        Assert.Empty(folder.Files);
        Assert.True(Directory.Exists(path));
    }

    [Fact]
    public void Contents_that_violate_the_format_are_refused_and_leave_no_file()
    {
        using var folder = new TemporaryFolder();
        TensorDeclaration[][] bad =
        [
            [new("", ElementType.F32, [1])],
            [new("with space", ElementType.F32, [1])],
            [new("../x", ElementType.F32, [1])],
            [new(new string('n', 256), ElementType.F32, [1])],
            [new("t", ElementType.F32, [1, 0])],
            [new("t", ElementType.F32, [-1])],
            [new("t", ElementType.F32, [1, 1, 1, 1, 1, 1, 1, 1, 1])],
            [new("t", ElementType.F32, [int.MaxValue, int.MaxValue, int.MaxValue])],
            [new("t", ElementType.F32, [4], WeightLayout.Panels)],
            [new("t", ElementType.I8, [4, 4, 2], WeightLayout.Panels)],
            [new("t", ElementType.I8, [4, 4], WeightLayout.Panels, Groups: 2)],
            [new("t", ElementType.F32, [4, 4], WeightLayout.Panels, Groups: 3)],
            [new("t", ElementType.F32, [4, 4], WeightLayout.Panels, Groups: 0)],
            [new("t", ElementType.F32, [4, 4], Groups: 2)],
            [new("t", ElementType.I8, [4])],
            [new("t", (ElementType)9, [4])],
            [new("t", ElementType.F32, [4]), new("t", ElementType.F32, [4])],
        ];
        foreach (TensorDeclaration[] tensors in bad)
        {
            var contents = new D2vContents { Architecture = "bad", Tensors = tensors };
            Assert.Throws<ArgumentException>(() => D2vWriter.Create(folder.File("model.d2v"), contents));
        }

        var badAsset = new D2vContents { Architecture = "bad", Assets = { ["a/b"] = ReadOnlyMemory<byte>.Empty } };
        Assert.Throws<ArgumentException>(() => D2vWriter.Create(folder.File("model.d2v"), badAsset));
        var badArchitecture = new D2vContents { Architecture = "" };
        Assert.Throws<ArgumentException>(() => D2vWriter.Create(folder.File("model.d2v"), badArchitecture));
        Assert.Empty(folder.Files);
    }

    [Fact]
    public void Byte_counts_are_checked()
    {
        using var stream = new MemoryStream();
        var contents = new D2vContents
        {
            Architecture = "one",
            Tensors = [new TensorDeclaration("t", ElementType.F32, [4])],
        };
        using D2vWriter writer = D2vWriter.Create(stream, contents);
        Assert.Throws<InvalidOperationException>(writer.Complete);
        Assert.Throws<ArgumentException>(() => writer.Write("other", sink => sink.Write([1f])));
        Assert.Throws<InvalidOperationException>(() => writer.Write("t", sink => sink.Write(new float[5])));
        Assert.Throws<InvalidOperationException>(() => writer.Write("t", sink => sink.Write(new float[3])));
        Assert.Throws<InvalidOperationException>(writer.Complete);
        writer.Write("t", sink => sink.Write(new float[4]));
        Assert.Throws<InvalidOperationException>(() => writer.Write("t", sink => sink.Write(new float[4])));
        writer.Complete();
        Assert.Throws<ObjectDisposedException>(writer.Complete);
        D2vFile.Open(stream.ToArray(), "one").Dispose();
    }

    [Fact]
    public void Contents_that_change_while_writing_are_detected()
    {
        using var stream = new MemoryStream();
        var contents = new D2vContents { Architecture = "none" };
        using D2vWriter writer = D2vWriter.Create(stream, contents);
        contents.Config["more"] = JsonValue.Create(1);
        Assert.Throws<InvalidOperationException>(writer.Complete);
    }
}
