using System.Security.Cryptography;
using System.Text.Json;
using Data2Vec.ModelFile;
using Data2Vec.Training.Probing;
using Data2Vec.Training.Runs;

namespace Data2Vec.Cli;

/// <summary>A model that is evaluated, and what tells it from others.</summary>
internal sealed class EvaluatedModel<T> : IDisposable
    where T : Data2VecModel
{
    private EvaluatedModel(string given, string path, T model, string? format) => (Given, Path, Model, Format) = (given, path, model, format);

    /// <summary>The model as it was given.</summary>
    public string Given { get; }

    /// <summary>The path of the model file.</summary>
    public string Path { get; }

    public T Model { get; }

    /// <summary>The kind of checkpoint that the model's head was converted from; null if it is from elsewhere.</summary>
    public string? Format { get; }

    /// <summary>The SHA-256 of the model file.</summary>
    public string Digest()
    {
        using FileStream file = File.OpenRead(Path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>Loads a model.</summary>
    /// <param name="given">A model file, the folder of a run, or the name of a pulled model.</param>
    /// <param name="device">The device.</param>
    public static EvaluatedModel<T> Load(string given, Device device)
    {
        string path = ModelName.ResolveRun(given, RunFiles.Model);
        string? format = null;
        T model = device.Load(backend =>
        {
            D2vFile file = D2vFile.Open(path);
            format = FormatOf(file.Provenance);
            return Data2VecModel.Load<T>(file, new ModelOptions { Backend = backend });
        });
        return new EvaluatedModel<T>(given, path, model, format);
    }

    public void Dispose() => Model.Dispose();

    private static string? FormatOf(JsonElement provenance) =>
        provenance.ValueKind == JsonValueKind.Object && !provenance.TryGetProperty(ProbeHead.ProvenanceOfHead, out _) && provenance.TryGetProperty("format", out JsonElement format)
            ? format.ToString()
            : null;
}
