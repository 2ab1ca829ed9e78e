using System.Text.Json;
using Data2Vec.Converters.Hub;
using Data2Vec.Text;

namespace Data2Vec.Converters.HuggingFace;

/// <summary>
/// The folder of a sentence-transformers model: <c>modules.json</c> lists modules, of which the first is the model, followed by the pooling, dense layers and
/// perhaps a normalization. Modules that would change the vectors in another way are refused.
/// </summary>
internal sealed class SentenceTransformer
{
    /// <summary>The list of modules.</summary>
    public const string ModulesName = "modules.json";

    /// <summary>The prompts.</summary>
    public const string PromptsName = "config_sentence_transformers.json";

    private const string Library = "sentence_transformers.", Transformer = "Transformer", PoolingType = "Pooling", DenseType = "Dense", Normalize = "Normalize", Dropout = "Dropout";

    /// <summary>Files of weights of a dense layer, in order of preference.</summary>
    private static readonly string[] s_denseWeights = ["model.safetensors", "pytorch_model.bin"];

    /// <summary>What the first versions of the library called a <see cref="Transformer"/>.</summary>
    private static readonly string[] s_oldTransformers = ["BERT", "RoBERTa", "XLMRoBERTa"];

    private SentenceTransformer(string root, IReadOnlyList<(string Type, string Path)> modules) => (Root, Modules) = (root, modules);

    /// <summary>The folder.</summary>
    public string Root { get; }

    /// <summary>The modules in order: the name of the Python class, and the folder relative to <see cref="Root"/>.</summary>
    public IReadOnlyList<(string Type, string Path)> Modules { get; }

    /// <summary>The folder of the model, relative to <see cref="Root"/>; empty if it is the same.</summary>
    public string ModelPath => Modules[0].Path;

    /// <summary>The folders of the dense layers, relative to <see cref="Root"/>.</summary>
    public IReadOnlyList<string> DensePaths => [.. Modules.Where(module => module.Type == DenseType).Select(module => module.Path)];

    /// <summary>Names of the file with the model's limit and case, in the order in which they are looked for.</summary>
    public static IReadOnlyList<string> ModelConfigNames { get; } =
        [.. new[] { "bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet" }.Select(name => $"sentence_{name}_config.json")];

    private string PoolingPath => Modules.First(module => module.Type == PoolingType).Path;

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
                type is not (PoolingType or DenseType or Normalize),
                $"{ModulesName}: the module {PickleText.Quote(type)} is not supported, and without it the vectors would be wrong; {PoolingType}, {DenseType} and {Normalize} are supported");
        }

        string[] order = [.. others.Select(module => module.Type)];
        string[] dense = [.. order.Skip(1).TakeWhile(type => type == DenseType)];
        InvalidData.ThrowIf(
            order is not [PoolingType, ..] || order[(1 + dense.Length)..] is not ([] or [Normalize]),
            $"{ModulesName}: {string.Join(", ", modules.Select(module => module.Type))} are not supported in this order; a {Transformer} must be followed by {PoolingType}, perhaps {DenseType}, and perhaps {Normalize}");
        return new SentenceTransformer(root, modules);
    }

    /// <summary>The files of the other modules than the model, relative to <see cref="Root"/>.</summary>
    /// <param name="exists">Whether there is a file, in the place from which files are taken.</param>
    public IEnumerable<string> FilesBesideModel(Func<string, bool> exists) =>
    [
        ConfigOf(PoolingPath),
        .. DensePaths.SelectMany(path => new[] { ConfigOf(path), s_denseWeights.Select(name => $"{path}/{name}").FirstOrDefault(exists) ?? $"{path}/{s_denseWeights[0]}" }),
    ];

    /// <summary>How vectors are made.</summary>
    /// <param name="hidden">The features of a row of the model.</param>
    /// <param name="warnings">Receives what contradicts the model.</param>
    /// <exception cref="InvalidDataException">The pooling or a dense layer is not supported.</exception>
    public EmbeddingDefaults ReadEmbedding(int hidden, List<string> warnings)
    {
        CheckpointOptions pooling = RequireOptions(ConfigOf(PoolingPath));
        int described = pooling.Integer("word_embedding_dimension", hidden, 1, int.MaxValue);
        if (described != hidden)
        {
            warnings.Add($"{ConfigOf(PoolingPath)}: word_embedding_dimension is {described}, and the rows of the model have {hidden} features; is it the pooling of another model?");
        }

        var embedding = new EmbeddingDefaults { Pooling = SentenceModules.Poolings(pooling), Normalize = Modules.Any(module => module.Type == Normalize) };
        foreach (string path in DensePaths)
        {
            embedding = embedding with { Dense = [.. embedding.Dense, SentenceModules.Dense(RequireOptions(ConfigOf(path)), embedding.SizeOf(hidden))] };
        }

        return embedding;
    }

    /// <summary>The files of weights of the dense layers, in order.</summary>
    /// <exception cref="InvalidDataException">A layer has none.</exception>
    public IEnumerable<(string Path, string File)> DenseFiles() => DensePaths.Select(path => (
        path,
        s_denseWeights.Select(name => Path.Combine(Root, path, name)).FirstOrDefault(File.Exists)
            ?? throw new InvalidDataException($"{path}: neither {string.Join(" nor ", s_denseWeights)}, which hold the weights of the {DenseType} that {ModulesName} lists, is there")));

    /// <summary>Adds the prompts to the preparation of texts.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or the default prompt is not among the prompts.</exception>
    public TextPreparation WithPrompts(TextPreparation preparation, List<string> warnings)
    {
        preparation = preparation with { PoolSkipsPrompt = RequireOptions(ConfigOf(PoolingPath)).Flag("include_prompt") == false };
        if (HuggingFaceFolder.ReadJson(Path.Combine(Root, PromptsName)) is not { } json)
        {
            return preparation;
        }

        CheckpointOptions options = CheckpointOptions.FromJson(json, PromptsName);
        options.ThrowIf(options.Has("truncate_dim"), "truncate_dim", "shortens the vectors, which is not supported");
        JsonProperty[] listed = options.Group("prompts") is { } group ? [.. group.Json.EnumerateObject()] : [];
        options.ThrowIf(
            listed.Any(prompt => prompt.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null)), "prompts", "has a prompt that is not a string");
        Dictionary<string, string> prompts = listed.Where(prompt => prompt.Value.ValueKind == JsonValueKind.String)
            .ToDictionary(prompt => prompt.Name, prompt => prompt.Value.GetString()!, StringComparer.Ordinal);
        string? name = options.Text("default_prompt_name");
        if (name is null)
        {
            string[] texts = [.. prompts.Where(prompt => prompt.Value.Length > 0).Select(prompt => $"{PickleText.Quote(prompt.Value)} ({PickleText.Quote(prompt.Key)})")];
            if (texts.Length > 0)
            {
                warnings.Add($"{PromptsName}: the model was trained with texts that begin with {string.Join(", ", texts)}; choose the prompt that applies by its name, for texts have none by default");
            }
        }

        string prefix = name is null ? ""
            : prompts.GetValueOrDefault(name) ?? throw options.Bad("default_prompt_name", $"is {PickleText.Quote(name)}, which is not among the prompts");
        return prompts.Count == 0 ? preparation : preparation with { Prefix = prefix, Prompts = prompts };
    }

    private static string ConfigOf(string path) => path.Length == 0 ? HuggingFaceFolder.ConfigName : $"{path}/{HuggingFaceFolder.ConfigName}";

    private CheckpointOptions RequireOptions(string file) => HuggingFaceFolder.ReadJson(Path.Combine(Root, file)) is { } json
        ? CheckpointOptions.FromJson(json, file)
        : throw new InvalidDataException($"{file}, which {ModulesName} lists, is missing; put it there");

    private static (string Type, string Path) Module(JsonElement module)
    {
        string? type = Text("type"), path = Text("path");
        InvalidData.ThrowIf(type is null || path is null, $"{ModulesName}: a module has no type or no path");
        InvalidData.ThrowIf(path.Length > 0 && !HubNames.IsSafePath(path), $"{ModulesName}: {PickleText.Quote(path)} is not a folder of the model");
        InvalidData.ThrowIf(
            !type.StartsWith(Library, StringComparison.Ordinal),
            $"{ModulesName}: the module {PickleText.Quote(type)} is not one of sentence-transformers but code of its own, which is not run; without it the vectors would be wrong");
        string name = type[(type.LastIndexOf('.') + 1)..];
        return (s_oldTransformers.Contains(name) ? Transformer : name, path);

        string? Text(string name) => module.ValueKind == JsonValueKind.Object && module.TryGetProperty(name, out JsonElement value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
