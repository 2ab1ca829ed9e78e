using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Data2Vec.Bench.Peers.Onnx;
using Google.Protobuf;
using DataType = Data2Vec.Bench.Peers.Onnx.TensorProto.Types.DataType;

namespace Data2Vec.Bench.Peers;

/// <summary>
/// Quantizes a graph as ONNX Runtime's tool for dynamic quantization does: each product with a weight becomes a
/// <c>DynamicQuantizeMatMul</c>, with signed bytes and one scale per output for the weights, and unsigned bytes quantized on the fly for the inputs.
/// Convolutions stay f32, which is fastest in ONNX Runtime.
/// </summary>
internal static class QuantizedGraph
{
    private const string Domain = "com.microsoft";

    /// <summary>Writes the quantized graph and its weights beside a graph.</summary>
    /// <param name="path">The path of the graph.</param>
    /// <param name="read">Reads a weight <c>[outputs, inputs]</c> by name.</param>
    /// <returns>The path of the quantized graph.</returns>
    public static string Write(string path, Func<string, float[]> read)
    {
        string target = Path.ChangeExtension(path, ".i8.onnx"), weights = Path.ChangeExtension(target, ".weights");
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        GraphProto graph = model.Graph;
        NodeProto[] transposes = [.. graph.Node.Where(node => node.OpType == "Transpose" && node.Input[0].EndsWith(".weight", StringComparison.Ordinal))];
        Dictionary<string, string> weightOf = transposes.ToDictionary(node => node.Output[0], node => node.Input[0]);
        foreach (NodeProto transpose in transposes)
        {
            graph.Node.Remove(transpose);
        }

        foreach (NodeProto node in graph.Node.Where(node => node.OpType == "MatMul" && weightOf.ContainsKey(node.Input[1])))
        {
            string name = weightOf[node.Input[1]];
            (node.OpType, node.Domain) = ("DynamicQuantizeMatMul", Domain);
            node.Input.RemoveAt(1);
            node.Input.Add([name, Scale(name), Zero(name)]);
        }

        TensorProto[] initializers = [.. graph.Initializer];
        graph.Initializer.Clear();
        using FileStream stream = File.Create(weights + ".tmp");
        foreach (TensorProto initializer in initializers)
        {
            string name = initializer.Name;
            if (!weightOf.ContainsValue(name))
            {
                graph.Initializer.Add(initializer);
                continue;
            }

            float[] values = read(name);
            int outputs = (int)initializer.Dims[0], inputs = values.Length / outputs;
            graph.Initializer.Add(External(name, DataType.Int8, [inputs, outputs], Path.GetFileName(weights), stream.Position, values.Length));
            stream.Write(MemoryMarshal.AsBytes<sbyte>(Quantize(values, outputs, inputs, out float[] scales)));
            graph.Initializer.Add(PerOutput(Scale(name), DataType.Float, MemoryMarshal.AsBytes<float>(scales)));
            graph.Initializer.Add(PerOutput(Zero(name), DataType.Int8, new byte[outputs]));

            TensorProto PerOutput(string name, DataType type, ReadOnlySpan<byte> data) =>
                new() { Name = name, DataType = type, Dims = { outputs }, RawData = ByteString.CopyFrom(data) };
        }

        stream.Close();
        File.Move(weights + ".tmp", weights, overwrite: true);
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = Domain, Version = 1 });
        File.WriteAllBytes(target, model.ToByteArray());
        return target;
    }

    /// <summary>A tensor whose data is in a file beside the graph.</summary>
    public static TensorProto External(string name, DataType type, long[] shape, string file, long offset, int bytes) => new()
    {
        Name = name,
        DataType = type,
        Dims = { shape },
        DataLocation = TensorProto.Types.DataLocation.External,
        ExternalData = { Entry("location", file), Entry("offset", $"{offset}"), Entry("length", $"{bytes}") },
    };

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };

    private static string Scale(string name) => name + ".scale";

    private static string Zero(string name) => name + ".zero";

    /// <summary>Signed bytes <c>[inputs, outputs]</c>, scaled so that the largest weight of each output is 127.</summary>
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
