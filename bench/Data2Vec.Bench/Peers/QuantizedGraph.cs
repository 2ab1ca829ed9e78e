using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Data2Vec.Bench.Peers;

/// <summary>
/// What ONNX Runtime's tool for dynamic quantization makes of a graph: each product with a weight becomes
/// <c>DynamicQuantizeMatMul</c>, weights as signed bytes with one scale for each output, inputs as unsigned bytes quantized on the fly.
/// Convolutions stay f32, in which that runtime does them fastest.
/// </summary>
internal static class QuantizedGraph
{
    // Field numbers of onnx.proto: of a model, a graph, a node, a tensor, an entry of its external data.
    private const int ModelGraph = 7, ModelOpset = 8, GraphNode = 1, GraphInitializer = 5, NodeInput = 1, NodeOutput = 2, NodeType = 4, NodeDomain = 7;
    private const int TensorDims = 1, TensorType = 2, TensorName = 8, TensorRaw = 9, TensorExternal = 13, TensorLocation = 14;
    private const ulong Float = 1, Int8 = 3, External = 1;
    private const string Domain = "com.microsoft";

    /// <summary>Writes the quantized graph and its weights beside a graph.</summary>
    /// <param name="graph">The path of the graph.</param>
    /// <param name="read">Gives a weight <c>[outputs, inputs]</c> by name.</param>
    /// <returns>The path of the quantized graph.</returns>
    public static string Write(string graph, Func<string, float[]> read)
    {
        string target = Path.ChangeExtension(graph, ".i8.onnx"), weights = Path.ChangeExtension(target, ".weights");
        WireMessage model = WireMessage.Parse(File.ReadAllBytes(graph));
        WireMessage old = model.Messages(ModelGraph).Single();
        WireMessage[] nodes = [.. old.Messages(GraphNode)], initializers = [.. old.Messages(GraphInitializer)];
        Dictionary<string, string> matrixOf = nodes
            .Where(node => node.Texts(NodeType) is ["Transpose"] && node.Texts(NodeInput)[0].EndsWith(".weight", StringComparison.Ordinal))
            .ToDictionary(node => node.Texts(NodeOutput)[0], node => node.Texts(NodeInput)[0]);
        var changed = WireMessage.Parse(old.ToArray()).Without(GraphNode).Without(GraphInitializer);
        foreach (WireMessage node in nodes)
        {
            string[] inputs = node.Texts(NodeInput), outputs = node.Texts(NodeOutput);
            if (matrixOf.ContainsKey(outputs[0]))
            {
                continue;
            }

            if (node.Texts(NodeType) is ["MatMul"] && matrixOf.TryGetValue(inputs[1], out string? name))
            {
                node.Without(NodeInput).Add(NodeInput, inputs[0], name, Scale(name), Zero(name));
                node.Without(NodeType).Add(NodeType, "DynamicQuantizeMatMul").Add(NodeDomain, Domain);
            }

            changed.Add(GraphNode, node);
        }

        using FileStream stream = File.Create(weights + ".tmp");
        foreach (WireMessage initializer in initializers)
        {
            string name = initializer.Texts(TensorName)[0];
            if (!matrixOf.ContainsValue(name))
            {
                changed.Add(GraphInitializer, initializer);
                continue;
            }

            float[] values = read(name);
            int outputs = (int)initializer.Numbers(TensorDims)[0], inputs = values.Length / outputs;
            long start = stream.Position;
            stream.Write(MemoryMarshal.AsBytes<sbyte>(Quantize(values, outputs, inputs, out float[] scales)));
            changed.Add(GraphInitializer, Tensor(name, Int8, inputs, outputs)
                .Add(TensorExternal, Entry("location", Path.GetFileName(weights)))
                .Add(TensorExternal, Entry("offset", start.ToString(CultureInfo.InvariantCulture)))
                .Add(TensorExternal, Entry("length", values.Length.ToString(CultureInfo.InvariantCulture)))
                .Add(TensorLocation, External));
            changed.Add(GraphInitializer, Tensor(Scale(name), Float, outputs).Add(TensorRaw, MemoryMarshal.AsBytes<float>(scales).ToArray()));
            changed.Add(GraphInitializer, Tensor(Zero(name), Int8, outputs).Add(TensorRaw, new byte[outputs]));
        }

        stream.Close();
        File.Move(weights + ".tmp", weights, overwrite: true);
        model.Without(ModelGraph).Add(ModelGraph, changed).Add(ModelOpset, new WireMessage().Add(1, Domain).Add(2, 1));
        File.WriteAllBytes(target, model.ToArray());
        return target;
    }

    private static string Scale(string name) => name + ".scale";

    private static string Zero(string name) => name + ".zero";

    private static WireMessage Entry(string key, string value) => new WireMessage().Add(1, key).Add(2, value);

    private static WireMessage Tensor(string name, ulong type, params ReadOnlySpan<int> dims)
    {
        var tensor = new WireMessage();
        foreach (int dim in dims)
        {
            tensor.Add(TensorDims, (ulong)dim);
        }

        return tensor.Add(TensorType, type).Add(TensorName, name);
    }

    /// <summary>Signed bytes <c>[inputs, outputs]</c>, the largest of each output 127.</summary>
    private static sbyte[] Quantize(float[] values, int outputs, int inputs, out float[] scales)
    {
        var bytes = new sbyte[values.Length];
        scales = new float[outputs];
        for (int output = 0; output < outputs; output++)
        {
            ReadOnlySpan<float> row = values.AsSpan(output * inputs, inputs);
            scales[output] = Math.Abs(TensorPrimitives.MaxMagnitude(row)) / sbyte.MaxValue;
            for (int i = 0; i < inputs; i++)
            {
                bytes[i * outputs + output] = (sbyte)MathF.Round(row[i] / scales[output]);
            }
        }

        return bytes;
    }
}
