using System.Text.Json.Nodes;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Memes.Tests;

public class PartTests
{
    [Fact]
    public void A_part_has_its_own_names_and_keeps_the_memory_of_the_file()
    {
        D2vFile whole = Write();
        D2vFile part = whole.Part("text");
        whole.Dispose();
        whole.Dispose();
        Assert.Throws<ObjectDisposedException>(() => whole.Asset("other"));
        Assert.Throws<ObjectDisposedException>(() => whole.Part("text"));

        Assert.Equal("data2vec-text", part.Architecture);
        Assert.Equal(7, part.Config.GetProperty("layers").GetInt32());
        Assert.Equal(["a.weight"], part.Tensors.Keys);
        Assert.Equal(["words"], part.Assets.Keys);
        float[] values = new float[2];
        part.Read(part.Tensor("a.weight"), values);
        Assert.Equal([1, 2], values);
        Assert.Equal("abc"u8, part.Asset("words"));
        part.Verify();
        part.Dispose();
        Assert.Throws<ObjectDisposedException>(() => part.Asset("words"));
    }

    [Fact]
    public void A_missing_part_is_named()
    {
        using D2vFile whole = Write();
        Assert.Equal("test: the configuration: \"image\" must be an object but is missing", Assert.Throws<InvalidDataException>(() => whole.Part("image")).Message);
        using D2vFile text = whole.Part("text");
        Assert.Contains("test (text): there is no tensor 'b'", Assert.Throws<InvalidDataException>(() => text.Tensor("b")).Message);
    }

    private static D2vFile Write()
    {
        var contents = new D2vContents
        {
            Architecture = MemeConfig.Architecture,
            Config = new JsonObject { ["text"] = new JsonObject { ["architecture"] = "data2vec-text", ["config"] = new JsonObject { ["layers"] = 7 } } },
            Tensors = [new TensorDeclaration("text.a.weight", ElementType.F32, [2]), new TensorDeclaration("textual", ElementType.F32, [1])],
            Assets = new Dictionary<string, ReadOnlyMemory<byte>> { ["text.words"] = "abc"u8.ToArray(), ["other"] = "d"u8.ToArray() },
        };
        using var stream = new MemoryStream();
        using var writer = D2vWriter.Create(stream, contents);
        writer.Write("text.a.weight", (long start, Span<float> to) => new float[] { 1, 2 }.AsSpan((int)start, to.Length).CopyTo(to));
        writer.Write("textual", (long _, Span<float> to) => to.Clear());
        writer.Complete();
        return D2vFile.Open(stream.ToArray(), "test");
    }
}
