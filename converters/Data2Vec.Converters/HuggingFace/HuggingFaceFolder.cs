using System.Text.Json;
using Data2Vec.Converters.Checkpoints;
using Data2Vec.Converters.PyTorch;
using Data2Vec.Converters.Safetensors;

namespace Data2Vec.Converters.HuggingFace;

/// <summary>A folder as Hugging Face's transformers saves models: <c>config.json</c>, the weights, and files for the inputs.</summary>
internal sealed class HuggingFaceFolder : IDisposable
{
    /// <summary>The file of the model's options.</summary>
    public const string ConfigName = "config.json";

    /// <summary>The file that says which file each tensor is in, where there are several.</summary>
    public const string IndexName = "model.safetensors.index.json";

    private const int MaxJsonBytes = 16 << 20;
    private const int MaxJsonDepth = 64;

    /// <summary>Files of weights, the preferred first.</summary>
    public static readonly IReadOnlyList<string> WeightNames = ["model.safetensors", IndexName, "pytorch_model.bin"];

    /// <summary>Files that are read where they are there: what is done with the inputs, and tokenizers.</summary>
    public static readonly IReadOnlyList<string> InputNames = ["preprocessor_config.json", "vocab.json", "added_tokens.json", "merges.txt", "tokenizer.json", "vocab.txt", "tokenizer_config.json"];

    private readonly string _folder;
    private readonly IDisposable _file;

    private HuggingFaceFolder(string folder, JsonElement config, Weights weights, IDisposable file) =>
        (_folder, Config, Weights, _file) = (folder, CheckpointOptions.FromJson(config, ConfigName), weights, file);

    /// <summary>The model's options.</summary>
    public CheckpointOptions Config { get; }

    /// <summary>The weights.</summary>
    public Weights Weights { get; }

    /// <summary>The file of weights that a path stands for: a folder, or a file of one; null where it is something else.</summary>
    /// <exception cref="InvalidDataException">It is a folder, and no model is in it.</exception>
    public static string? Find(string path)
    {
        if (Path.GetFileName(path) == ConfigName)
        {
            path = Path.GetDirectoryName(Path.GetFullPath(path))!;
        }

        if (Directory.Exists(path))
        {
            return WeightNames.Select(name => Path.Combine(path, name)).FirstOrDefault(File.Exists)
                ?? throw new InvalidDataException(
                    $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(path))}: a folder without {string.Join(", ", WeightNames.SkipLast(1))} or {WeightNames[^1]}; give a checkpoint, or a folder with a Hugging Face model");
        }

        bool isSafetensors = path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        return isSafetensors || (path.EndsWith(".bin", StringComparison.OrdinalIgnoreCase) && File.Exists(Beside(path, ConfigName))) ? path : null;
    }

    /// <summary>Whether a result would take the place of a file of the folder that a file of weights is in.</summary>
    public static bool WouldReplace(string weights, string output) =>
        File.Exists(output) && !output.EndsWith(".d2v", StringComparison.OrdinalIgnoreCase)
        && Path.GetDirectoryName(Path.GetFullPath(weights)) == Path.GetDirectoryName(Path.GetFullPath(output));

    /// <summary>Opens the folder that a file of weights is in.</summary>
    /// <exception cref="InvalidDataException">A file is missing or damaged; the message names it.</exception>
    public static HuggingFaceFolder Open(string weights)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(weights))!;
        JsonElement config = ReadJson(Path.Combine(folder, ConfigName))
            ?? throw new InvalidDataException($"{Path.GetFileName(weights)}: {ConfigName}, which says what model it is, does not lie beside it");
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

    /// <summary>The options in a file of the folder, or null where there is none.</summary>
    /// <exception cref="InvalidDataException">It is not JSON; the message names it.</exception>
    public CheckpointOptions? Options(string name) =>
        ReadJson(Path.Combine(_folder, name)) is { } json ? CheckpointOptions.FromJson(json, name) : null;

    /// <summary>The path of a file of the folder, or null where there is none.</summary>
    public string? FilePath(string name) => Path.Combine(_folder, name) is var path && File.Exists(path) ? path : null;

    public void Dispose() => _file.Dispose();

    private static string Beside(string path, string name) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, name);

    private static JsonElement? ReadJson(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        string name = Path.GetFileName(path);
        using FileStream stream = File.OpenRead(path);
        if (stream.Length > MaxJsonBytes)
        {
            throw new InvalidDataException($"{name}: {stream.Length} bytes, of which {MaxJsonBytes} are allowed");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(
                stream, new JsonDocumentOptions { MaxDepth = MaxJsonDepth, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new InvalidDataException($"{name}: not a JSON object");
            }

            ReadAllText(document.RootElement);
            return document.RootElement.Clone();
        }
        catch (Exception error) when (JsonTokens.IsBrokenJson(error))
        {
            throw new InvalidDataException($"{name}: not valid JSON: {error.Message}", error);
        }
    }

    // Half of a surrogate pair in an escape is found only when the text is read: here, and nowhere later.
    private static void ReadAllText(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.String:
                json.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in json.EnumerateArray())
                {
                    ReadAllText(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty entry in json.EnumerateObject())
                {
                    _ = entry.Name;
                    ReadAllText(entry.Value);
                }

                break;
        }
    }
}
