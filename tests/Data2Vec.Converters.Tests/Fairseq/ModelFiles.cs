using System.Text.Json.Nodes;
using Data2Vec.ModelFile;

namespace Data2Vec.Converters.Tests.Fairseq;

/// <summary>Model files that contradict themselves.</summary>
internal static class ModelFiles
{
    /// <summary>Copies a model file with another configuration; every checksum is right.</summary>
    /// <param name="path">The file.</param>
    /// <param name="change">What is done to the configuration.</param>
    /// <param name="groups">Into how many groups grouped weights are laid out, if not as before.</param>
    /// <returns>The copy.</returns>
    public static string WithConfig(string path, Action<JsonObject> change, int? groups = null)
    {
        using D2vFile file = D2vFile.Open(path);
        JsonObject config = JsonNode.Parse(file.Config.GetRawText())!.AsObject();
        change(config);
        string copy = path + ".changed.d2v";
        TensorInfo[] tensors = [.. file.Tensors.Values.OrderBy(tensor => tensor.Offset)];
        using D2vWriter writer = D2vWriter.Create(copy, new D2vContents
        {
            Architecture = file.Architecture,
            Config = config,
            Tensors = [.. tensors.Select(tensor => new TensorDeclaration(tensor.Name, tensor.Type, tensor.Shape, tensor.Layout, tensor.Groups == 1 ? 1 : groups ?? tensor.Groups))],
        });
        foreach (TensorInfo tensor in tensors)
        {
            var values = new float[tensor.Count];
            file.Read(tensor, values);
            writer.Write(tensor.Name, (start, destination) => values.AsSpan((int)start, destination.Length).CopyTo(destination));
        }

        writer.Complete();
        return copy;
    }
}
