using System.Text.Json.Nodes;

namespace Data2Vec.Corpus;

/// <summary>Where the model and the inputs of a job are. A worker on another machine may have them elsewhere.</summary>
/// <param name="Model">The model file.</param>
/// <param name="BaseFolder">The folder for relative paths.</param>
internal sealed record JobPlaces(string Model, string BaseFolder)
{
    public static JobPlaces Read(string path)
    {
        try
        {
            JsonNode json = JsonNode.Parse(File.ReadAllText(path))!;
            return new JobPlaces((string)json["model"]!, (string)json["folder"]!);
        }
        catch (Exception error) when (error is System.Text.Json.JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new InvalidDataException($"{path}: the file is damaged", error);
        }
    }

    public void Write(string path) => File.WriteAllText(path, new JsonObject { ["model"] = Model, ["folder"] = BaseFolder }.ToJsonString(TextJson.Indented));
}
