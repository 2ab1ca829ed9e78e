using System.Runtime.InteropServices;
using System.Text.Json;
using Data2Vec.Converters.Onnx;
using Data2Vec.Converters.Safetensors;

namespace Data2Vec.Converters.HuggingFace;

/// <summary>A folder as Hugging Face's transformers saves models: <c>config.json</c>, the weights, and files for the inputs.</summary>
internal sealed class HuggingFaceFolder : IDisposable
{
    /// <summary>The file of the model's options.</summary>
    public const string ConfigName = "config.json";

    /// <summary>The indexes of sharded weights.</summary>
    public const string IndexName = "model.safetensors.index.json", PickleIndexName = "pytorch_model.bin.index.json";

    /// <summary>The file of the preparation of inputs.</summary>
    public const string PreprocessorName = "preprocessor_config.json";

    private const string ProcessorName = "processor_config.json";

    private const int MaxJsonBytes = 16 << 20;
    private const int MaxJsonDepth = 64;

    /// <summary>File names of weights, in order of preference.</summary>
    public static readonly IReadOnlyList<string> WeightNames = ["model.safetensors", IndexName, "pytorch_model.bin", PickleIndexName];

    /// <summary>Files of weights of folders that have no other.</summary>
    private static readonly string[] s_onnxNames = ["model.onnx", "onnx/model.onnx"];

    /// <summary>Further files that are used if present: preprocessing, tokenizers, and what sentence-transformers adds.</summary>
    public static readonly IReadOnlyList<string> InputNames =
    [
        PreprocessorName, ProcessorName, "vocab.json", "added_tokens.json", "merges.txt", "tokenizer.json", "vocab.txt", "sentencepiece.bpe.model", "tokenizer_config.json",
        "special_tokens_map.json", .. SentenceTransformer.ModelConfigNames,
    ];

    private readonly string _folder;
    private readonly IDisposable? _file;
    private readonly List<IDisposable> _denseFiles = [];

    private HuggingFaceFolder(string folder, Weights weights, IDisposable? file)
    {
        (_folder, Weights, _file) = (folder, weights, file);
        Config = Options(ConfigName) ?? throw new InvalidDataException($"{ConfigName}, which says what model it is, is not in the folder of the weights");
        Sentence = SentenceTransformer.Find(folder);

        // Older folders keep the model in a folder of its own.
        if (Sentence is null && Path.GetDirectoryName(folder) is { } parent && SentenceTransformer.Find(parent) is { } outer && outer.ModelPath == Path.GetFileName(folder))
        {
            Sentence = outer;
        }
    }

    /// <summary>The model's options.</summary>
    public CheckpointOptions Config { get; }

    /// <summary>The weights.</summary>
    public Weights Weights { get; }

    /// <summary>What the graph tells of the structure, if the weights are in an ONNX file.</summary>
    public OnnxStructure Graph => (_file as OnnxFile)?.Structure ?? OnnxStructure.Unknown;

    /// <summary>The sentence-transformers model that the folder is a part of, or null.</summary>
    public SentenceTransformer? Sentence { get; }

    /// <summary>The file of weights at a path, which may be a folder or a file in it; null if it is something else.</summary>
    /// <exception cref="InvalidDataException">It is a folder, and no model is in it.</exception>
    public static string? Find(string path)
    {
        path = Path.GetFileName(path) == ConfigName ? FolderOf(path) : path;
        if (Directory.Exists(path))
        {
            string folder = Path.Combine(path, SentenceTransformer.Find(path)?.ModelPath ?? "");
            return WeightNames.Concat(s_onnxNames).Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
                ?? throw new InvalidDataException(
                    $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(path))}: a folder without {string.Join(", ", WeightNames.SkipLast(1))} " +
                    $"or {WeightNames[^1]}; give a checkpoint, or a folder with a Hugging Face model");
        }

        bool isSafetensors = path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        bool isWeights = (path.EndsWith(".bin", StringComparison.OrdinalIgnoreCase) || OnnxFile.IsName(path)) && IsBesideConfig(path);
        return isSafetensors || isWeights ? path : null;
    }

    /// <summary>Whether a file of weights is in a folder with a <c>config.json</c>.</summary>
    public static bool IsBesideConfig(string weights) => File.Exists(Path.Combine(FolderOf(weights), ConfigName));

    /// <summary>Whether an output would replace a file in the folder of a file of weights.</summary>
    public static bool WouldReplace(string weights, string output) =>
        File.Exists(output) && !output.EndsWith(".d2v", StringComparison.OrdinalIgnoreCase)
        && FolderOf(weights) == FolderOf(output);

    /// <summary>Opens the folder of weights that are not a single file of <c>torch.save</c>.</summary>
    /// <exception cref="InvalidDataException">A file is missing or damaged; the message names it.</exception>
    public static HuggingFaceFolder Open(string weights)
    {
        InvalidData.ThrowIf(!IsBesideConfig(weights), $"{Path.GetFileName(weights)}: {ConfigName}, which says what model it is, is not in its folder");
        if (weights.EndsWith(".bin.index.json", StringComparison.OrdinalIgnoreCase))
        {
            PyTorchShards shards = PyTorchShards.Open(weights);
            return Around(weights, shards, () => Weights.FromEntries(shards.Entries));
        }

        if (OnnxFile.IsName(weights))
        {
            OnnxFile onnx = OnnxFile.Open(weights);
            return Around(weights, onnx, () => Weights.FromTensors(onnx.Tensors));
        }

        SafetensorsSet set = SafetensorsSet.Open(weights);
        return Around(weights, set, () => Weights.FromTensors(set.Tensors));
    }

    /// <summary>Opens the folder of a file of <c>torch.save</c> that is open already.</summary>
    /// <exception cref="InvalidDataException">A file is missing or damaged; the message names it.</exception>
    public static HuggingFaceFolder Open(string path, Weights weights) => Around(path, null, () => weights);

    private static HuggingFaceFolder Around(string path, IDisposable? file, Func<Weights> read)
    {
        try
        {
            return new HuggingFaceFolder(FolderOf(path), read(), file);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>The options in a file of the folder, or null if it does not exist.</summary>
    /// <exception cref="InvalidDataException">It is not JSON; the message names it.</exception>
    public CheckpointOptions? Options(string name) =>
        ReadJson(Path.Combine(_folder, name)) is { } json ? CheckpointOptions.FromJson(json, name) : null;

    /// <summary>The options of the preprocessing, and the file that has them; null if there is none.</summary>
    /// <param name="part">The group of <c>processor_config.json</c> that newer versions of transformers write, which they prefer when they read.</param>
    public (CheckpointOptions Options, string File)? Preprocessing(string part) =>
        Options(ProcessorName)?.Group(part) is { } group ? (group, ProcessorName)
        : Options(PreprocessorName) is { } options ? (options, PreprocessorName)
        : null;

    /// <summary>The path of a file of the folder, or null if it does not exist.</summary>
    public string? FilePath(string name) => Path.Combine(_folder, name) is var path && File.Exists(path) ? path : null;

    /// <summary>The weights of the dense layers of sentence-transformers. Their names begin with the folder of the layer.</summary>
    /// <exception cref="InvalidDataException">A file is missing or damaged; the message names it.</exception>
    public IEnumerable<(string Folder, Weights Weights)> OpenDense()
    {
        foreach ((string folder, string file) in Sentence?.DenseFiles() ?? [])
        {
            yield return (folder, InvalidData.Named(folder, () => OpenDense(file)));
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
        _denseFiles.ForEach(file => file.Dispose());
    }

    private Weights OpenDense(string file)
    {
        if (file.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            SafetensorsSet set = SafetensorsSet.Open(file);
            _denseFiles.Add(set);
            return Weights.FromTensors(set.Tensors);
        }

        PyTorchFile pickle = PyTorchFile.Open(file);
        _denseFiles.Add(pickle);
        return Weights.FromPickle(pickle.Root as PickleDictionary ?? throw new InvalidDataException($"{Path.GetFileName(file)}: no dictionary of tensors"));
    }

    /// <summary>The folder of a file of weights. Exports to ONNX are in a folder of their own in that of the model.</summary>
    private static string FolderOf(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return OnnxFile.IsName(path) && !File.Exists(Path.Combine(folder, ConfigName)) && Path.GetDirectoryName(folder) is { } outer && File.Exists(Path.Combine(outer, ConfigName))
            ? outer
            : folder;
    }

    /// <summary>Reads a JSON file, or returns null if it does not exist.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or its value is of another kind.</exception>
    public static JsonElement? ReadJson(string path, JsonValueKind kind = JsonValueKind.Object)
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
            InvalidData.ThrowIf(document.RootElement.ValueKind != kind, $"{name}: not a JSON {(kind == JsonValueKind.Array ? "array" : "object")}");
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
