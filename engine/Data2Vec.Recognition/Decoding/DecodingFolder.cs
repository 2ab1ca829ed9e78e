using System.Text.Json;
using Data2Vec.IO;
using Data2Vec.Recognition.LanguageModels;

namespace Data2Vec.Recognition.Decoding;

/// <summary>
/// The decoder in a folder of Hugging Face (<c>Wav2Vec2ProcessorWithLM</c>): <c>alphabet.json</c>, and in <c>language_model</c> an n-gram model, <c>attrs.json</c>
/// with the weights, and <c>unigrams.txt</c> with the known words.
/// </summary>
public sealed class DecodingFolder
{
    private const string LabelsName = "alphabet.json", InnerName = "language_model", WeightsName = "attrs.json", WordsName = "unigrams.txt";
    private const long MaxWeightsBytes = 1 << 20, MaxWordsBytes = 1L << 30;

    private static readonly string[] s_modelExtensions = [".arpa", ".bin", ".binary", ".arpa.gz"];

    private DecodingFolder(string modelPath, string? wordsPath, OpenSearchOptions options, int? labels) =>
        (ModelPath, WordsPath, Options, LabelCount) = (modelPath, wordsPath, options, labels);

    /// <summary>The file of the n-gram model.</summary>
    public string ModelPath { get; }

    /// <summary>The file with the known words; null for none.</summary>
    public string? WordsPath { get; }

    /// <summary>The weights.</summary>
    public OpenSearchOptions Options { get; }

    /// <summary>The number of labels of the model that the decoder is for; null if it does not say.</summary>
    public int? LabelCount { get; }

    /// <summary>Whether a folder has a decoder.</summary>
    public static bool Exists(string path) => Directory.Exists(path) && (Directory.Exists(Path.Combine(path, InnerName)) || File.Exists(Path.Combine(path, WeightsName)));

    /// <summary>Reads the settings in a folder. The n-gram model and the words are not opened.</summary>
    /// <param name="path">The folder, or its <c>language_model</c>.</param>
    /// <exception cref="InvalidDataException">A file is damaged, or there is not one n-gram model. The message names it.</exception>
    public static DecodingFolder Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string inner = Path.Combine(path, InnerName);
        inner = Directory.Exists(inner) ? inner : path;
        string[] models = [.. Directory.EnumerateFiles(inner).Where(IsModel).Order(StringComparer.Ordinal)];
        string model = models switch
        {
            [var only] => only,
            [] => throw new InvalidDataException($"{path}: no n-gram model is in it, a file that ends in {string.Join(", ", s_modelExtensions)}"),
            _ => throw new InvalidDataException($"{path}: several n-gram models are in it, {string.Join(" and ", models.Take(2).Select(Path.GetFileName))}; keep one"),
        };
        string words = Path.Combine(inner, WordsName), weights = Path.Combine(inner, WeightsName), labels = Path.Combine(path, LabelsName);
        return new DecodingFolder(
            model,
            File.Exists(words) ? words : null,
            File.Exists(weights) ? FileErrors.Named(weights, () => ReadWeights(weights)) : new OpenSearchOptions(),
            File.Exists(labels) ? FileErrors.Named(labels, () => CountLabels(labels)) : null);
    }

    /// <summary>Reads the known words of the decoder.</summary>
    /// <returns>The words; those of the n-gram model where no file lists them, or null if it cannot.</returns>
    /// <exception cref="InvalidDataException">The file is not a text file.</exception>
    public IReadOnlyList<string>? ReadWords(NGramModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return WordsPath is { } path ? ReadWords(path) : model.ReadWords();
    }

    /// <summary>Reads a list of words, one in each line.</summary>
    /// <exception cref="InvalidDataException">The file is not a text file. The message names it.</exception>
    public static IReadOnlyList<string> ReadWords(string path) =>
        [.. TextFile.ReadLines(path, MaxWordsBytes).Select(line => line.Trim()).Where(line => line.Length > 0)];

    /// <summary>Whether a file is an n-gram model by its name.</summary>
    internal static bool IsModel(string path) => s_modelExtensions.Any(extension => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    private static OpenSearchOptions ReadWeights(string path)
    {
        using JsonDocument document = Parse(path);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidDataException("not a JSON object");
        }

        var defaults = new OpenSearchOptions();
        return defaults with
        {
            ModelWeight = Number("alpha", defaults.ModelWeight),
            WordScore = Number("beta", defaults.WordScore),
            UnknownScore = Number("unk_score_offset", defaults.UnknownScore),
            ScoreBoundaries = !root.TryGetProperty("score_boundary", out JsonElement boundary) || boundary.ValueKind switch
            {
                JsonValueKind.True or JsonValueKind.Null => true,
                JsonValueKind.False => false,
                _ => throw new InvalidDataException("score_boundary must be true or false"),
            },
        };

        double Number(string name, double other) => !root.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? other
            : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) ? number
            : throw new InvalidDataException($"{name} must be a number");
    }

    private static int CountLabels(string path)
    {
        using JsonDocument document = Parse(path);
        return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("labels", out JsonElement labels) && labels.ValueKind == JsonValueKind.Array
            ? labels.GetArrayLength()
            : throw new InvalidDataException("it has no array of labels");
    }

    private static JsonDocument Parse(string path)
    {
        using FileStream stream = File.OpenRead(path);
        if (stream.Length > MaxWeightsBytes)
        {
            throw new InvalidDataException($"the file has {stream.Length} bytes, and the limit is {MaxWeightsBytes}");
        }

        try
        {
            return JsonDocument.Parse(stream);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"not valid JSON: {error.Message}", error);
        }
    }
}
