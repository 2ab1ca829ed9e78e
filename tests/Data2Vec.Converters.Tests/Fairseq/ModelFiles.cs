using System.Text.Json.Nodes;
using Data2Vec.ModelFile;

namespace Data2Vec.Converters.Tests.Fairseq;

/// <summary>Copies of model files with something changed; every checksum is right.</summary>
internal static class ModelFiles
{
    /// <summary>Changes the configuration, and into how many groups grouped weights are laid out.</summary>
    /// <returns>The copy.</returns>
    public static string WithConfig(string path, Action<JsonObject> change, int? groups = null) =>
        Copy(path, change, (_, values) => values, [], groups);

    /// <summary>Changes numbers, then puts tensors under second names too.</summary>
    /// <returns>The copy.</returns>
    public static string WithTensors(
        string path, Func<string, float[], float[]> change, IEnumerable<(string Name, string Second)> seconds) => Copy(path, _ => { }, change, [.. seconds], null);

    /// <summary>Changes the configuration, and tables to others that may have more or fewer rows.</summary>
    /// <returns>The copy.</returns>
    public static string WithTables(string path, Action<JsonObject> changeConfig, Func<string, float[], float[]> change) =>
        Copy(path, changeConfig, change, [], null);

    private static string Copy(
        string path, Action<JsonObject> changeConfig, Func<string, float[], float[]> change, (string Name, string Second)[] seconds,
        int? groups)
    {
        using D2vFile file = D2vFile.Open(path);
        JsonObject config = JsonNode.Parse(file.Config.GetRawText())!.AsObject();
        changeConfig(config);
        string copy = path + ".changed.d2v";
        (string Name, TensorInfo Tensor, float[] Values)[] tensors =
        [
            .. file.Tensors.Values.OrderBy(tensor => tensor.Offset).Select(tensor => (tensor.Name, tensor, Changed(tensor))),
            .. seconds.Select(second => (second.Second, file.Tensor(second.Name), Changed(file.Tensor(second.Name)))),
        ];
        using D2vWriter writer = D2vWriter.Create(copy, new D2vContents
        {
            Architecture = file.Architecture,
            Config = config,
            Tensors = [.. tensors.Select(named => new TensorDeclaration(
                named.Name, named.Tensor.Type, Shape(named.Tensor, named.Values.Length), named.Tensor.Layout,
                named.Tensor.Groups == 1 ? 1 : groups ?? named.Tensor.Groups))],
        });
        foreach ((string name, _, float[] values) in tensors)
        {
            writer.Write(name, (start, destination) => values.AsSpan((int)start, destination.Length).CopyTo(destination));
        }

        writer.Complete();
        return copy;

        float[] Changed(TensorInfo tensor)
        {
            var values = new float[tensor.Count];
            file.Read(tensor, values);
            return change(tensor.Name, values);
        }

        static IReadOnlyList<int> Shape(TensorInfo tensor, int count) =>
            count == tensor.Count ? tensor.Shape : [count / tensor.Shape[1], tensor.Shape[1]];
    }
}
