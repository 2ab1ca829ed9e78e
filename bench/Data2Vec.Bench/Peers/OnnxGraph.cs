using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Data2Vec.Architectures;
using Data2Vec.ModelFile;
using Data2Vec.Vision;

namespace Data2Vec.Bench.Peers;

/// <summary>The ONNX graphs of the base models, of ViT-B/16 and of VGG-16, with the weights of model files.</summary>
internal static class OnnxGraph
{
    private static readonly Dictionary<string, string> s_parts = new()
    {
        ["a.q"] = "attention.query",
        ["a.k"] = "attention.key",
        ["a.v"] = "attention.value",
        ["a.o"] = "attention.output",
        ["o"] = "attention.output",
        ["n1"] = "attention_norm",
        ["n2"] = "feed_forward_norm",
        ["f1"] = "feed_forward.intermediate",
        ["f2"] = "feed_forward.output",
        ["g1"] = "attention_scale",
        ["g2"] = "feed_forward_scale",
    };

    /// <summary>Returns the path of the graph of a workload, or null if there is no rounded one.</summary>
    public static string? Provide(Workload workload, bool quantized = false) => workload.Model != MiniLm.Model ? Provide(workload.Model, workload.ModelPath(), quantized)
        : quantized ? null
        : MiniLm.GraphPath();

    /// <summary>Returns the path of a graph with its weights beside it, and writes both if they are missing.</summary>
    /// <param name="name">The kind of model.</param>
    /// <param name="modelPath">The model file with the weights, f32.</param>
    /// <param name="quantized">Whether to return the quantized graph.</param>
    public static string Provide(string name, string modelPath, bool quantized = false)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), RandomModel.HasOutliers ? "data2vec-bench-onnx-outliers" : "data2vec-bench-onnx")).FullName;
        string source = Path.Combine(AppContext.BaseDirectory, "Peers");
        string graph = Path.Combine(folder, $"{name}_base.onnx");
        string weights = Path.Combine(folder, $"{name}_base.weights");
        if (File.Exists(weights) && File.GetLastWriteTimeUtc(weights) >= File.GetLastWriteTimeUtc(modelPath))
        {
            return quantized ? Path.ChangeExtension(graph, ".i8.onnx") : graph;
        }

        using D2vFile file = D2vFile.Open(modelPath);
        using FileStream stream = File.Create(weights + ".tmp");
        foreach ((string initializer, long offset, int size) in name switch
        {
            ModelArchitecture.Vgg => VggGraph.Write(graph, Path.GetFileName(weights), VggConfig.FromJson(file.Config)),
            ModelArchitecture.Vit => VitGraph.Write(graph, Path.GetFileName(weights), VitConfig.FromJson(file.Config)),
            _ => Copy(Path.Combine(source, $"{name}_base"), graph),
        })
        {
            float[] values = Values(file, name, initializer);
            if (values.Length * sizeof(float) != size)
            {
                throw new InvalidDataException($"{initializer}: {values.Length} numbers");
            }

            stream.Position = offset;
            stream.Write(MemoryMarshal.AsBytes<float>(values));
        }

        stream.Close();
        string bytes = QuantizedGraph.Write(graph, weight => Values(file, name, weight));
        File.Move(weights + ".tmp", weights, overwrite: true);
        return quantized ? bytes : graph;
    }

    /// <summary>Copies a graph. Returns the offset and size in bytes of each weight in the weight file.</summary>
    private static List<(string Name, long Offset, int Bytes)> Copy(string source, string graph)
    {
        File.Copy(source + ".onnx", graph, overwrite: true);
        using JsonDocument list = JsonDocument.Parse(File.ReadAllText(source + ".weights.json"));
        return [.. list.RootElement.GetProperty("initializers").EnumerateArray().Select(initializer => (
            initializer.GetProperty("name").GetString()!, initializer.GetProperty("offset").GetInt64(), initializer.GetProperty("bytes").GetInt32()))];
    }

    private static float[] Values(D2vFile file, string model, string name)
    {
        if (model == ModelArchitecture.Vgg)
        {
            return Read(file, name);
        }

        string[] words = name.Split('.');
        if (name is "one" or "zero")
        {
            return [.. Enumerable.Repeat(name == "one" ? 1f : 0f, 768)];
        }

        if (words[0] is "layers" or "blocks")
        {
            return Layer(file, $"encoder.{words[1]}.", string.Join('.', words[2..]));
        }

        string end = words[^1];
        return (model, words[0]) switch
        {
            (_, "cw") => Read(file, $"feature_extractor.{end}.conv.weight"),
            (_, "cn") => Read(file, $"feature_extractor.{words[1]}.norm.{end}"),
            ("audio", "ln") => Read(file, $"feature_projection.norm.{end}"),
            (_, "proj") => Read(file, $"feature_projection.linear.{end}"),
            (_, "pw") => Read(file, $"positional_convolution.{end}.conv.weight"),
            (_, "pb") => Read(file, $"positional_convolution.{end}.conv.bias"),
            (_, "eln" or "norm") => Read(file, $"encoder.norm.{end}"),
            (_, "tok") => Read(file, "token_embedding.weight"),
            (_, "pos") => Read(file, "position_embedding.weight"),
            ("text", "ln") => Read(file, $"embedding_norm.{end}"),
            (_, "w") => Read(file, "patch_embedding.weight"),
            (_, "b") => Read(file, "patch_embedding.bias"),
            (_, "cls") => Read(file, "class_token"),
            (_, "bias") => RelativePositionBias.Expand(
                Read(file, "relative_position_bias.weight"), RandomModel.VisionBase.Heads, RandomModel.VisionBase.GridSize),
            _ => throw new InvalidDataException($"{name}: an unknown initializer"),
        };
    }

    private static float[] Layer(D2vFile file, string layer, string name)
    {
        if (name is "qkv.weight" or "qkv.bias")
        {
            string kind = name[4..];
            return [.. new[] { "query", "key", "value" }.SelectMany(part => Read(file, $"{layer}attention.{part}.{kind}"))];
        }

        foreach (string kind in new[] { ".weight", ".bias", "" })
        {
            if (name.EndsWith(kind, StringComparison.Ordinal) && s_parts.TryGetValue(name[..^kind.Length], out string? part))
            {
                return Read(file, $"{layer}{part}{kind}");
            }
        }

        throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{layer}{name}: an unknown initializer"));
    }

    private static float[] Read(D2vFile file, string name)
    {
        TensorInfo tensor = file.Tensor(name);
        var values = new float[tensor.Count];
        file.Read(tensor, values);
        return values;
    }
}
