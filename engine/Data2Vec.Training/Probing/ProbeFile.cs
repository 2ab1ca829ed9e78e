using System.Text.Json;
using System.Text.Json.Nodes;
using Data2Vec.IO;

namespace Data2Vec.Training.Probing;

/// <summary>
/// Files of probes: a JSON file, and a numpy array of the same name with the extension <c>.npy</c>. The array is <c>[outputs, features + 1]</c>: the weights
/// for vectors as they are, and the bias in the last column. An output is <c>weights · vector + bias</c>.
/// </summary>
/// <remarks>
/// The JSON object has <c>format</c> ("data2vec-probe"), <c>version</c> (1), <c>labels</c> (null for a probe of numbers), <c>features</c>, <c>penalty</c>,
/// and <c>vectors</c>: how the caller made the vectors.
/// </remarks>
public static class ProbeFile
{
    private const string Format = "data2vec-probe";
    private const int Version = 1;

    /// <summary>Writes a probe of classes.</summary>
    /// <param name="path">The JSON file. The array is written beside it.</param>
    /// <param name="probe">The probe.</param>
    /// <param name="vectors">How the vectors were made, for whoever reads the file; null if it does not matter.</param>
    /// <exception cref="ArgumentException">The path ends in <c>.npy</c>.</exception>
    public static void Write(string path, ClassificationProbe probe, JsonObject? vectors = null)
    {
        ArgumentNullException.ThrowIfNull(probe);
        Write(path, probe.Labels, probe.Features, probe.Weights, probe.Biases, probe.Penalty, vectors);
    }

    /// <summary>Writes a probe of numbers.</summary>
    /// <inheritdoc cref="Write(string, ClassificationProbe, JsonObject?)"/>
    public static void Write(string path, RegressionProbe probe, JsonObject? vectors = null)
    {
        ArgumentNullException.ThrowIfNull(probe);
        Write(path, null, probe.Features, probe.Weights, [probe.Bias], probe.Penalty, vectors);
    }

    /// <summary>Reads a probe of classes.</summary>
    /// <exception cref="InvalidDataException">A file is damaged, or the probe is one of numbers.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static ClassificationProbe ReadClassification(string path)
    {
        (string[]? labels, float[] weights, float[] biases, double penalty) = Read(path);
        return labels is null
            ? throw new InvalidDataException($"{path}: this is a probe of numbers, not of classes")
            : new ClassificationProbe(labels, weights.Length / labels.Length, weights, biases, penalty);
    }

    /// <summary>Reads a probe of numbers.</summary>
    /// <exception cref="InvalidDataException">A file is damaged, or the probe is one of classes.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static RegressionProbe ReadRegression(string path)
    {
        (string[]? labels, float[] weights, float[] biases, double penalty) = Read(path);
        return labels is not null
            ? throw new InvalidDataException($"{path}: this is a probe of classes, not of numbers")
            : new RegressionProbe(weights, biases[0], penalty);
    }

    private static void Write(
        string path, IReadOnlyList<string>? labels, int features, ReadOnlySpan<float> weights, ReadOnlySpan<float> biases, double penalty, JsonObject? vectors)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string arrayPath = ArrayPath(path);
        if (string.Equals(Path.GetFullPath(arrayPath), Path.GetFullPath(path), StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException($"{path} is the name of the array; name the JSON file.", nameof(path));
        }

        float[] array = new float[checked(biases.Length * (features + 1))];
        for (int output = 0; output < biases.Length; output++)
        {
            Span<float> row = array.AsSpan(output * (features + 1), features + 1);
            weights.Slice(output * features, features).CopyTo(row);
            row[^1] = biases[output];
        }

        NpyFile.Write(arrayPath, array, biases.Length, features + 1);
        var json = new JsonObject
        {
            ["format"] = Format,
            ["version"] = Version,
            ["labels"] = labels is null ? null : new JsonArray([.. labels.Select(label => (JsonNode?)label)]),
            ["features"] = features,
            ["penalty"] = penalty,
            ["vectors"] = vectors?.DeepClone(),
        };
        File.WriteAllText(path, json.ToJsonString(new JsonSerializerOptions(JsonSerializerDefaults.General) { WriteIndented = true }) + "\n");
    }

    private static string ArrayPath(string path) => Path.ChangeExtension(path, ".npy");

    private static (string[]? Labels, float[] Weights, float[] Biases, double Penalty) Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string[]? labels;
        int features;
        double penalty;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement json = document.RootElement;
            if (json.GetProperty("format").GetString() != Format || json.GetProperty("version").GetInt32() != Version)
            {
                throw new InvalidDataException($"{path}: this is not a {Format} of version {Version}");
            }

            JsonElement names = json.GetProperty("labels");
            labels = names.ValueKind == JsonValueKind.Null ? null : [.. names.EnumerateArray().Select(name => name.GetString() ?? "")];
            (features, penalty) = (json.GetProperty("features").GetInt32(), json.GetProperty("penalty").GetDouble());
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{path}: this is not a {Format}: {error.Message}", error);
        }

        string arrayPath = ArrayPath(path);
        NpyArray array = NpyFile.Read(arrayPath);
        int outputs = labels?.Length ?? 1;
        if (features < 1 || outputs < 1 || !array.Shape.SequenceEqual([outputs, (long)features + 1]))
        {
            throw new InvalidDataException($"{arrayPath}: the array is [{string.Join(", ", array.Shape)}], not [{outputs}, {(long)features + 1}] as {path} says");
        }

        float[] values = array.Floats(), weights = new float[outputs * features], biases = new float[outputs];
        for (int output = 0; output < outputs; output++)
        {
            ReadOnlySpan<float> row = values.AsSpan(output * (features + 1), features + 1);
            row[..^1].CopyTo(weights.AsSpan(output * features));
            biases[output] = row[^1];
        }

        return (labels, weights, biases, penalty);
    }
}
