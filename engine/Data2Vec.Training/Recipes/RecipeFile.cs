using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Data2Vec.Training.Recipes;

/// <summary>Reads recipes: those that come with the library, by their names, and JSON files.</summary>
public static class RecipeFile
{
    private const string PresetPrefix = "Presets/", Extension = ".json";

    /// <summary>The names of the recipes for pretraining.</summary>
    public static IReadOnlyList<string> PretrainingNames => Names("pretraining/");

    /// <summary>The names of the recipes for fine-tuning.</summary>
    public static IReadOnlyList<string> FineTuningNames => Names("fine-tuning/");

    /// <summary>Reads a recipe for pretraining.</summary>
    /// <param name="nameOrPath">The name of a recipe, or the path of a JSON file.</param>
    /// <param name="changes">Settings that replace those of the recipe, by paths such as <c>optimizer.learning_rate</c>, with JSON values.</param>
    /// <exception cref="InvalidDataException">There is no such recipe, or a setting is unknown or wrong.</exception>
    public static PretrainingRecipe ReadPretraining(string nameOrPath, IReadOnlyDictionary<string, string>? changes = null) =>
        Read("pretraining/", nameOrPath, changes, RecipeJson.Default.PretrainingRecipe);

    /// <summary>Reads a recipe for fine-tuning.</summary>
    /// <inheritdoc cref="ReadPretraining"/>
    public static FineTuningRecipe ReadFineTuning(string nameOrPath, IReadOnlyDictionary<string, string>? changes = null) =>
        Read("fine-tuning/", nameOrPath, changes, RecipeJson.Default.FineTuningRecipe);

    /// <summary>A recipe as JSON.</summary>
    public static JsonObject ToJson(PretrainingRecipe recipe) => (JsonObject)JsonSerializer.SerializeToNode(recipe, RecipeJson.Default.PretrainingRecipe)!;

    /// <inheritdoc cref="ToJson(PretrainingRecipe)"/>
    public static JsonObject ToJson(FineTuningRecipe recipe) => (JsonObject)JsonSerializer.SerializeToNode(recipe, RecipeJson.Default.FineTuningRecipe)!;

    private static T Read<T>(string kind, string nameOrPath, IReadOnlyDictionary<string, string>? changes, JsonTypeInfo<T> type)
    {
        ArgumentException.ThrowIfNullOrEmpty(nameOrPath);
        string resource = PresetPrefix + kind + nameOrPath + Extension;
        using Stream? preset = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource);
        if (preset is null && !File.Exists(nameOrPath))
        {
            throw new InvalidDataException(
                $"there is no recipe '{nameOrPath}' and no such file; the recipes are {string.Join(", ", Names(kind))}");
        }

        try
        {
            JsonNode? json = preset is not null ? JsonNode.Parse(preset) : JsonNode.Parse(File.ReadAllText(nameOrPath));
            if (json is not JsonObject settings)
            {
                throw new InvalidDataException($"{nameOrPath}: a recipe is a JSON object");
            }

            foreach ((string path, string value) in changes ?? new Dictionary<string, string>())
            {
                Set(settings, path, value);
            }

            return settings.Deserialize(type)!;
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{nameOrPath}: {(error.Path is { Length: > 2 } path ? $"'{path[2..]}': " : "")}{FirstSentence(error.Message)}", error);
        }
    }

    private static string[] Names(string kind) =>
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.StartsWith(PresetPrefix + kind, StringComparison.Ordinal))
            .Select(name => name[(PresetPrefix.Length + kind.Length)..^Extension.Length])
            .Order(StringComparer.Ordinal),
    ];

    private static void Set(JsonObject settings, string path, string value)
    {
        string[] words = path.Split('.');
        foreach (string word in words[..^1])
        {
            if (settings[word] is not JsonObject inner)
            {
                settings[word] = inner = [];
            }

            settings = inner;
        }

        JsonNode? node;
        try
        {
            node = JsonNode.Parse(value);
        }
        catch (JsonException)
        {
            node = value; // A word without quotes.
        }

        settings[words[^1]] = node;
    }

    private static string FirstSentence(string message) => message.Split(" Path: ")[0];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(PretrainingRecipe))]
[JsonSerializable(typeof(FineTuningRecipe))]
internal sealed partial class RecipeJson : JsonSerializerContext;
