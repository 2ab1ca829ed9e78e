using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Data2Vec.Training.Recipes;

/// <summary>Reads recipes: those that come with the library, by their names, and JSON files.</summary>
public static class RecipeFile
{
    private const string PresetPrefix = "Presets/", PretrainingKind = "pretraining/", FineTuningKind = "fine-tuning/", Extension = ".json";

    private static readonly JsonDocumentOptions s_options = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>The names of the recipes for pretraining.</summary>
    public static IReadOnlyList<string> PretrainingNames => Names(PretrainingKind);

    /// <summary>The names of the recipes for fine-tuning.</summary>
    public static IReadOnlyList<string> FineTuningNames => Names(FineTuningKind);

    /// <summary>Reads a recipe for pretraining.</summary>
    /// <param name="nameOrPath">The name of a recipe, or the path of a JSON file.</param>
    /// <param name="changes">Settings that replace those of the recipe, by paths such as <c>optimizer.learning_rate</c>, with JSON values.</param>
    /// <exception cref="InvalidDataException">There is no such recipe, or a setting is unknown or wrong.</exception>
    public static PretrainingRecipe ReadPretraining(string nameOrPath, IReadOnlyDictionary<string, string>? changes = null) =>
        Read(PretrainingKind, nameOrPath, changes, RecipeJson.Default.PretrainingRecipe, ToJson(new PretrainingRecipe { Modality = default, Updates = 0 }), "modality", "updates");

    /// <summary>Reads a recipe for fine-tuning.</summary>
    /// <inheritdoc cref="ReadPretraining"/>
    public static FineTuningRecipe ReadFineTuning(string nameOrPath, IReadOnlyDictionary<string, string>? changes = null) =>
        Read(FineTuningKind, nameOrPath, changes, RecipeJson.Default.FineTuningRecipe, ToJson(new FineTuningRecipe { Modality = default }), "modality");

    /// <summary>A recipe as JSON.</summary>
    public static JsonObject ToJson(PretrainingRecipe recipe) => (JsonObject)JsonSerializer.SerializeToNode(recipe, RecipeJson.Default.PretrainingRecipe)!;

    /// <inheritdoc cref="ToJson(PretrainingRecipe)"/>
    public static JsonObject ToJson(FineTuningRecipe recipe) => (JsonObject)JsonSerializer.SerializeToNode(recipe, RecipeJson.Default.FineTuningRecipe)!;

    /// <summary>The text of a recipe that comes with the library; null if there is none of that name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="isFineTuning">Whether it is a recipe for fine-tuning. Those for pretraining may have the same names.</param>
    public static string? PresetText(string name, bool isFineTuning)
    {
        ArgumentNullException.ThrowIfNull(name);
        return PresetText(isFineTuning ? FineTuningKind : PretrainingKind, name);
    }

    private static string? PresetText(string kind, string name)
    {
        using Stream? stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(PresetPrefix + kind + name + Extension);
        if (stream is null)
        {
            return null;
        }

        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>The optimizer of a recipe that a run has kept.</summary>
    internal static OptimizerSettings OptimizerOf(JsonObject recipe) =>
        recipe["optimizer"]?.Deserialize(RecipeJson.Default.OptimizerSettings) ?? new OptimizerSettings();

    /// <param name="kind">The folder of the recipes that come with the library.</param>
    /// <param name="nameOrPath">The recipe.</param>
    /// <param name="changes">Settings that replace those of the recipe.</param>
    /// <param name="type">How the recipe is read.</param>
    /// <param name="defaults">A recipe with all settings as they are where a recipe says nothing. The serializer does not know the defaults of init-only properties.</param>
    /// <param name="required">The settings that a recipe must have.</param>
    private static T Read<T>(
        string kind, string nameOrPath, IReadOnlyDictionary<string, string>? changes, JsonTypeInfo<T> type, JsonObject defaults, params ReadOnlySpan<string> required)
    {
        ArgumentException.ThrowIfNullOrEmpty(nameOrPath);
        string text = PresetText(kind, nameOrPath)
            ?? (File.Exists(nameOrPath) ? File.ReadAllText(nameOrPath)
                : Directory.Exists(nameOrPath) ? throw new InvalidDataException($"{nameOrPath}: this is a folder; a recipe is a JSON file")
                : throw new InvalidDataException($"there is no recipe '{nameOrPath}' and no such file; the recipes are {string.Join(", ", Names(kind))}"));
        try
        {
            if (JsonNode.Parse(text, documentOptions: s_options) is not JsonObject settings)
            {
                throw new InvalidDataException($"{nameOrPath}: a recipe is a JSON object");
            }

            foreach ((string path, string value) in changes ?? new Dictionary<string, string>())
            {
                Set(settings, path, value);
            }

            Merge(defaults, settings, $"{nameOrPath}: ", "");
            foreach (string name in required)
            {
                if (settings[name] is null)
                {
                    throw new InvalidDataException($"{nameOrPath}: the recipe has no '{name}'");
                }
            }

            return defaults.Deserialize(type)!;
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{nameOrPath}: {Fault(error, defaults)}", error);
        }
    }

    private static string[] Names(string kind) =>
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.StartsWith(PresetPrefix + kind, StringComparison.Ordinal))
            .Select(name => name[(PresetPrefix.Length + kind.Length)..^Extension.Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Puts the settings of a recipe over the defaults.</summary>
    private static void Merge(JsonObject defaults, JsonObject settings, string source, string place)
    {
        foreach ((string name, JsonNode? value) in settings)
        {
            if (!defaults.ContainsKey(name))
            {
                throw new InvalidDataException($"{source}there is no setting '{place}{name}'; the settings there are {string.Join(", ", defaults.Select(setting => setting.Key))}");
            }

            if (value is null && defaults[name] is not null)
            {
                throw new InvalidDataException($"{source}'{place}{name}' is null; leave it out for the default");
            }

            // A group that recipes may be without has defaults once it is there.
            JsonObject? group = defaults[name] as JsonObject
                ?? (name is "time_mask" or "channel_mask" ? (JsonObject)JsonSerializer.SerializeToNode(new MaskSettings(), RecipeJson.Default.MaskSettings)! : null);
            if (value is JsonObject inner && group is not null)
            {
                Merge(group, inner, source, $"{place}{name}.");
                defaults[name] = group.DeepClone();
            }
            else
            {
                defaults[name] = value?.DeepClone();
            }
        }
    }

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
            node = JsonNode.Parse(value, documentOptions: s_options);
        }
        catch (JsonException)
        {
            node = value; // A word without quotes.
        }

        settings[words[^1]] = node;
    }

    /// <summary>What is wrong with a recipe, by the names of its settings instead of .NET's types.</summary>
    private static string Fault(JsonException error, JsonObject settings)
    {
        string fault = error.Message.Split(" Path: ")[0];
        if (error.Path is not { Length: > 2 } path)
        {
            return fault;
        }

        path = path[2..];
        JsonNode? value = path.Split('.').Aggregate((JsonNode?)settings, (node, name) => node is JsonObject group ? group[name] : null);
        return value is not null && fault.StartsWith("The JSON value could not be converted", StringComparison.Ordinal)
            ? $"'{path}' cannot be {value.ToJsonString()}"
            : $"'{path}': {fault}";
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, WriteIndented = true,
    Converters = [typeof(KebabCaseEnum<Modality>), typeof(KebabCaseEnum<RateCurve>), typeof(KebabCaseEnum<Optimizers.AdamVariant>)])]
[JsonSerializable(typeof(PretrainingRecipe))]
[JsonSerializable(typeof(FineTuningRecipe))]
[JsonSerializable(typeof(MaskSettings))]
internal sealed partial class RecipeJson : JsonSerializerContext;
