using Data2Vec.Converters.Onnx;
using static Data2Vec.Converters.Tests.Onnx.OnnxBuilder;

namespace Data2Vec.Converters.Tests.Onnx;

public sealed class OnnxFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("data2vec-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Nameless_matrices_get_the_names_of_their_biases_and_are_transposed()
    {
        Dictionary<string, float[]> weights = Read(Model(
            Node("MatMul", ["x", "12"], "y"), Node("Add", ["a.bias", "y"], "z"), Node("Gemm", ["z", "onnx::Gemm_3", "b.bias"], "u", attributes: Transposing),
            Node("MatMul", ["u", "table.weight"], "v"), Node("Identity", ["a.bias"], "same.bias"),
            Tensor("12", [2, 3], 1, Raw(1, 2, 3, 4, 5, 6)), Tensor("onnx::Gemm_3", [1, 3], 1, Raw(7, 8, 9)), Tensor("a.bias", [3], 1, Raw(1, 1, 1)),
            Tensor("b.bias", [1], 1, Raw(2)), Tensor("table.weight", [1, 2], 1, Raw(3, 4)), Tensor("/Constant_output_0", [1], 1, Raw(5))));
        Assert.Equal(["a.bias", "a.weight", "b.bias", "b.weight", "same.bias", "table.weight"], weights.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([1, 4, 2, 5, 3, 6], weights["a.weight"]);
        Assert.Equal([7, 8, 9], weights["b.weight"]);
        Assert.Equal([3, 4], weights["table.weight"]);
        Assert.Equal([1, 1, 1], weights["same.bias"]);
    }

    [Fact]
    public void Numbers_may_be_packed_rounded_or_in_another_file_of_the_folder()
    {
        File.WriteAllBytes(Path.Combine(_folder, "weights.data"), [.. new[] { 9f, 1.5f, -2f }.SelectMany(BitConverter.GetBytes)]);
        byte[] half = [.. new[] { 0.5f, 2f }.SelectMany(value => BitConverter.GetBytes((Half)value))], packed = [.. BitConverter.GetBytes(4f), .. BitConverter.GetBytes(5f)];
        Dictionary<string, float[]> weights = Read(Model(
            Tensor("a.weight", [2], 10, Field(9, half)), Tensor("b.weight", [2], 1, Field(4, packed)), Tensor("c.weight", [2], 1, External("weights.data", 4, 8))));
        Assert.Equal([0.5f, 2], weights["a.weight"]);
        Assert.Equal([4, 5], weights["b.weight"]);
        Assert.Equal([1.5f, -2], weights["c.weight"]);
        Refuse("beyond the end of weights.data", Model(Tensor("c.weight", [2], 1, External("weights.data", 8, 8))));
        Refuse("missing.data, which is not there", Model(Tensor("c.weight", [2], 1, External("missing.data", 0, 8))));
    }

    [Theory, InlineData("../weights.data"), InlineData("/etc/passwd"), InlineData("c:\\x"), InlineData("a/../../b"), InlineData("")]
    public void Files_elsewhere_are_not_opened(string location) =>
        Refuse("which is not in the folder of the model", Model(Tensor("c.weight", [2], 1, External(location, 0, 8))));

    [Fact]
    public void Rounded_and_rewritten_models_are_refused_with_the_way_out()
    {
        Refuse("a quantized model (MatMulInteger), whose weights are rounded; convert the original", Model(Node("MatMulInteger", ["x", "w"], "y")));
        Refuse("it has the operator SkipLayerNormalization of com.microsoft; convert the model before optimization", Model(Node("SkipLayerNormalization", ["x"], "y", "com.microsoft")));
    }

    [Fact]
    public void Damaged_files_are_refused()
    {
        Refuse("not an ONNX model: it has no graph", Field(2, "pytorch"));
        Refuse("not an ONNX model", [.. "not an ONNX model at all"u8]);
        Refuse("has 4 bytes, and its shape [2] of float32 needs 8", Model(Tensor("a.weight", [2], 1, Raw(1))));
        Refuse("its shape [4611686018427387904, 4] is impossible", Model(Tensor("a.weight", [1L << 62, 4], 1, Raw(1))));
        Refuse("two tensors are called 'a.weight'", Model(Tensor("a.weight", [1], 1, Raw(1)), Tensor("a.weight", [1], 1, Raw(2))));
        Refuse("number 17 of ONNX", Model(Tensor("a.weight", [1], 17, Field(9, [1]))));
        byte[] model = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "onnx", "paths.onnx"));
        for (int length = 0; length < model.Length; length += 997)
        {
            Assert.Throws<InvalidDataException>(() => Read(model[..length]));
        }
    }

    [Fact]
    public void Changed_bytes_cause_an_error_or_other_numbers_and_nothing_else()
    {
        byte[] model = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "onnx", "folded.onnx"));
        var random = new Random(5);
        int refused = 0;
        for (int i = 0; i < 300; i++)
        {
            byte[] changed = [.. model];
            for (int k = random.Next(1, 4); k > 0; k--)
            {
                changed[random.Next(8000)] = (byte)random.Next(256);
            }

            try
            {
                Read(changed);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 10, 299);
    }

    private static byte[] Transposing => [.. Field(1, "transB"), .. Number(3, 1)];

    private Dictionary<string, float[]> Read(byte[] model)
    {
        string path = Path.Combine(_folder, "model.onnx");
        File.WriteAllBytes(path, model);
        using OnnxFile file = OnnxFile.Open(path);
        return file.Tensors.ToDictionary(tensor => tensor.Key, tensor =>
        {
            float[] numbers = new float[Math.Min(tensor.Value.Count, 1 << 16)];
            tensor.Value.Read(0, numbers);
            return numbers;
        });
    }

    private void Refuse(string reason, byte[] model)
    {
        string message = Assert.Throws<InvalidDataException>(() => Read(model)).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }
}
