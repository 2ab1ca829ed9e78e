using System.Text.Json.Nodes;
using Data2Vec.Kernels;
using Data2Vec.ModelFile;

namespace Data2Vec.Tests.ModelFile;

/// <summary>A small model with a tensor of every kind.</summary>
internal static class SampleModel
{
    public static readonly byte[] Dictionary = "the 42\nof 17\n"u8.ToArray();

    public static D2vContents Contents() => new()
    {
        Architecture = "data2vec-test",
        Config = new JsonObject
        {
            ["hidden_size"] = 48,
            ["eps"] = 1e-5,
            ["conv_layers"] = new JsonArray(new JsonArray(512, 10, 5)),
            ["name"] = "größe \"x\" ✓",
        },
        Provenance = new JsonObject { ["source"] = "sample.pt" },
        Tensors =
        [
            new TensorDeclaration("scalar", ElementType.F32, []),
            new TensorDeclaration("bias", ElementType.F32, [17]),
            new TensorDeclaration("rows", ElementType.F32, [3, 5, 2]),
            new TensorDeclaration("half", ElementType.F16, [7, 3]),
            new TensorDeclaration("brain", ElementType.BF16, [5, 5]),
            new TensorDeclaration("quantized", ElementType.I8, [17, 6]),
            new TensorDeclaration("linear", ElementType.F32, [33, 7], WeightLayout.Panels),
            new TensorDeclaration("conv", ElementType.F32, [20, 2, 3], WeightLayout.Panels, Groups: 2),
            new TensorDeclaration("linear_bf16", ElementType.BF16, [33, 7], WeightLayout.Panels),
            new TensorDeclaration("linear_f16", ElementType.F16, [33, 7], WeightLayout.Panels),
            new TensorDeclaration("conv_bf16", ElementType.BF16, [20, 3, 3], WeightLayout.Panels, Groups: 2),
            new TensorDeclaration("linear_i8", ElementType.I8, [50, 70], WeightLayout.Panels),
        ],
        Assets =
        {
            ["dict.txt"] = Dictionary,
            ["empty"] = ReadOnlyMemory<byte>.Empty,
            ["zeros.bin"] = new byte[130],
        },
    };

    public static float[] Values(TensorDeclaration tensor)
    {
        var random = new Random(tensor.Name.Length);
        int count = tensor.Shape.Aggregate(1, (a, b) => a * b);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 4 - 2))];
    }

    public static ReadElements Reader(float[] values) =>
        (start, destination) => values.AsSpan((int)start, destination.Length).CopyTo(destination);

    public static void WriteTensors(D2vWriter writer, D2vContents contents)
    {
        foreach (TensorDeclaration tensor in contents.Tensors)
        {
            writer.Write(tensor.Name, Reader(Values(tensor)));
        }
    }

    public static byte[] Bytes()
    {
        using var stream = new MemoryStream();
        D2vContents contents = Contents();
        using (D2vWriter writer = D2vWriter.Create(stream, contents))
        {
            WriteTensors(writer, contents);
            writer.Complete();
        }

        return stream.ToArray();
    }
}
