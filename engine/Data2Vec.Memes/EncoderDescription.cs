using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.ModelFile;

namespace Data2Vec.Memes;

/// <summary>An encoder that is part of another model.</summary>
/// <param name="Architecture">Its architecture, as its own model file would name it.</param>
/// <param name="Config">Its <c>config</c> in that file.</param>
public sealed record EncoderDescription(string Architecture, JsonObject Config)
{
    /// <summary>Reads one; null where there is none.</summary>
    internal static EncoderDescription? FromJson(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out _))
        {
            return null;
        }

        JsonElement description = ConfigReader.Property(json, name, JsonValueKind.Object);
        return new EncoderDescription(
            ConfigReader.Property(description, "architecture", JsonValueKind.String).GetString()!,
            JsonObject.Create(ConfigReader.Property(description, "config", JsonValueKind.Object))!);
    }

    internal JsonObject ToJson() => new() { ["architecture"] = Architecture, ["config"] = Config.DeepClone() };
}
