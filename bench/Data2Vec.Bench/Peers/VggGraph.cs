using Data2Vec.Vision;

namespace Data2Vec.Bench.Peers;

/// <summary>The ONNX graph of a VGG network, as an export of torchvision's has it: products with a weight transposed in the graph.</summary>
internal static class VggGraph
{
    // Field numbers of onnx.proto.
    private const int ModelVersion = 1, ModelGraph = 7, ModelOpset = 8, GraphNode = 1, GraphName = 2, GraphInitializer = 5, GraphInput = 11, GraphOutput = 12;
    private const int NodeInput = 1, NodeOutput = 2, NodeType = 4, NodeAttribute = 5, AttributeName = 1, AttributeIntegers = 8, AttributeType = 20;
    private const int TensorDims = 1, TensorType = 2, TensorName = 8, TensorExternal = 13, TensorLocation = 14;
    private const ulong Float = 1, External = 1, Integers = 7, IrVersion = 8, Opset = 17;
    private const int Page = 4096;

    /// <summary>Writes the graph.</summary>
    /// <param name="path">The graph.</param>
    /// <param name="weights">The name of the file beside it that has the weights.</param>
    /// <param name="config">The structure.</param>
    /// <returns>Where in that file each weight belongs, and its size in bytes.</returns>
    public static IReadOnlyList<(string Name, long Offset, int Bytes)> Write(string path, string weights, VggConfig config)
    {
        var graph = new WireMessage().Add(GraphName, "vgg");
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
                Node("Conv", name, [x, $"{name}.weight", $"{name}.bias"], Attribute("kernel_shape", 3, 3), Attribute("pads", 1, 1, 1, 1));
                Node("Relu", x = $"{name}.relu", [name]);
                channels = outputs;
            }

            Node("MaxPool", $"blocks.{block}.pool", [x], Attribute("kernel_shape", 2, 2), Attribute("strides", 2, 2));
            x = $"blocks.{block}.pool";
        }

        Node("Flatten", "flat", [x]);
        Linear("fc6", "flat", channels * config.GridSize * config.GridSize, config.IntermediateSize);
        Node("Relu", "fc6.relu", ["fc6"]);
        Linear("fc7", "fc6.relu", config.IntermediateSize, config.HiddenSize);
        graph.Add(GraphInput, Value("img", 3, config.ImageSize, config.ImageSize)).Add(GraphOutput, Value("fc7", config.HiddenSize));
        File.WriteAllBytes(path, new WireMessage().Add(ModelVersion, IrVersion).Add(ModelGraph, graph)
            .Add(ModelOpset, new WireMessage().Add(1, "").Add(2, Opset)).ToArray());
        return places;

        void Linear(string name, string input, int inputs, int outputs)
        {
            Initializer($"{name}.weight", outputs, inputs);
            Initializer($"{name}.bias", outputs);
            Node("Transpose", $"{name}.matrix", [$"{name}.weight"], Attribute("perm", 1, 0));
            Node("MatMul", $"{name}.product", [input, $"{name}.matrix"]);
            Node("Add", name, [$"{name}.product", $"{name}.bias"]);
        }

        void Node(string type, string output, string[] inputs, params WireMessage[] attributes)
        {
            WireMessage node = new WireMessage().Add(NodeInput, inputs).Add(NodeOutput, output).Add(NodeType, type);
            foreach (WireMessage attribute in attributes)
            {
                node.Add(NodeAttribute, attribute);
            }

            graph.Add(GraphNode, node);
        }

        void Initializer(string name, params ReadOnlySpan<int> shape)
        {
            var tensor = new WireMessage();
            int bytes = sizeof(float);
            foreach (int size in shape)
            {
                tensor.Add(TensorDims, (ulong)size);
                bytes *= size;
            }

            graph.Add(GraphInitializer, tensor.Add(TensorType, Float).Add(TensorName, name)
                .Add(TensorExternal, Entry("location", weights)).Add(TensorExternal, Entry("offset", $"{end}")).Add(TensorExternal, Entry("length", $"{bytes}"))
                .Add(TensorLocation, External));
            places.Add((name, end, bytes));
            end = (end + bytes + Page - 1) / Page * Page;
        }
    }

    private static WireMessage Entry(string key, string value) => new WireMessage().Add(1, key).Add(2, value);

    private static WireMessage Attribute(string name, params ReadOnlySpan<ulong> values)
    {
        WireMessage attribute = new WireMessage().Add(AttributeName, name).Add(AttributeType, Integers);
        foreach (ulong value in values)
        {
            attribute.Add(AttributeIntegers, value);
        }

        return attribute;
    }

    /// <summary>An input or output of any number of images.</summary>
    private static WireMessage Value(string name, params ReadOnlySpan<int> shape)
    {
        WireMessage dimensions = new WireMessage().Add(1, new WireMessage().Add(2, "images"));
        foreach (int size in shape)
        {
            dimensions.Add(1, new WireMessage().Add(1, (ulong)size));
        }

        return new WireMessage().Add(1, name).Add(2, new WireMessage().Add(1, new WireMessage().Add(1, Float).Add(2, dimensions)));
    }
}
