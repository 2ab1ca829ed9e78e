using Data2Vec.Bench.Peers.Onnx;
using Data2Vec.Vision;
using Google.Protobuf;
using static Data2Vec.Bench.Peers.Onnx.AttributeProto.Types;
using DataType = Data2Vec.Bench.Peers.Onnx.TensorProto.Types.DataType;

namespace Data2Vec.Bench.Peers;

/// <summary>The ONNX graph of a vision transformer with position vectors, as PyTorch exports timm's: queries, keys and values in one product.</summary>
internal static class VitGraph
{
    private const int PageBytes = 4096;

    /// <summary>Writes the graph, whose output is the normalized rows of the patches.</summary>
    /// <param name="path">The path of the graph.</param>
    /// <param name="weights">The name of the weight file beside it.</param>
    /// <param name="config">The structure.</param>
    /// <returns>The offset and size in bytes of each weight in the weight file.</returns>
    public static IReadOnlyList<(string Name, long Offset, int Bytes)> Write(string path, string weights, VitConfig config)
    {
        var graph = new GraphProto { Name = "vit" };
        var places = new List<(string Name, long Offset, int Bytes)>();
        long end = 0;
        int hidden = config.HiddenSize, heads = config.Heads, size = hidden / heads, rows = config.Patches + 1;

        Weight("w", hidden, 3, config.PatchSize, config.PatchSize);
        Weight("b", hidden);
        Weight("cls", 1, hidden);
        Weight("pos", rows, hidden);
        Node("Conv", "patches", ["img", "w", "b"], Integers("strides", config.PatchSize, config.PatchSize));
        Node("Reshape", "flat", ["patches", Shape("flat.shape", 0, hidden, -1)]);
        Node("Transpose", "patch.rows", ["flat"], Integers("perm", 0, 2, 1));

        // The class token of each image.
        Node("Slice", "first", ["patch.rows", Shape("zero", 0), Shape("one", 1), Shape("axis", 1)]);
        Node("Mul", "empty", ["first", Number("nothing", 0)]);
        Node("Add", "class.row", ["empty", "cls"]);
        Node("Concat", "joined", ["class.row", "patch.rows"], Integer("axis", 1));
        Node("Add", "x0", ["joined", "pos"]);

        Shape("split", hidden, hidden, hidden);
        Shape("heads", 0, 0, heads, size);
        Shape("together", 0, 0, hidden);
        Number("root", MathF.Sqrt(size));
        Number("sqrt2", MathF.Sqrt(2));
        Number("unit", 1);
        Number("half", 0.5f);
        string x = "x0";
        for (int i = 0; i < config.Layers; i++)
        {
            string layer = $"blocks.{i}";
            Norm($"{layer}.n1", x);
            Linear($"{layer}.qkv", $"{layer}.n1", hidden, 3 * hidden);
            graph.Node.Add(new NodeProto
            {
                OpType = "Split",
                Input = { $"{layer}.qkv", "split" },
                Output = { $"{layer}.q", $"{layer}.k", $"{layer}.v" },
                Attribute = { Integer("axis", 2) },
            });
            foreach (string part in (string[])["q", "k", "v"])
            {
                Node("Reshape", $"{layer}.{part}.heads", [$"{layer}.{part}", "heads"]);
                Node("Transpose", $"{layer}.{part}.t", [$"{layer}.{part}.heads"], Integers("perm", part == "k" ? [0, 2, 3, 1] : [0, 2, 1, 3]));
            }

            Node("MatMul", $"{layer}.scores", [$"{layer}.q.t", $"{layer}.k.t"]);
            Node("Div", $"{layer}.scaled", [$"{layer}.scores", "root"]);
            Node("Softmax", $"{layer}.shares", [$"{layer}.scaled"], Integer("axis", -1));
            Node("MatMul", $"{layer}.mixed", [$"{layer}.shares", $"{layer}.v.t"]);
            Node("Transpose", $"{layer}.mixed.t", [$"{layer}.mixed"], Integers("perm", 0, 2, 1, 3));
            Node("Reshape", $"{layer}.attended", [$"{layer}.mixed.t", "together"]);
            Linear($"{layer}.o", $"{layer}.attended", hidden, hidden);
            Node("Add", $"{layer}.middle", [x, $"{layer}.o"]);
            Norm($"{layer}.n2", $"{layer}.middle");
            Linear($"{layer}.f1", $"{layer}.n2", hidden, config.FeedForwardSize);
            Node("Div", $"{layer}.erf.in", [$"{layer}.f1", "sqrt2"]);
            Node("Erf", $"{layer}.erf", [$"{layer}.erf.in"]);
            Node("Add", $"{layer}.erf.1", [$"{layer}.erf", "unit"]);
            Node("Mul", $"{layer}.gelu.2", [$"{layer}.f1", $"{layer}.erf.1"]);
            Node("Mul", $"{layer}.gelu", [$"{layer}.gelu.2", "half"]);
            Linear($"{layer}.f2", $"{layer}.gelu", config.FeedForwardSize, hidden);
            Node("Add", x = $"{layer}.out", [$"{layer}.middle", $"{layer}.f2"]);
        }

        Norm("norm", x);
        Node("Slice", "y", ["norm", "one", Shape("many", int.MaxValue), "axis"]);
        graph.Input.Add(VggGraph.Batch("img", 3, config.ImageSize, config.ImageSize));
        graph.Output.Add(VggGraph.Batch("y", config.Patches, hidden));
        File.WriteAllBytes(path, new ModelProto { IrVersion = 8, Graph = graph, OpsetImport = { new OperatorSetIdProto { Version = 17 } } }.ToByteArray());
        return places;

        void Linear(string name, string input, int inputs, int outputs)
        {
            Weight($"{name}.weight", outputs, inputs);
            Weight($"{name}.bias", outputs);
            Node("Transpose", $"{name}.matrix", [$"{name}.weight"], Integers("perm", 1, 0));
            Node("MatMul", $"{name}.product", [input, $"{name}.matrix"]);
            Node("Add", name, [$"{name}.product", $"{name}.bias"]);
        }

        void Norm(string name, string input)
        {
            Weight($"{name}.weight", hidden);
            Weight($"{name}.bias", hidden);
            Node("LayerNormalization", name, [input, $"{name}.weight", $"{name}.bias"], new AttributeProto { Name = "epsilon", Type = AttributeType.Float, F = config.Epsilon });
        }

        void Node(string type, string output, string[] inputs, params AttributeProto[] attributes) =>
            graph.Node.Add(new NodeProto { OpType = type, Input = { inputs }, Output = { output }, Attribute = { attributes } });

        string Shape(string name, params long[] numbers)
        {
            graph.Initializer.Add(new TensorProto
            {
                Name = name,
                DataType = DataType.Int64,
                Dims = { numbers.Length },
                RawData = ByteString.CopyFrom([.. numbers.SelectMany(BitConverter.GetBytes)]),
            });
            return name;
        }

        string Number(string name, float number)
        {
            graph.Initializer.Add(new TensorProto { Name = name, DataType = DataType.Float, RawData = ByteString.CopyFrom(BitConverter.GetBytes(number)) });
            return name;
        }

        void Weight(string name, params long[] shape)
        {
            int bytes = checked(sizeof(float) * (int)shape.Aggregate((product, count) => product * count));
            graph.Initializer.Add(QuantizedGraph.External(name, DataType.Float, shape, weights, end, bytes));
            places.Add((name, end, bytes));
            end = (end + bytes + PageBytes - 1) / PageBytes * PageBytes;
        }
    }

    private static AttributeProto Integers(string name, params long[] values) => new() { Name = name, Type = AttributeType.Ints, Ints = { values } };

    private static AttributeProto Integer(string name, long value) => new() { Name = name, Type = AttributeType.Int, I = value };
}
