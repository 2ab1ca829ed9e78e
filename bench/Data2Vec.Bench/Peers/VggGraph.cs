using Data2Vec.Bench.Peers.Onnx;
using Data2Vec.Vision;
using Google.Protobuf;

namespace Data2Vec.Bench.Peers;

/// <summary>The ONNX graph of a VGG network, as torchvision exports it: linear layers transpose their weight in the graph.</summary>
internal static class VggGraph
{
    private const int PageBytes = 4096;

    /// <summary>Writes the graph.</summary>
    /// <param name="path">The path of the graph.</param>
    /// <param name="weights">The name of the weight file beside it.</param>
    /// <param name="config">The structure.</param>
    /// <returns>The offset and size in bytes of each weight in the weight file.</returns>
    public static IReadOnlyList<(string Name, long Offset, int Bytes)> Write(string path, string weights, VggConfig config)
    {
        var graph = new GraphProto { Name = "vgg" };
        var places = new List<(string Name, long Offset, int Bytes)>();
        long end = 0;
        string x = "img";
        int channels = 3;
        for (int block = 0; block < config.Blocks.Count; block++)
        {
            for (int i = 0; i < config.Blocks[block].Count; i++)
            {
                string name = $"blocks.{block}.{i}";
                int outputs = config.Blocks[block][i];
                Initializer($"{name}.weight", outputs, channels, 3, 3);
                Initializer($"{name}.bias", outputs);
                Node("Conv", name, [x, $"{name}.weight", $"{name}.bias"], Integers("kernel_shape", 3, 3), Integers("pads", 1, 1, 1, 1));
                Node("Relu", x = $"{name}.relu", [name]);
                channels = outputs;
            }

            Node("MaxPool", $"blocks.{block}.pool", [x], Integers("kernel_shape", 2, 2), Integers("strides", 2, 2));
            x = $"blocks.{block}.pool";
        }

        Node("Flatten", "flat", [x]);
        Linear("fc6", "flat", channels * config.GridSize * config.GridSize, config.IntermediateSize);
        Node("Relu", "fc6.relu", ["fc6"]);
        Linear("fc7", "fc6.relu", config.IntermediateSize, config.HiddenSize);
        graph.Input.Add(Batch("img", 3, config.ImageSize, config.ImageSize));
        graph.Output.Add(Batch("fc7", config.HiddenSize));
        var model = new ModelProto { IrVersion = 8, Graph = graph, OpsetImport = { new OperatorSetIdProto { Version = 17 } } };
        File.WriteAllBytes(path, model.ToByteArray());
        return places;

        void Linear(string name, string input, int inputs, int outputs)
        {
            Initializer($"{name}.weight", outputs, inputs);
            Initializer($"{name}.bias", outputs);
            Node("Transpose", $"{name}.matrix", [$"{name}.weight"], Integers("perm", 1, 0));
            Node("MatMul", $"{name}.product", [input, $"{name}.matrix"]);
            Node("Add", name, [$"{name}.product", $"{name}.bias"]);
        }

        void Node(string type, string output, string[] inputs, params AttributeProto[] attributes) =>
            graph.Node.Add(new NodeProto { OpType = type, Input = { inputs }, Output = { output }, Attribute = { attributes } });

        void Initializer(string name, params long[] shape)
        {
            int bytes = checked(sizeof(float) * (int)shape.Aggregate((product, size) => product * size));
            graph.Initializer.Add(QuantizedGraph.External(name, TensorProto.Types.DataType.Float, shape, weights, end, bytes));
            places.Add((name, end, bytes));
            end = (end + bytes + PageBytes - 1) / PageBytes * PageBytes;
        }
    }

    private static AttributeProto Integers(string name, params long[] values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };

    /// <summary>An input or output for any number of images.</summary>
    public static ValueInfoProto Batch(string name, params int[] shape)
    {
        var dimensions = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "images" } } };
        dimensions.Dim.Add(shape.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size }));
        return new() { Name = name, Type = new() { TensorType = new() { ElemType = TensorProto.Types.DataType.Float, Shape = dimensions } } };
    }
}
