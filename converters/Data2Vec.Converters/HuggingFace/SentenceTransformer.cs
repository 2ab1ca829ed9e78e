using System.Text.Json;
using Data2Vec.Converters.Hub;

namespace Data2Vec.Converters.HuggingFace;

/// <summary>
/// The folder of a sentence-transformers model: <c>modules.json</c> lists modules, of which the first is the model, followed by the pooling and
/// perhaps a normalization. Modules that would change the vectors in another way are refused.
/// </summary>
internal sealed class SentenceTransformer
{
    /// <summary>The list of modules.</summary>
    public const string ModulesName = "modules.json";

    /// <summary>The prompts.</summary>
    public const string PromptsName = "config_sentence_transformers.json";

    private const string Transformer = "Transformer", PoolingType = "Pooling", Normalize = "Normalize", Dropout = "Dropout";

    private SentenceTransformer(string root, IReadOnlyList<(string Type, string Path)> modules) => (Root, Modules) = (root, modules);

    /// <summary>The folder.</summary>
    public string Root { get; }

    /// <summary>The modules in order: the name of the Python class, and the folder relative to <see cref="Root"/>.</summary>
    public IReadOnlyList<(string Type, string Path)> Modules { get; }

    /// <summary>The folder of the model, relative to <see cref="Root"/>; empty if it is the same.</summary>
    public string ModelPath => Modules[0].Path;

    /// <summary>Names of the file with the model's limit and case, in the order in which they are looked for.</summary>
    public static IReadOnlyList<string> ModelConfigNames { get; } =
        [.. new[] { "bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet" }.Select(name => $"sentence_{name}_config.json")];

    /// <summary>Reads <c>modules.json</c> of a folder, or returns null if there is none.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or a module is not supported.</exception>
    public static SentenceTransformer? Find(string root)
    {
        if (HuggingFaceFolder.ReadJson(Path.Combine(root, ModulesName), JsonValueKind.Array) is not { } json)
        {
            return null;
        }

        (string Type, string Path)[] modules = [.. json.EnumerateArray().Select(Module)];
        InvalidData.ThrowIf(modules.Length == 0 || modules[0].Type != Transformer, $"{ModulesName}: the first module must be a {Transformer}");
        (string Type, string Path)[] others = [.. modules.Skip(1).Where(module => module.Type != Dropout)];
        foreach ((string type, _) in others)
        {
            InvalidData.ThrowIf(
                type is not (PoolingType or Normalize),
                $"{ModulesName}: the module {PickleText.Quote(type)} is not supported, and without it the vectors would be wrong; {PoolingType} and {Normalize} are supported");
        }

        InvalidData.ThrowIf(
            others is not ([(PoolingType, _)] or [(PoolingType, _), (Normalize, _)]),
            $"{ModulesName}: {string.Join(", ", modules.Select(module => module.Type))} are not supported in this order; a {Transformer} must be followed by {PoolingType} and perhaps {Normalize}");
        return new SentenceTransformer(root, modules);
    }

    /// <summary>The file of a module's options, relative to <see cref="Root"/>.</summary>
    public static string ConfigOf(string path) => path.Length == 0 ? HuggingFaceFolder.ConfigName : $"{path}/{HuggingFaceFolder.ConfigName}";

    /// <summary>The folder of the pooling's options, relative to <see cref="Root"/>.</summary>
    public string PoolingPath => Modules.First(module => module.Type == PoolingType).Path;

    /// <summary>How vectors are made.</summary>
    /// <exception cref="InvalidDataException">The pooling is not supported.</exception>
    public EmbeddingDefaults ReadEmbedding() => new()
    {
        Pooling = ReadPooling(RequireOptions(ConfigOf(PoolingPath))),
        Normalize = Modules.Any(module => module.Type == Normalize),
    };

    /// <summary>The text that is put before each text by default, or an empty one.</summary>
    public string ReadPrompt(List<string> warnings)
    {
        if (HuggingFaceFolder.ReadJson(Path.Combine(Root, PromptsName)) is not { } json)
        {
            return "";
        }

        CheckpointOptions options = CheckpointOptions.FromJson(json, PromptsName);
        options.ThrowIf(options.Has("truncate_dim"), "truncate_dim", "shortens the vectors, which is not supported");
        CheckpointOptions? prompts = options.Group("prompts");
        string? name = options.Text("default_prompt_name");
        if (name is null)
        {
            string[] texts = prompts is null ? [] : [.. prompts.Json.EnumerateObject()
                .Where(prompt => prompt.Value.ValueKind == JsonValueKind.String && prompt.Value.GetString()!.Length > 0)
                .Select(prompt => $"{PickleText.Quote(prompt.Value.GetString()!)} ({PickleText.Quote(prompt.Name)})")];
            if (texts.Length > 0)
            {
                warnings.Add($"{PromptsName}: the model was trained with texts that begin with {string.Join(", ", texts)}; put the one that applies before your texts");
            }

            return "";
        }

        string prompt = prompts?.Json.TryGetProperty(name, out JsonElement value) == true && value.ValueKind == JsonValueKind.String ? value.GetString()!
            : throw options.Bad("default_prompt_name", $"is {PickleText.Quote(name)}, which is not among the prompts");
        CheckpointOptions pooling = RequireOptions(ConfigOf(PoolingPath));
        pooling.ThrowIf(prompt.Length > 0 && pooling.Flag("include_prompt") == false, "include_prompt", "is false, which is not supported with a default prompt");
        return prompt;
    }

    private static Pooling ReadPooling(CheckpointOptions options)
    {
        const string Prefix = "pooling_mode_";

        // sentence-transformers takes the mean unless the file says that it does not.
        var modes = new HashSet<string> { "mean_tokens" };
        foreach (JsonProperty entry in options.Json.EnumerateObject().Where(entry => entry.Name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            string mode = entry.Name[Prefix.Length..];
            _ = options.Flag(entry.Name) ?? false ? modes.Add(mode) : modes.Remove(mode);
        }

        if (options.Has("pooling_mode"))
        {
            string mode = options.Text("pooling_mode")!;
            modes = [mode == "cls" ? "cls_token" : mode == "mean" ? "mean_tokens" : mode];
        }

        return modes.Count != 1
            ? throw options.Bad("pooling_mode", $"is {(modes.Count == 0 ? "missing" : string.Join(" and ", modes.Order(StringComparer.Ordinal)))}; exactly one of cls_token and mean_tokens is supported")
            : modes.Single() switch
            {
                "cls_token" => Pooling.Class,
                "mean_tokens" => Pooling.Mean,
                var mode => throw options.Bad("pooling_mode", $"is {PickleText.Quote(mode)}, which is not supported; cls_token and mean_tokens are"),
            };
    }

    private CheckpointOptions RequireOptions(string file) => HuggingFaceFolder.ReadJson(Path.Combine(Root, file)) is { } json
        ? CheckpointOptions.FromJson(json, file)
        : throw new InvalidDataException($"{file}, which {ModulesName} lists, is missing; put it there");

    private static (string Type, string Path) Module(JsonElement module)
    {
        string? type = Text("type"), path = Text("path");
        InvalidData.ThrowIf(type is null || path is null, $"{ModulesName}: a module has no type or no path");
        InvalidData.ThrowIf(path.Length > 0 && !HubNames.IsSafePath(path), $"{ModulesName}: {PickleText.Quote(path)} is not a folder of the model");
        return (type[(type.LastIndexOf('.') + 1)..], path);

        string? Text(string name) => module.ValueKind == JsonValueKind.Object && module.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
