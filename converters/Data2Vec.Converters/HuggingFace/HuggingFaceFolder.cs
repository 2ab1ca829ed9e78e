using System.Runtime.InteropServices;
using System.Text.Json;
using Data2Vec.Converters.Safetensors;

namespace Data2Vec.Converters.HuggingFace;

/// <summary>A folder as Hugging Face's transformers saves models: <c>config.json</c>, the weights, and files for the inputs.</summary>
internal sealed class HuggingFaceFolder : IDisposable
{
    /// <summary>The file of the model's options.</summary>
    public const string ConfigName = "config.json";

    /// <summary>The index of sharded weights.</summary>
    public const string IndexName = "model.safetensors.index.json";

    private const int MaxJsonBytes = 16 << 20;
    private const int MaxJsonDepth = 64;

    /// <summary>File names of weights, in order of preference.</summary>
    public static readonly IReadOnlyList<string> WeightNames = ["model.safetensors", IndexName, "pytorch_model.bin"];

    /// <summary>Further files that are used if present: preprocessing and tokenizers.</summary>
    public static readonly IReadOnlyList<string> InputNames =
        ["preprocessor_config.json", "vocab.json", "added_tokens.json", "merges.txt", "tokenizer.json", "vocab.txt", "tokenizer_config.json"];

    private readonly string _folder;
    private readonly IDisposable _file;

    private HuggingFaceFolder(string folder, JsonElement config, Weights weights, IDisposable file) =>
        (_folder, Config, Weights, _file) = (folder, CheckpointOptions.FromJson(config, ConfigName), weights, file);

    /// <summary>The model's options.</summary>
    public CheckpointOptions Config { get; }

    /// <summary>The weights.</summary>
    public Weights Weights { get; }

    /// <summary>The file of weights at a path, which may be a folder or a file in it; null if it is something else.</summary>
    /// <exception cref="InvalidDataException">It is a folder, and no model is in it.</exception>
    public static string? Find(string path)
    {
        path = Path.GetFileName(path) == ConfigName ? FolderOf(path) : path;
        if (Directory.Exists(path))
        {
            return WeightNames.Select(name => Path.Combine(path, name)).FirstOrDefault(File.Exists)
                ?? throw new InvalidDataException(
                    $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(path))}: a folder without {string.Join(", ", WeightNames.SkipLast(1))} " +
                    $"or {WeightNames[^1]}; give a checkpoint, or a folder with a Hugging Face model");
        }

        bool isSafetensors = path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        bool isWeights = path.EndsWith(".bin", StringComparison.OrdinalIgnoreCase) && File.Exists(Path.Combine(FolderOf(path), ConfigName));
        return isSafetensors || isWeights ? path : null;
    }

    /// <summary>Whether an output would replace a file in the folder of a file of weights.</summary>
    public static bool WouldReplace(string weights, string output) =>
        File.Exists(output) && !output.EndsWith(".d2v", StringComparison.OrdinalIgnoreCase)
        && FolderOf(weights) == FolderOf(output);

    /// <summary>Opens the folder of a file of weights.</summary>
    /// <exception cref="InvalidDataException">A file is missing or damaged; the message names it.</exception>
    public static HuggingFaceFolder Open(string weights)
    {
        string folder = FolderOf(weights);
        JsonElement config = ReadJson(Path.Combine(folder, ConfigName))
            ?? throw new InvalidDataException($"{Path.GetFileName(weights)}: {ConfigName}, which says what model it is, is not in its folder");
        if (!weights.EndsWith(".bin", StringComparison.OrdinalIgnoreCase))
        {
            SafetensorsSet set = SafetensorsSet.Open(weights);
            return new HuggingFaceFolder(folder, config, Weights.FromSafetensors(set), set);
        }

        PyTorchFile file = PyTorchFile.Open(weights);
        if (file.Root is PickleDictionary entries)
        {
            return new HuggingFaceFolder(folder, config, Weights.FromPickle(entries), file);
        }

        file.Dispose();
        throw new InvalidDataException($"{Path.GetFileName(weights)}: no dictionary of tensors");
    }

    /// <summary>The options in a file of the folder, or null if it does not exist.</summary>
    /// <exception cref="InvalidDataException">It is not JSON; the message names it.</exception>
    public CheckpointOptions? Options(string name) =>
        ReadJson(Path.Combine(_folder, name)) is { } json ? CheckpointOptions.FromJson(json, name) : null;

    /// <summary>The path of a file of the folder, or null if it does not exist.</summary>
    public string? FilePath(string name) => Path.Combine(_folder, name) is var path && File.Exists(path) ? path : null;

    public void Dispose() => _file.Dispose();

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path))!;

    private static JsonElement? ReadJson(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        string name = Path.GetFileName(path);
        using FileStream stream = File.OpenRead(path);
        InvalidData.ThrowIf(stream.Length > MaxJsonBytes, $"{name}: {stream.Length} bytes, of which {MaxJsonBytes} are allowed");
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                stream, new JsonDocumentOptions { MaxDepth = MaxJsonDepth, AllowDuplicateProperties = false });
            InvalidData.ThrowIf(document.RootElement.ValueKind != JsonValueKind.Object, $"{name}: not a JSON object");
            ReadAllText(document.RootElement);
            return document.RootElement.Clone();
        }
        catch (Exception error) when (JsonTokens.IsBrokenJson(error))
        {
            throw new InvalidDataException($"{name}: not valid JSON: {error.Message}", error);
        }
    }

    // Escapes with half of a surrogate pair fail only when the text is read: here rather than later.
    private static void ReadAllText(JsonElement json)
    {
        var reader = new Utf8JsonReader(JsonMarshal.GetRawUtf8Value(json));
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
            {
                reader.GetString();
            }
        }
    }
}
